/** @file frame_avx2.h Frames of 20 ms with AVX2 (x64); private to frame.c, where their contract stands. */
#ifndef PARLEY_FRAME_AVX2_H
#define PARLEY_FRAME_AVX2_H

#include "frame.h"
#include "kernel_form.h"

#if PARLEY_AVX2
int32_t frame_avx2_decode(int32_t law, const uint8_t *const *slots, int16_t *pcm);
void frame_avx2_encode(int32_t law, const int16_t *pcm, uint8_t *codes);
void frame_avx2_sum(int32_t *sum, int32_t fresh, const int16_t *const *frames, int32_t count);

/** @return 1, or 0: a sample does not fit 16 bits, and codes are worthless. */
int32_t frame_avx2_mix(int32_t law, const int32_t *sum, const int16_t *own, uint8_t *codes);

/** pcm = limit(sum - own). @return the gain that the frame ends with */
int32_t frame_avx2_limit(const int32_t *sum, const int16_t *own, int32_t gain, int16_t *pcm);
#endif

#endif
