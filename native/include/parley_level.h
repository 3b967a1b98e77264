/**
 * @file parley_level.h
 * Audio level of a frame as RFC 6464 section 3 and RFC 3389 section 3 define it.
 */
#ifndef PARLEY_LEVEL_H
#define PARLEY_LEVEL_H

#include <stdint.h>

enum {
    PARLEY_LEVEL_SILENCE = 127
};

/**
 * Level in -dBov: 0 is a square wave of +-32767 (overload), 127 the floor and digital silence.
 *
 * The result is -10 log10(mean square / 32767^2), rounded to the nearest whole number and clipped
 * to 0..127. The DC component counts (RFC 6464 does not exclude it).
 *
 * Scaling and overflow. Energy is summed exactly in 64 bits: any `samples` is allowed.
 *
 * @param pcm      [samples] 16-bit linear
 * @param samples  how many; 0 or less gives 127
 * @return 0..127
 */
int32_t parley_level_dbov(const int16_t *pcm, int32_t samples);

#endif
