/** @file g711_tables.c The compiler computes the tables of g711_tables.h from the formulas of G.711. */
#include "g711_tables.h"

#include "kernel_form.h"

#if defined(PARLEY_FORM_DSP) || defined(PARLEY_FORM_MVE)

#define ALL_OF(f, n) f(n), f((n) + 1), f((n) + 2), f((n) + 3)
#define ALL_OF_16(f, n) ALL_OF(f, n), ALL_OF(f, (n) + 4), ALL_OF(f, (n) + 8), ALL_OF(f, (n) + 12)
#define ALL_OF_64(f, n) \
    ALL_OF_16(f, n), ALL_OF_16(f, (n) + 16), ALL_OF_16(f, (n) + 32), ALL_OF_16(f, (n) + 48)
#define ALL_OF_128(f) ALL_OF_64(f, 0), ALL_OF_64(f, 64)
#define ALL_OF_256(f) ALL_OF_128(f), ALL_OF_64(f, 128), ALL_OF_64(f, 192)

/** `n`: segment and mantissa, the 7 lower bits of a code after the inversions of the wire. */
#define SEGMENT(n) ((n) >> 4)
#define MANTISSA(n) ((n)&15)

/* Table 2a: biased by 33 steps each segment begins at a power of 2, and has 16 intervals of 2 << segment. */
#define MU_MIDDLE(n) (((2 * MANTISSA(n) + 33) << SEGMENT(n)) - 33)
#define MU_DECODED(code) ((code)&0x80 ? MU_MIDDLE(~(code)&0x7F) : -MU_MIDDLE(~(code)&0x7F))
#define MU_LOW(n) ((n) == 0 ? 0 : ((MANTISSA(n) + 16) << (SEGMENT(n) + 1)) - 33)
#define MU_HIGH(n) ((n) == 127 ? G711_STEP_HIGH : ((MANTISSA(n) + 17) << (SEGMENT(n) + 1)) - 34)

/* Table 1a, whose unit is 2 steps: segment 0 is as fine as segment 1. */
#define A_MIDDLE(n) ((n) < 16 ? 4 * (n) + 2 : (2 * MANTISSA(n) + 33) << SEGMENT(n))
#define A_DECODED(code) ((code)&0x80 ? A_MIDDLE(((code) ^ 0x55) & 0x7F) : -A_MIDDLE(((code) ^ 0x55) & 0x7F))
#define A_LOW(n) ((n) < 16 ? 4 * (n) : (MANTISSA(n) + 16) << (SEGMENT(n) + 1))
#define A_HIGH(n) ((n) < 16 ? 4 * (n) + 3 : ((MANTISSA(n) + 17) << (SEGMENT(n) + 1)) - 1)

/* An interval owns its lower bound in magnitude; 0 is positive, so it begins no negative interval. */
#define POSITIVE(low, high, code) [(low)-G711_STEP_LOW...(high)-G711_STEP_LOW] = (code)
#define NEGATIVE(n, low, high, code) \
    [((n) == 127 ? 0 : -(high)-G711_STEP_LOW)... - ((low) == 0 ? 1 : (low)) - G711_STEP_LOW] = (code)

#define MU_POSITIVE(n) POSITIVE(MU_LOW(n), MU_HIGH(n), 0xFF - (n))
/* Negative interval 0 holds 0 alone, which is positive: it lends its place to interval 1, written after it. */
#define MU_NEGATIVE(n) NEGATIVE(n, MU_LOW((n) == 0 ? 1 : (n)), MU_HIGH((n) == 0 ? 1 : (n)), 0x7F - ((n) == 0 ? 1 : (n)))
#define A_POSITIVE(n) POSITIVE(A_LOW(n), A_HIGH(n), ((n) | 0x80) ^ 0x55)
#define A_NEGATIVE(n) NEGATIVE(n, A_LOW(n), A_HIGH(n), (n) ^ 0x55)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const int16_t G711_MU_STEPS[256] = {ALL_OF_256(MU_DECODED)};
const int16_t G711_A_STEPS[256] = {ALL_OF_256(A_DECODED)};
const uint8_t G711_MU_CODES[G711_STEPS] = {ALL_OF_128(MU_POSITIVE), ALL_OF_128(MU_NEGATIVE)};
const uint8_t G711_A_CODES[G711_STEPS] = {ALL_OF_128(A_POSITIVE), ALL_OF_128(A_NEGATIVE)};
#pragma GCC diagnostic pop

#endif
