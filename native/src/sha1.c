/** @file sha1.c HMAC-SHA1; see sha1.h. */
#include "sha1.h"

#include "octets.h"

static uint32_t turned(uint32_t word, int32_t bits) {
    return word << bits | word >> (32 - bits);
}

/** Word t of the schedule (FIPS 180-4 section 6.1.2), kept in a ring of 16. */
static inline __attribute__((always_inline)) uint32_t scheduled(uint32_t *w, int32_t t) {
    if (t >= 16) {
        w[t & 15] = turned(w[(t + 13) & 15] ^ w[(t + 8) & 15] ^ w[(t + 2) & 15] ^ w[t & 15], 1);
    }
    return w[t & 15];
}

#define STEP(a, b, c, d, e, mixed, constant, t)                                 \
    (e) += turned(a, 5) + (mixed) + (constant) + scheduled(w, t), (b) = turned(b, 30)
#define CHOICE(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define PARITY(b, c, d) ((b) ^ (c) ^ (d))
#define MAJORITY(b, c, d) (((b) & (c)) | ((d) & ((b) | (c))))
/** Five rounds, after which each variable is back in its place. */
#define FIVE(mix, constant, t)                                \
    STEP(a, b, c, d, e, mix(b, c, d), constant, t);           \
    STEP(e, a, b, c, d, mix(a, b, c), constant, (t) + 1);     \
    STEP(d, e, a, b, c, mix(e, a, b), constant, (t) + 2);     \
    STEP(c, d, e, a, b, mix(d, e, a), constant, (t) + 3);     \
    STEP(b, c, d, e, a, mix(c, d, e), constant, (t) + 4)

static void compress(uint32_t *state, const uint8_t *block) {
    uint32_t w[16];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int32_t i = 0; i < 16; i++) {
        w[i] = octets_word_at(block + 4 * i);
    }
#pragma GCC unroll 4
    for (int32_t t = 0; t < 20; t += 5) {
        FIVE(CHOICE, 0x5A827999U, t);
    }
#pragma GCC unroll 4
    for (int32_t t = 20; t < 40; t += 5) {
        FIVE(PARITY, 0x6ED9EBA1U, t);
    }
#pragma GCC unroll 4
    for (int32_t t = 40; t < 60; t += 5) {
        FIVE(MAJORITY, 0x8F1BBCDCU, t);
    }
#pragma GCC unroll 4
    for (int32_t t = 60; t < 80; t += 5) {
        FIVE(PARITY, 0xCA62C1D6U, t);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

static void begin(uint32_t *state) { /* FIPS 180-4 section 5.3.1 */
    state[0] = 0x67452301U, state[1] = 0xEFCDAB89U, state[2] = 0x98BADCFEU;
    state[3] = 0x10325476U, state[4] = 0xC3D2E1F0U;
}

/** Goes on with one block behind it: data, then suffix, padded (section 5.1.1). @return the hash in `hash` */
static void finish(uint32_t *state, const uint8_t *data, int32_t length, const uint8_t *suffix,
                   int32_t suffix_length, uint8_t *hash) {
    uint8_t block[SHA1_BLOCK];
    int32_t done = 0;
    int32_t total = length + suffix_length;
    for (; length - done >= SHA1_BLOCK; done += SHA1_BLOCK) {
        compress(state, data + done);
    }
    for (int32_t end = 0; !end; done += SHA1_BLOCK) {
        end = total - done < SHA1_BLOCK - 8;
        for (int32_t i = 0; i < SHA1_BLOCK; i++) {
            int32_t at = done + i;
            block[i] = at < length ? data[at] : at < total ? suffix[at - length] : at == total ? 0x80 : 0;
        }
        if (end) { /* in bits; the key's block counts too */
            octets_put_word(block + SHA1_BLOCK - 4, (uint32_t)(total + SHA1_BLOCK) * 8);
        }
        compress(state, block);
    }
    for (int32_t i = 0; i < 5; i++) {
        octets_put_word(hash + 4 * i, state[i]);
    }
}

void sha1_hmac_key(sha1_hmac *hmac, const uint8_t *key, int32_t length) {
    uint8_t block[SHA1_BLOCK];
    for (int32_t i = 0; i < SHA1_BLOCK; i++) {
        block[i] = (uint8_t)((i < length ? key[i] : 0) ^ 0x36);
    }
    begin(hmac->inner);
    compress(hmac->inner, block);
    for (int32_t i = 0; i < SHA1_BLOCK; i++) {
        block[i] ^= 0x36 ^ 0x5C;
    }
    begin(hmac->outer);
    compress(hmac->outer, block);
}

void sha1_hmac_tag(const sha1_hmac *hmac, const uint8_t *data, int32_t length, const uint8_t *suffix,
                   int32_t suffix_length, uint8_t *tag) {
    uint32_t state[5];
    uint8_t inner[SHA1_BYTES];
    for (int32_t i = 0; i < 5; i++) {
        state[i] = hmac->inner[i];
    }
    finish(state, data, length, suffix, suffix_length, inner);
    for (int32_t i = 0; i < 5; i++) {
        state[i] = hmac->outer[i];
    }
    finish(state, inner, SHA1_BYTES, suffix, 0, tag);
}
