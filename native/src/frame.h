/**
 * @file frame.h
 * What the bridge does with a frame of 20 ms; private to the kernels. The results are those of the kernels
 * for any length (parley_g711.h, parley_mix.h, parley_level.h), to the bit; here lengths are constants and
 * nothing overlaps, so that the loops become vector instructions.
 */
#ifndef PARLEY_FRAME_H
#define PARLEY_FRAME_H

#include "leg_state.h"

enum {
    FRAME_GROUP = 8 /* frames summed in one call */
};

/** 1 if all of the frame decodes to 0; slots: [2] as leg_next gives them. */
int frame_silent(int32_t law, const uint8_t *const *slots);

/** Decodes slots, a lost one as silence, to pcm [160]. @return its level, -dBov */
int32_t frame_decode(int32_t law, const uint8_t *const *slots, int16_t *pcm);

/** Copies slots to codes [160] as decoding and encoding would: one code for 0, also where a slot was lost. */
void frame_copy(int32_t law, const uint8_t *const *slots, uint8_t *codes);

/** codes [160] = the code of 0. */
void frame_silence(int32_t law, uint8_t *codes);

/** codes [160] = encode(pcm [160]). */
void frame_encode(int32_t law, const int16_t *pcm, uint8_t *codes);

/** Makes a decoded frame what parley_leg.h promises: frames may be kept in another unit (kernel_form.h). */
void frame_to_pcm(int16_t *pcm);

/**
 * sum += frames.
 *
 * @param sum     [160] of what the form likes best
 * @param shape   0 nothing is in the sum yet, else what the last call returned
 * @param frames  [count] frames as frame_decode leaves them
 * @param count   1..FRAME_GROUP
 * @return the sum's shape, not 0
 */
int32_t frame_sum(int32_t *sum, int32_t shape, const int16_t *const *frames, int32_t count);

/**
 * codes [160] = encode(sum - own).
 *
 * @param shape  of the sum
 * @param own    [160], or NULL
 * @return 1, or 0: a sample does not fit 16 bits, and codes are worthless
 */
int frame_mix(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, uint8_t *codes);

/** The same through the limiter (parley_mix.h), loud or not. @return the gain that the frame ends with */
int32_t frame_limit(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, int32_t gain,
                    uint8_t *codes);

#endif
