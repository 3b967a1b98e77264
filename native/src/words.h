/**
 * @file words.h
 * The kernels of any length, two samples and more at a time with Arm's packed instructions; private to the
 * kernels. Each does as many samples as it can, from the first on, with the results of the plain form; the
 * caller does the rest. 0 done is always right, and all there is where the build has no such instructions.
 */
#ifndef PARLEY_WORDS_H
#define PARLEY_WORDS_H

#include <stdint.h>

#include "kernel_form.h"

#if PARLEY_ARM
/** sum[i] += pcm[i]. @return samples done */
int32_t words_mix_add(int32_t *sum, const int16_t *pcm, int32_t samples);

/**
 * out[i] = sum[i] - own[i]; own may be NULL, and must not be out.
 *
 * @return samples done, or -1 if one did not fit 16 bits: then out is worthless
 */
int32_t words_mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples);

/** energy += pcm[i] * pcm[i]. @return samples done */
int32_t words_energy(const int16_t *pcm, int32_t samples, uint64_t *energy);

/** As parley_g711_decode, of a law that is known. @return samples done */
int32_t words_decode(int32_t law, const uint8_t *codes, int16_t *pcm, int32_t samples);

/** As parley_g711_encode, of a law that is known. @return samples done */
int32_t words_encode(int32_t law, const int16_t *pcm, uint8_t *codes, int32_t samples);
#else
static inline int32_t words_mix_add(int32_t *sum, const int16_t *pcm, int32_t samples) {
    (void)sum, (void)pcm, (void)samples;
    return 0;
}

static inline int32_t words_mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples) {
    (void)sum, (void)own, (void)out, (void)samples;
    return 0;
}

static inline int32_t words_energy(const int16_t *pcm, int32_t samples, uint64_t *energy) {
    (void)pcm, (void)samples, (void)energy;
    return 0;
}

static inline int32_t words_decode(int32_t law, const uint8_t *codes, int16_t *pcm, int32_t samples) {
    (void)law, (void)codes, (void)pcm, (void)samples;
    return 0;
}

static inline int32_t words_encode(int32_t law, const int16_t *pcm, uint8_t *codes, int32_t samples) {
    (void)law, (void)pcm, (void)codes, (void)samples;
    return 0;
}
#endif

#endif
