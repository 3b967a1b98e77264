/** @file noise.c See noise.h. */
#include "noise.h"

void make_noise(int16_t *pcm, int32_t samples, int32_t peak, uint32_t voice) {
    uint32_t state = voice * 2654435761U + 12345;
    for (int32_t i = 0; i < samples; i++) {
        state = state * 1664525U + 1013904223U;
        pcm[i] = (int16_t)((int32_t)(state >> 16) * (2 * peak + 1) / 65536 - peak);
    }
}
