/** @file srtp_keys.c Session keys from master keys; the contract stands in parley_srtp.h. */
#include "srtp_state.h"

enum {
    KEY_BYTES = 16,
    AUTHENTICATION_KEY_BYTES = 20,
    LABEL_AT = 7, /* key_id = label || r stands at the salt's end: 1 + 6 of its 14 octets */
    LABEL_CIPHER = 0, /* RFC 3711 section 4.3.1; of RTCP (section 4.3.2) three more */
    LABEL_AUTHENTICATION = 1,
    LABEL_SALT = 2,
    LABEL_RTCP = 3
};

typedef struct master {
    int32_t form;
    uint8_t keys[AES_KEYS_BYTES];
    uint8_t salt[AES_BLOCK]; /* zeros behind it: x * 2^16 */
} master;

static void clear(void *memory, int32_t octets) {
    volatile uint8_t *at = memory; /* the compiler must not leave it out */
    for (int32_t i = 0; i < octets; i++) {
        at[i] = 0;
    }
}

static void open_master(master *from, int32_t form, int32_t suite, const uint8_t *octets) {
    int32_t salt_bytes = suite == PARLEY_SRTP_AES_GCM ? SRTP_GCM_SALT_BYTES : SRTP_SALT_BYTES;
    from->form = form;
    aes_expand(octets, from->keys);
    for (int32_t i = 0; i < AES_BLOCK; i++) { /* RFC 7714 section 11: the shorter salt is filled up with zeros */
        from->salt[i] = i < salt_bytes ? octets[KEY_BYTES + i] : 0;
    }
}

/** PRF_n(k_master, x), the keystream of AES-CM from x * 2^16 on (RFC 3711 section 4.3.3). */
static void derive(const master *from, int32_t label, uint8_t *out, int32_t length) {
    uint8_t start[AES_BLOCK];
    for (int32_t i = 0; i < AES_BLOCK; i++) {
        start[i] = (uint8_t)(from->salt[i] ^ (i == LABEL_AT ? label : 0));
    }
    for (int32_t i = 0; i < length; i++) {
        out[i] = 0;
    }
    aes_counter(from->form, from->keys, start, 0, out, out, length);
}

static void set_keys(srtp_keys *keys, const master *from, int32_t suite, int32_t label) {
    uint8_t key[AUTHENTICATION_KEY_BYTES];
    int32_t salt_bytes = suite == PARLEY_SRTP_AES_GCM ? SRTP_GCM_SALT_BYTES : SRTP_SALT_BYTES;
    derive(from, label + LABEL_CIPHER, key, KEY_BYTES);
    aes_expand(key, keys->cipher);
    derive(from, label + LABEL_SALT, keys->salt, salt_bytes);
    if (suite == PARLEY_SRTP_AES_GCM) {
        gcm_hash_key_set(&keys->hash, from->form, keys->cipher);
    } else {
        derive(from, label + LABEL_AUTHENTICATION, key, AUTHENTICATION_KEY_BYTES);
        sha1_hmac_key(&keys->hmac, key, AUTHENTICATION_KEY_BYTES);
    }
    clear(key, (int32_t)sizeof key);
}

int32_t parley_srtp_size(void) {
    return (int32_t)sizeof(parley_srtp);
}

int32_t parley_srtp_init(parley_srtp *srtp, int32_t size, int32_t suite, const uint8_t *master_out,
                         const uint8_t *master_in) {
    master from;
    if (size < parley_srtp_size() || suite < PARLEY_SRTP_AES_CM_80 || suite > PARLEY_SRTP_AES_GCM) {
        return PARLEY_SRTP_ARGUMENT;
    }
    parley_srtp_wipe(srtp);
    srtp->suite = suite;
    srtp->form = aes_form();
    open_master(&from, srtp->form, suite, master_out);
    set_keys(&srtp->rtp_out, &from, suite, 0);
    set_keys(&srtp->rtcp_out, &from, suite, LABEL_RTCP);
    open_master(&from, srtp->form, suite, master_in);
    set_keys(&srtp->rtp_in, &from, suite, 0);
    set_keys(&srtp->rtcp_in, &from, suite, LABEL_RTCP);
    clear(&from, (int32_t)sizeof from);
    srtp->magic = SRTP_MAGIC;
    return 0;
}

int32_t parley_srtp_usable(const parley_srtp *srtp, int32_t size) {
    return size >= parley_srtp_size() && srtp->magic == SRTP_MAGIC;
}

void parley_srtp_wipe(parley_srtp *srtp) {
    clear(srtp, parley_srtp_size());
}
