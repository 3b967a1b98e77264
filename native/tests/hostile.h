/**
 * @file hostile.h
 * What the programs that feed random octets share: repeatable chance, and a check that ends the program.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t state; /* of the chance: the seed */

/** @return the next number of the sequence, from 0 to below `limit`. */
static uint32_t below(uint32_t limit) {
    state = state * 1664525U + 1013904223U;
    return (uint32_t)(((uint64_t)state * limit) >> 32);
}

static void check(int condition, const char *what) {
    if (!condition) {
        printf("FAILED: %s\n", what);
        exit(1);
    }
}

#endif
