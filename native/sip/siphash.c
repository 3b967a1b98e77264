/** @file siphash.c SipHash-1-3; the contract stands in siphash.h. */
#include "siphash.h"

static uint64_t turn(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static void round_of(uint64_t v[4]) {
    v[0] += v[1];
    v[1] = turn(v[1], 13) ^ v[0];
    v[0] = turn(v[0], 32);
    v[2] += v[3];
    v[3] = turn(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = turn(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = turn(v[1], 17) ^ v[2];
    v[2] = turn(v[2], 32);
}

static uint64_t word_of(const uint8_t *octets, int32_t count) {
    uint64_t word = 0;
    for (int32_t at = 0; at < count; at++) {
        word |= (uint64_t)octets[at] << 8 * at;
    }
    return word;
}

static uint64_t whole_word(const uint8_t *octets) { /* one load, where compilers see it */
    return (uint64_t)octets[0] | (uint64_t)octets[1] << 8 | (uint64_t)octets[2] << 16 | (uint64_t)octets[3] << 24 |
           (uint64_t)octets[4] << 32 | (uint64_t)octets[5] << 40 | (uint64_t)octets[6] << 48 | (uint64_t)octets[7] << 56;
}

uint64_t siphash(const uint64_t key[2], const uint8_t *octets, int32_t count) {
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU, key[0] ^ 0x6c7967656e657261U,
                     key[1] ^ 0x7465646279746573U};
    int32_t whole = count & ~7;
    for (int32_t at = 0; at <= whole; at += 8) {
        uint64_t word = at < whole ? whole_word(octets + at) : word_of(octets + at, count - whole) | (uint64_t)count << 56;
        v[3] ^= word;
        round_of(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (int times = 0; times < 3; times++) {
        round_of(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
