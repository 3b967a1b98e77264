/** @file noise.h Noise that is the same on every machine. */
#ifndef PARLEY_NOISE_H
#define PARLEY_NOISE_H

#include <stdint.h>

/** pcm: [samples] at most +-peak; voice: which of many. */
void make_noise(int16_t *pcm, int32_t samples, int32_t peak, uint32_t voice);

#endif
