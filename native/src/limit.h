/**
 * @file limit.h
 * How a limiter's gain goes through a frame (parley_mix.h has the law); private to the kernels. Gains are Q15.
 */
#ifndef PARLEY_LIMIT_H
#define PARLEY_LIMIT_H

#include <stdint.h>

#include "parley_mix.h"

enum {
    LIMIT_ONE = PARLEY_MIX_LIMIT_ONE,
    LIMIT_BITS = 15,
    LIMIT_MOST = 32767,                     /* the largest magnitude that leaves */
    LIMIT_STEPS = ~3, /* of what leaves: that of G.711, of which there is but one 0 (g711_tables.h) */
    LIMIT_FULL = LIMIT_MOST << LIMIT_BITS,
    LIMIT_BLOCK = 16,                       /* samples of which the loudest one counts */
    LIMIT_BLOCK_BITS = 4,
    LIMIT_BLOCKS_MAX = PARLEY_MIX_LIMIT_SAMPLES / LIMIT_BLOCK
};

/** The gain of sample i is from + (i * step >> LIMIT_BLOCK_BITS), but on its way it stops at `to`. */
typedef struct limit_ramp {
    int32_t from;
    int32_t step; /* a block, below 0 where it falls */
    int32_t to;
} limit_ramp;

/**
 * Looks ahead through a frame.
 *
 * @param gain    at the end of the frame before, 0..LIMIT_ONE
 * @param peaks   [blocks] largest magnitude of each block of LIMIT_BLOCK samples
 * @param blocks  1..LIMIT_BLOCKS_MAX
 */
limit_ramp limit_plan(int32_t gain, const uint32_t *peaks, int32_t blocks);

/** Gain of sample `i`; of the frame's length: what is left for the next frame. */
static inline int32_t limit_gain(const limit_ramp *ramp, int32_t i) {
    int32_t gain = ramp->from + (i * ramp->step >> LIMIT_BLOCK_BITS);
    return (ramp->step < 0) == (gain < ramp->to) ? ramp->to : gain;
}

static inline uint32_t limit_magnitude(int32_t value) {
    return value < 0 ? 0U - (uint32_t)value : (uint32_t)value;
}

#endif
