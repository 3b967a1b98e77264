/**
 * @file aes_slices.c
 * AES by bit slices: four blocks at once, slice b holds bit b of their 64 octets. Nothing here looks anything up
 * or branches on data, so its time and its cache lines tell nothing. See aes.h.
 */
#include "aes.h"
#include "aes_block.h"
#include "kernel_form.h"

#if !PARLEY_ARM

enum {
    ROUNDS = 10,
    SLICES = 8,
    BATCH_BYTES = AES_BATCH * AES_BLOCK
};

/** Turns 8 x 8 bits about their diagonal. */
static uint64_t turn(uint64_t x) {
    uint64_t t = (x ^ x >> 7) & 0x00AA00AA00AA00AAULL;
    x ^= t ^ t << 7;
    t = (x ^ x >> 14) & 0x0000CCCC0000CCCCULL;
    x ^= t ^ t << 14;
    t = (x ^ x >> 28) & 0x00000000F0F0F0F0ULL;
    return x ^ t ^ t << 28;
}

static void slice(const uint8_t *octets, uint64_t *slices) {
    for (int32_t b = 0; b < SLICES; b++) {
        slices[b] = 0;
    }
    for (int32_t group = 0; group < BATCH_BYTES / 8; group++) {
        uint64_t x = 0;
        for (int32_t i = 0; i < 8; i++) {
            x |= (uint64_t)octets[8 * group + i] << 8 * i;
        }
        x = turn(x);
        for (int32_t b = 0; b < SLICES; b++) {
            slices[b] |= (x >> 8 * b & 0xFF) << 8 * group;
        }
    }
}

static void unslice(const uint64_t *slices, uint8_t *octets) {
    for (int32_t group = 0; group < BATCH_BYTES / 8; group++) {
        uint64_t x = 0;
        for (int32_t b = 0; b < SLICES; b++) {
            x |= (slices[b] >> 8 * group & 0xFF) << 8 * b;
        }
        x = turn(x);
        for (int32_t i = 0; i < 8; i++) {
            octets[8 * group + i] = (uint8_t)(x >> 8 * i);
        }
    }
}

/** r = a * b modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197 section 4.2); r is neither. */
static void multiply(uint64_t *r, const uint64_t *a, const uint64_t *b) {
    uint64_t p[2 * SLICES - 1] = {0};
    for (int32_t i = 0; i < SLICES; i++) {
        for (int32_t j = 0; j < SLICES; j++) {
            p[i + j] ^= a[i] & b[j];
        }
    }
    for (int32_t i = 2 * SLICES - 2; i >= SLICES; i--) {
        p[i - 4] ^= p[i];
        p[i - 5] ^= p[i];
        p[i - 7] ^= p[i];
        p[i - 8] ^= p[i];
    }
    for (int32_t i = 0; i < SLICES; i++) {
        r[i] = p[i];
    }
}

/** a = a * a. */
static void square(uint64_t *a) {
    uint64_t a4 = a[4], a5 = a[5], a6 = a[6], a7 = a[7];
    a[7] = a6 ^ a7;
    a[6] = a[3] ^ a5;
    a[5] = a5 ^ a6;
    a[4] = a[2] ^ a4 ^ a7;
    a[3] = a4 ^ a5 ^ a6 ^ a7;
    a[2] = a[1] ^ a5;
    a[1] = a4 ^ a6 ^ a7;
    a[0] ^= a4 ^ a6;
}

static void copy(uint64_t *to, const uint64_t *from) {
    for (int32_t b = 0; b < SLICES; b++) {
        to[b] = from[b];
    }
}

/** The S-box (section 5.1.1): the inverse, which is the 254th power, then the affine map. */
static void substitute(uint64_t *x) {
    uint64_t x2[SLICES], x3[SLICES], x12[SLICES], x15[SLICES], x252[SLICES], y[SLICES];
    copy(x2, x);
    square(x2);
    multiply(x3, x2, x);
    copy(x12, x3);
    square(x12), square(x12);
    multiply(x15, x12, x3);
    square(x15), square(x15), square(x15), square(x15); /* now the 240th power */
    multiply(x252, x15, x12);
    multiply(y, x252, x2);
    for (int32_t i = 0; i < SLICES; i++) {
        uint64_t constant = 0 - (uint64_t)(0x63 >> i & 1);
        x[i] = y[i] ^ y[(i + 4) % 8] ^ y[(i + 5) % 8] ^ y[(i + 6) % 8] ^ y[(i + 7) % 8] ^ constant;
    }
}

/** Row r of each block moves left by r columns (section 5.1.2); octet 4 * column + row is that bit of 16. */
static uint64_t shift_rows(uint64_t x) {
    return (x & 0x1111111111111111ULL) | (x & 0x2220222022202220ULL) >> 4 | (x & 0x0002000200020002ULL) << 12 |
           (x & 0x4400440044004400ULL) >> 8 | (x & 0x0044004400440044ULL) << 8 |
           (x & 0x8000800080008000ULL) >> 12 | (x & 0x0888088808880888ULL) << 4;
}

/** The row below, in each column. */
static uint64_t below(uint64_t x) {
    return (x >> 1 & 0x7777777777777777ULL) | (x << 3 & 0x8888888888888888ULL);
}

static uint64_t two_below(uint64_t x) {
    return (x >> 2 & 0x3333333333333333ULL) | (x << 2 & 0xCCCCCCCCCCCCCCCCULL);
}

/** Section 5.1.3: 2 a + 3 below + the other two = 2 (a + below) + below + (a + below of two rows below). */
static void mix_columns(uint64_t *x) {
    uint64_t next[SLICES], pair[SLICES];
    for (int32_t b = 0; b < SLICES; b++) {
        next[b] = below(x[b]);
        pair[b] = x[b] ^ next[b];
    }
    for (int32_t b = 0; b < SLICES; b++) {
        uint64_t carry = b == 0 || b == 1 || b == 3 || b == 4 ? pair[7] : 0;
        x[b] = (b > 0 ? pair[b - 1] : 0) ^ carry ^ next[b] ^ two_below(pair[b]);
    }
}

static void add_key(uint64_t *x, const uint8_t *key) {
    uint8_t octets[BATCH_BYTES];
    uint64_t slices[SLICES];
    for (int32_t i = 0; i < BATCH_BYTES; i++) {
        octets[i] = key[i % AES_BLOCK];
    }
    slice(octets, slices);
    for (int32_t b = 0; b < SLICES; b++) {
        x[b] ^= slices[b];
    }
}

void aes_substitute(uint8_t *word) {
    uint8_t octets[BATCH_BYTES] = {0};
    uint64_t x[SLICES];
    for (int32_t i = 0; i < 4; i++) {
        octets[i] = word[i];
    }
    slice(octets, x);
    substitute(x);
    unslice(x, octets);
    for (int32_t i = 0; i < 4; i++) {
        word[i] = octets[i];
    }
}

void aes_encrypt_blocks(const uint8_t *keys, uint8_t *blocks, int32_t count) {
    uint64_t x[SLICES];
    for (int32_t i = AES_BLOCK * count; i < BATCH_BYTES; i++) {
        blocks[i] = 0;
    }
    slice(blocks, x);
    add_key(x, keys);
    for (int32_t round = 1; round <= ROUNDS; round++) {
        substitute(x);
        for (int32_t b = 0; b < SLICES; b++) {
            x[b] = shift_rows(x[b]);
        }
        if (round < ROUNDS) {
            mix_columns(x);
        }
        add_key(x, keys + AES_BLOCK * round);
    }
    unslice(x, blocks);
}

#endif
