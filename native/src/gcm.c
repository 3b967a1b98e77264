/** @file gcm.c GHASH bit by bit, without a table or a branch on data, and GCM about it; see gcm.h. */
#include "gcm.h"

#include "aes.h"
#include "octets.h"

/** sum = sum * key in GF(2^128) (SP 800-38D section 6.3). */
static void multiply(uint32_t *sum, const gcm_hash_key *key) {
    uint32_t z0 = 0, z1 = 0, z2 = 0, z3 = 0;
    uint32_t v0 = key->word[0], v1 = key->word[1], v2 = key->word[2], v3 = key->word[3];
    for (int32_t i = 0; i < 4; i++) {
        uint32_t x = sum[i];
        for (int32_t bit = 0; bit < 32; bit++) {
            uint32_t wanted = (uint32_t)((int32_t)x >> 31);
            uint32_t carry = 0U - (v3 & 1);
            z0 ^= v0 & wanted, z1 ^= v1 & wanted, z2 ^= v2 & wanted, z3 ^= v3 & wanted;
            v3 = v3 >> 1 | v2 << 31;
            v2 = v2 >> 1 | v1 << 31;
            v1 = v1 >> 1 | v0 << 31;
            v0 = v0 >> 1 ^ (carry & 0xE1000000U);
            x <<= 1;
        }
    }
    sum[0] = z0, sum[1] = z1, sum[2] = z2, sum[3] = z3;
}

static void add(uint32_t *sum, const gcm_hash_key *key, const uint8_t *block) {
    for (int32_t i = 0; i < 4; i++) {
        sum[i] ^= octets_word_at(block + 4 * i);
    }
    multiply(sum, key);
}

/** Data, then more, filled up with zeros to whole blocks. */
static void add_all(uint32_t *sum, const gcm_hash_key *key, const uint8_t *data, int32_t length,
                    const uint8_t *more, int32_t more_length) {
    uint8_t block[AES_BLOCK];
    int32_t done = 0;
    for (; length - done >= AES_BLOCK; done += AES_BLOCK) {
        add(sum, key, data + done);
    }
    for (; done < length + more_length; done += AES_BLOCK) {
        for (int32_t i = 0; i < AES_BLOCK; i++) {
            int32_t at = done + i;
            block[i] = at < length ? data[at] : at < length + more_length ? more[at - length] : 0;
        }
        add(sum, key, block);
    }
}

/** The first counter block of a nonce (section 7.1), its count 0: aes_counter adds what is to be added. */
static void counter_block(const uint8_t *nonce, uint8_t *block) {
    for (int32_t i = 0; i < AES_BLOCK; i++) {
        block[i] = i < GCM_NONCE_BYTES ? nonce[i] : 0;
    }
}

void gcm_hash_key_set(gcm_hash_key *key, int32_t form, const uint8_t *keys) {
    uint8_t block[AES_BLOCK * AES_BATCH] = {0};
    aes_encrypt(form, keys, block, 1);
    for (int32_t i = 0; i < 4; i++) {
        key->word[i] = octets_word_at(block + 4 * i);
    }
}

void gcm_crypt(int32_t form, const uint8_t *keys, const uint8_t *nonce, const uint8_t *in, uint8_t *out,
               int32_t length) {
    uint8_t start[AES_BLOCK];
    counter_block(nonce, start);
    aes_counter(form, keys, start, 2, in, out, length);
}

void gcm_tag(int32_t form, const uint8_t *keys, const gcm_hash_key *key, const uint8_t *nonce,
             const uint8_t *aad, int32_t aad_length, const uint8_t *more, int32_t more_length,
             const uint8_t *cipher, int32_t length, uint8_t *tag) {
    uint8_t start[AES_BLOCK], last[AES_BLOCK] = {0};
    uint32_t sum[4] = {0, 0, 0, 0};
    add_all(sum, key, aad, aad_length, more, more_length);
    add_all(sum, key, cipher, length, aad, 0);
    octets_put_word(last + 4, (uint32_t)(aad_length + more_length) * 8);
    octets_put_word(last + 12, (uint32_t)length * 8);
    add(sum, key, last);
    for (int32_t i = 0; i < 4; i++) {
        octets_put_word(tag + 4 * i, sum[i]);
    }
    counter_block(nonce, start);
    aes_counter(form, keys, start, 1, tag, tag, GCM_TAG_BYTES);
}
