/**
 * @file srtp_vectors_main.c
 * The published vectors of everything SRTP is made of: FIPS 197, RFC 2202, RFC 3711 appendix B, RFC 7714 sections
 * 16 and 17. Each AES form that this build and this processor have is run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "srtp_state.h"

enum { OCTETS_MAX = 256 };

typedef struct text {
    uint8_t octets[OCTETS_MAX];
    int32_t count;
} text;

static int failed;

static void check(int condition, const char *what) {
    if (!condition) {
        printf("FAILED %s\n", what);
        failed++;
    }
}

static int digit(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static text hex(const char *digits) {
    text made = {{0}, (int32_t)strlen(digits) / 2};
    for (int32_t i = 0; i < made.count; i++) {
        made.octets[i] = (uint8_t)(digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]));
    }
    return made;
}

static int same(const void *octets, const char *digits) {
    text expected = hex(digits);
    return memcmp(octets, expected.octets, (size_t)expected.count) == 0;
}

/** FIPS 197 appendix C.1, in every place of a batch. */
static void aes(int32_t form) {
    uint8_t keys[AES_KEYS_BYTES], blocks[AES_BATCH * AES_BLOCK];
    aes_expand(hex("000102030405060708090a0b0c0d0e0f").octets, keys);
    check(same(keys + 160, "13111d7fe3944a17f307a78b4d2b30c5"), "FIPS 197 C.1, last round key");
    for (int32_t count = 1; count <= AES_BATCH; count++) {
        for (int32_t i = 0; i < count; i++) {
            memcpy(blocks + AES_BLOCK * i, hex("00112233445566778899aabbccddeeff").octets, AES_BLOCK);
        }
        aes_encrypt(form, keys, blocks, count);
        for (int32_t i = 0; i < count; i++) {
            check(same(blocks + AES_BLOCK * i, "69c4e0d86a7b0430d8cdb78070b4c55a"), "FIPS 197 C.1");
        }
    }
}

/** RFC 3711 B.2. */
static void keystream(int32_t form) {
    static const uint8_t zeros[3 * AES_BLOCK];
    uint8_t keys[AES_KEYS_BYTES], out[sizeof zeros];
    text start = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000");
    aes_expand(hex("2b7e151628aed2a6abf7158809cf4f3c").octets, keys);
    aes_counter(form, keys, start.octets, 0, zeros, out, (int32_t)sizeof out);
    check(same(out, "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
                    "41e95b3bb0a2e8dd477901e4fca894c0"), "RFC 3711 B.2, blocks 0 to 2");
    aes_counter(form, keys, start.octets, 0xFEFF, zeros, out, (int32_t)sizeof out);
    check(same(out, "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae"
                    "6a2cc3787889374fbeb4c81b17ba6c44"), "RFC 3711 B.2, blocks feff to ff01");
}

/** RFC 2202 section 3, cases 1, 2 and 3, the message cut in two at every place that fits. */
static void hmac(void) {
    static const char *const CASES[][3] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b617318655057264e28bc0b6fb378c8ef146be00"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
         "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        text key = hex(CASES[i][0]), data = hex(CASES[i][1]);
        sha1_hmac made;
        sha1_hmac_key(&made, key.octets, key.count);
        for (int32_t suffix = 0; suffix <= 4; suffix++) {
            uint8_t tag[SHA1_BYTES];
            int32_t length = data.count - suffix;
            sha1_hmac_tag(&made, data.octets, length, data.octets + length, suffix, tag);
            check(same(tag, CASES[i][2]), "RFC 2202");
        }
    }
}

/** RFC 3711 B.3. */
static void derivation(parley_srtp *srtp) {
    text master = hex("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6");
    sha1_hmac expected;
    check(parley_srtp_init(srtp, parley_srtp_size(), PARLEY_SRTP_AES_CM_80, master.octets, master.octets) == 0,
          "init");
    check(same(srtp->rtp_out.cipher, "c61e7a93744f39ee10734afe3ff7a087"), "RFC 3711 B.3, cipher key");
    check(same(srtp->rtp_in.salt, "30cbbc08863d8c85d49db34a9ae10000"), "RFC 3711 B.3, salt");
    sha1_hmac_key(&expected, hex("cebe321f6ff7716b6fd4ab49af256a156d38baa4").octets, 20);
    check(memcmp(&srtp->rtp_out.hmac, &expected, sizeof expected) == 0, "RFC 3711 B.3, authentication key");
}

static void set_session(parley_srtp *srtp, srtp_keys *keys) {
    aes_expand(hex("000102030405060708090a0b0c0d0e0f").octets, keys->cipher);
    memset(keys->salt, 0, sizeof keys->salt);
    memcpy(keys->salt, hex("517569642070726f2071756f").octets, SRTP_GCM_SALT_BYTES);
    gcm_hash_key_set(&keys->hash, srtp->form, keys->cipher);
}

/** RFC 7714 sections 16.1 and 17.1 and 17.3; the vectors give session keys. */
static void gcm(parley_srtp *srtp, int32_t form) {
    static const char RTP[] = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976"
                              "69736120696e207061727465732074726573";
    static const char RTCP[] = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"
                               "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
    static const char SRTP[] = "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd5"
                               "0d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce";
    static const char SRTCP[] = "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32d"
                                "c676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf872"
                                "45d9eade800005d4";
    text packet = hex(RTP), kept = hex("00");
    parley_srtp_init(srtp, parley_srtp_size(), PARLEY_SRTP_AES_GCM, kept.octets, kept.octets);
    srtp->form = form;
    set_session(srtp, &srtp->rtp_out), set_session(srtp, &srtp->rtp_in);
    set_session(srtp, &srtp->rtcp_out), set_session(srtp, &srtp->rtcp_in);
    packet.count = parley_srtp_protect(srtp, packet.octets, packet.count, OCTETS_MAX);
    check(packet.count == (int32_t)strlen(SRTP) / 2 && same(packet.octets, SRTP), "RFC 7714 16.1.1");
    packet.count = parley_srtp_unprotect(srtp, packet.octets, packet.count, packet.octets);
    check(packet.count == (int32_t)strlen(RTP) / 2 && same(packet.octets, RTP), "RFC 7714 16.1.2");
    packet = hex(RTCP);
    srtp->rtcp_index_out = 0x5D3;
    packet.count = parley_srtcp_protect(srtp, packet.octets, packet.count, OCTETS_MAX);
    check(packet.count == (int32_t)strlen(SRTCP) / 2 && same(packet.octets, SRTCP), "RFC 7714 17.1");
    packet.count = parley_srtcp_unprotect(srtp, packet.octets, packet.count, packet.octets);
    check(packet.count == (int32_t)strlen(RTCP) / 2 && same(packet.octets, RTCP), "RFC 7714 17.1, back");
    check(parley_srtcp_unprotect(srtp, hex(SRTCP).octets, (int32_t)strlen(SRTCP) / 2, kept.octets) ==
              PARLEY_SRTP_REPLAYED, "replay of RTCP");
}

int main(void) {
    parley_srtp *srtp = malloc((size_t)parley_srtp_size());
    if (srtp == NULL) {
        return 2;
    }
    for (int32_t form = AES_FORM_PORTABLE; form <= aes_form(); form++) {
        aes(form);
        keystream(form);
        gcm(srtp, form);
        printf("form %d\n", (int)form);
    }
    hmac();
    derivation(srtp);
    free(srtp);
    printf("%d failed\n", failed);
    return failed > 0;
}
