/** @file limit.c The limiter's gain; see limit.h. */
#include "limit.h"

enum {
    RELEASE_BITS = 5, /* of what is missing, a 32nd comes back with each frame */
    STEP_LEAST = 8    /* a block, so that the end is reached */
};

/** The gain at which a block fits. */
static int32_t fitting(uint32_t peak) {
    return peak > LIMIT_MOST ? (int32_t)(LIMIT_FULL / peak) : LIMIT_ONE;
}

/** The steepest fall, a block, that any block needs to fit from its first sample on; of the first, from its last. */
static int32_t fall_of(int32_t gain, const uint32_t *peaks, int32_t blocks) {
    uint32_t allowed = (uint32_t)LIMIT_FULL / (uint32_t)gain;
    int32_t most = 0, over = 1; /* the fall, and the blocks that it has */
    for (int32_t block = 0; block < blocks; block++) {
        int32_t way = block == 0 ? 1 : block;
        if (peaks[block] > allowed && (gain - fitting(peaks[block])) * over > most * way) {
            most = gain - fitting(peaks[block]);
            over = way;
        }
    }
    return (most + over - 1) / over;
}

limit_ramp limit_plan(int32_t gain, const uint32_t *peaks, int32_t blocks) {
    uint32_t loudest = 0;
    for (int32_t block = 0; block < blocks; block++) {
        loudest = peaks[block] > loudest ? peaks[block] : loudest;
    }
    int32_t first = 2 * fitting(peaks[0]);
    limit_ramp ramp = {gain < first ? gain : first, 0, fitting(loudest)};
    if (ramp.to < ramp.from) {
        ramp.step = -fall_of(ramp.from, peaks, blocks);
    } else {
        int32_t rise = ((LIMIT_ONE - ramp.from) >> RELEASE_BITS) / blocks;
        ramp.step = rise > STEP_LEAST ? rise : STEP_LEAST;
    }
    return ramp;
}
