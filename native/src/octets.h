/** @file octets.h Copying codes by words where the processor reads them at any address; private to the kernels. */
#ifndef PARLEY_OCTETS_H
#define PARLEY_OCTETS_H

#include <stdint.h>

#include "kernel_form.h"

#if PARLEY_ARM
enum {
    OCTETS_CHUNK = 40
};

typedef struct octets_words {
    uint32_t word[OCTETS_CHUNK / 4];
} __attribute__((may_alias)) octets_words;
typedef struct octets_anywhere {
    uint32_t word[OCTETS_CHUNK / 4];
} __attribute__((may_alias, packed)) octets_anywhere;

typedef struct octets_word {
    uint32_t word;
} __attribute__((may_alias, packed)) octets_word;

/** 32 bits in network order. */
static inline uint32_t octets_word_at(const uint8_t *p) {
    return __builtin_bswap32(((const octets_word *)(const void *)p)->word);
}

static inline void octets_put_word(uint8_t *p, uint32_t word) {
    ((octets_word *)(void *)p)->word = __builtin_bswap32(word);
}

/** to[i] = from[i]; count: a multiple of 80 known to the compiler, no overlap. */
static inline __attribute__((always_inline)) void octets_copy(uint8_t *restrict to, const uint8_t *restrict from,
                                                              int32_t count) {
    if ((((uintptr_t)to | (uintptr_t)from) & 3) == 0) { /* then one instruction moves four words */
#pragma GCC unroll 4
        for (int32_t i = 0; i < count; i += OCTETS_CHUNK) {
            *(octets_words *)(void *)(to + i) = *(const octets_words *)(const void *)(from + i);
        }
        return;
    }
#pragma GCC unroll 4
    for (int32_t i = 0; i < count; i += OCTETS_CHUNK) {
        *(octets_anywhere *)(void *)(to + i) = *(const octets_anywhere *)(const void *)(from + i);
    }
}
#else
/** 32 bits in network order. */
static inline uint32_t octets_word_at(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void octets_put_word(uint8_t *p, uint32_t word) {
    p[0] = (uint8_t)(word >> 24);
    p[1] = (uint8_t)(word >> 16);
    p[2] = (uint8_t)(word >> 8);
    p[3] = (uint8_t)word;
}

/** to[i] = from[i]; count: a multiple of 80, no overlap. */
static inline void octets_copy(uint8_t *restrict to, const uint8_t *restrict from, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}
#endif

#endif
