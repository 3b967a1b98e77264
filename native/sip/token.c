/** @file token.c Tokens; the contract stands in token.h. */
#include "token.h"

#include <string.h>

enum { BLOCK = 64, DIGEST = 32, FIELDS = 13, MAC = 10 };

static const uint32_t BEGIN[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t value, int bits) { return value >> bits | value << (32 - bits); }

static void put_word(uint8_t *to, uint32_t value) {
    for (int place = 0; place < 4; place++) {
        to[place] = (uint8_t)(value >> (24 - 8 * place));
    }
}

/** One block of SHA-256 (FIPS 180-4 6.2.2). */
static void compress(uint32_t state[8], const uint8_t block[BLOCK]) {
    uint32_t w[64];
    for (int at = 0; at < 16; at++) {
        const uint8_t *word = block + 4 * at;
        w[at] = (uint32_t)word[0] << 24 | (uint32_t)word[1] << 16 | (uint32_t)word[2] << 8 | word[3];
    }
    for (int at = 16; at < 64; at++) {
        uint32_t first = w[at - 15], second = w[at - 2];
        w[at] = w[at - 16] + w[at - 7] + (turn(first, 7) ^ turn(first, 18) ^ first >> 3) +
                (turn(second, 17) ^ turn(second, 19) ^ second >> 10);
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int at = 0; at < 64; at++) {
        uint32_t one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[at] + w[at];
        uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + one;
        d = c;
        c = b;
        b = a;
        a = one + two;
    }
    uint32_t done[8] = {a, b, c, d, e, f, g, h};
    for (int at = 0; at < 8; at++) {
        state[at] += done[at];
    }
}

/** Ends a message of one block of key and `octets` more, which fit into the last block. */
static void finish(const uint32_t begun[8], const uint8_t *rest, int32_t octets, uint8_t digest[DIGEST]) {
    uint32_t state[8];
    uint8_t block[BLOCK] = {0};
    memcpy(state, begun, sizeof state);
    memcpy(block, rest, (size_t)octets);
    block[octets] = 0x80;
    put_word(block + BLOCK - 4, (uint32_t)(BLOCK + octets) * 8);
    compress(state, block);
    for (int at = 0; at < 8; at++) {
        put_word(digest + 4 * at, state[at]);
    }
}

void token_key(parley_sip_place *place, const uint8_t *key, int32_t octets) {
    uint8_t inner[BLOCK], outer[BLOCK];
    for (int at = 0; at < BLOCK; at++) {
        uint8_t one = at < octets ? key[at] : 0;
        inner[at] = one ^ 0x36;
        outer[at] = one ^ 0x5c;
    }
    memcpy(place->inner, BEGIN, sizeof BEGIN);
    memcpy(place->outer, BEGIN, sizeof BEGIN);
    compress(place->inner, inner);
    compress(place->outer, outer);
}

void token_write(const parley_sip_place *place, int32_t slot, uint32_t generation, int32_t size, uint32_t expires_s,
                 uint8_t *to) {
    static const char digits[] = "0123456789abcdef";
    uint8_t octets[FIELDS + DIGEST], digest[DIGEST];
    octets[0] = 1;
    octets[1] = (uint8_t)(slot >> 8);
    octets[2] = (uint8_t)slot;
    put_word(octets + 3, generation);
    octets[7] = (uint8_t)(size >> 8);
    octets[8] = (uint8_t)size;
    put_word(octets + 9, expires_s);
    finish(place->inner, octets, FIELDS, digest);
    finish(place->outer, digest, DIGEST, octets + FIELDS);
    for (int at = 0; at < FIELDS + MAC; at++) {
        to[2 * at] = (uint8_t)digits[octets[at] >> 4];
        to[2 * at + 1] = (uint8_t)digits[octets[at] & 15];
    }
}
