/**
 * @file pair.h
 * Two words, four samples: one instruction loads or stores them and moves on, which gcc takes apart when it is
 * written in C. Private to the kernels for Arm. Addresses are multiples of 4.
 */
#ifndef PARLEY_PAIR_H
#define PARLEY_PAIR_H

#include <stdint.h>

/** Two samples. */
typedef uint32_t __attribute__((may_alias)) lanes;

typedef struct pair {
    lanes first, second;
} __attribute__((may_alias)) pair;

static inline pair load(const lanes **from) {
    pair loaded;
    __asm("ldrd %0, %1, [%2], #8"
          : "=&r"(loaded.first), "=&r"(loaded.second), "+r"(*from)
          : "m"(*(const pair *)(const void *)*from));
    return loaded;
}

static inline void store(lanes **to, lanes first, lanes second) {
    pair *at = (pair *)(void *)*to;
    __asm("strd %2, %3, [%0], #8" : "+r"(*to), "=m"(*at) : "r"(first), "r"(second));
}

#endif
