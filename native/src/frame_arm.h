/** @file frame_arm.h What the DSP and the MVE form of the frames share; private to them. */
#ifndef PARLEY_FRAME_ARM_H
#define PARLEY_FRAME_ARM_H

#include "frame.h"
#include "g711_tables.h"
#include "level.h"
#include "pair.h"
#include "parley_g711.h"
#include "parley_mix.h"

enum {
    FRAME_SAMPLES = PARLEY_LEG_FRAME_SAMPLES,
    FRAME_LANES = FRAME_SAMPLES / 2,
    THREE = 3, /* as many as are heard where the loudest three are mixed */
    FOUR = FRAME_GROUP / 2 /* so many frames' sum fits 16 bits */
};

/** Shapes of a sum: 16-bit or 32-bit steps. */
enum {
    FRAME_NARROW = 1,
    FRAME_WIDE = 2
};

extern const int16_t FRAME_ZEROS[PARLEY_LEG_FRAME_SAMPLES];

/** Codes of a law, to be indexed by steps from G711_STEP_LOW to G711_STEP_HIGH. */
static inline const uint8_t *frame_codes(int32_t law) {
    return (law == PARLEY_LAW_PCMU ? G711_MU_CODES : G711_A_CODES) - G711_STEP_LOW;
}

/** in: [FRAME_GROUP] the frames, then silence in place of those that are none. */
static inline void frame_pointers(const lanes **in, const int16_t *const *frames, int32_t count) {
    for (int32_t i = 0; i < FRAME_GROUP; i++) {
        in[i] = (const lanes *)(const void *)(i < count ? frames[i] : FRAME_ZEROS);
    }
}

/** -dBov of a frame whose squares, in steps, add up to `energy`. */
int32_t frame_level_of(uint64_t energy);

#endif
