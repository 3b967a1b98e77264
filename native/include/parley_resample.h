/**
 * @file parley_resample.h
 * Sampling rates: 8000 to 16000 Hz and back, and a little more or less than as many samples.
 *
 * Between the two rates: one half-band filter of 47 taps in its polyphase form, so that every other tap is 0 and
 * the middle one a half; 0.1 dB down at 3400 Hz, 6 dB at 4000 Hz, more than 50 dB from 4600 Hz on. The delay
 * is 1.5 ms each way. Results are rounded and cut to 16 bits.
 *
 * Stretching: `taken` samples become `made`, evenly, the first one staying where it was, by a cubic through
 * the four samples around (Catmull and Rom). For a sender's clock that runs a little fast or slow.
 */
#ifndef PARLEY_RESAMPLE_H
#define PARLEY_RESAMPLE_H

#include <stdint.h>

enum {
    PARLEY_RESAMPLE_UP_STATE = 24,   /* samples of state, all 0 at first */
    PARLEY_RESAMPLE_DOWN_STATE = 48,
    PARLEY_RESAMPLE_SAMPLES_MAX = 160, /* at 8000 Hz, in one call */
    PARLEY_STRETCH_MAX = 1024
};

/**
 * 8000 to 16000 Hz.
 *
 * @param state    [24] of one signal
 * @param pcm      [samples]
 * @param out      [2 * samples] result
 * @param samples  0 to 160
 */
void parley_resample_up(int16_t *state, const int16_t *pcm, int16_t *out, int32_t samples);

/**
 * 16000 to 8000 Hz.
 *
 * @param state    [48] of one signal
 * @param pcm      [2 * samples]
 * @param out      [samples] result
 * @param samples  0 to 160
 */
void parley_resample_down(int16_t *state, const int16_t *pcm, int16_t *out, int32_t samples);

/**
 * As many samples as wanted of those there are.
 *
 * @param pcm    [taken]
 * @param taken  1 to 1024
 * @param out    [made] result; not `pcm`
 * @param made   1 to 1024
 */
void parley_stretch(const int16_t *pcm, int32_t taken, int16_t *out, int32_t made);

#endif
