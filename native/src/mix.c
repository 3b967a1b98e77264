/** @file mix.c Mix-minus with a soft limiter; the contract stands in parley_mix.h. */
#include <stddef.h>

#include "limit.h"
#include "parley_mix.h"
#include "words.h"

enum {
    SCALED_MOST = 8191 /* steps of 4 */
};

/** sum - own, wrapping as the sum itself does. */
static int32_t wanted(const int32_t *sum, const int16_t *own, int32_t i) {
    uint32_t less = own == NULL ? 0 : (uint32_t)(int32_t)own[i];
    return (int32_t)((uint32_t)sum[i] - less);
}

/** 1 if a result of the block does not fit a 16-bit sample. */
static int overloads(const int32_t *sum, const int16_t *own, int32_t samples) {
    int over = 0;
    for (int32_t i = 0; i < samples; i++) {
        int32_t value = wanted(sum, own, i);
        over |= value > INT16_MAX || value < INT16_MIN;
    }
    return over;
}

void parley_mix_clear(int32_t *sum, int32_t samples) {
    for (int32_t i = 0; i < samples; i++) {
        sum[i] = 0;
    }
}

void parley_mix_add(int32_t *sum, const int16_t *pcm, int32_t samples) {
    for (int32_t i = words_mix_add(sum, pcm, samples); i < samples; i++) {
        sum[i] = (int32_t)((uint32_t)sum[i] + (uint32_t)(int32_t)pcm[i]);
    }
}

void parley_mix_scale(int16_t *pcm, int32_t gain, int32_t samples) {
    for (int32_t i = 0; i < samples; i++) {
        int32_t steps = (pcm[i] * gain + 512) >> 10;
        steps = steps > SCALED_MOST ? SCALED_MOST : steps;
        pcm[i] = (int16_t)((steps < -SCALED_MOST - 1 ? -SCALED_MOST - 1 : steps) * 4);
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#define SCALAR __attribute__((optimize("no-tree-vectorize"))) /* vectors of SSE2 would take 6 KB and win little */
#else
#define SCALAR
#endif

/** At most PARLEY_MIX_LIMIT_SAMPLES through the limiter. @return the gain it ends with */
SCALAR static int32_t limit(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples, int32_t gain) {
    uint32_t peaks[LIMIT_BLOCKS_MAX] = {0};
    for (int32_t i = 0; i < samples; i++) {
        uint32_t magnitude = limit_magnitude(wanted(sum, own, i)), *peak = peaks + i / LIMIT_BLOCK;
        *peak = magnitude > *peak ? magnitude : *peak;
    }
    limit_ramp ramp = limit_plan(gain, peaks, (samples + LIMIT_BLOCK - 1) / LIMIT_BLOCK);
    for (int32_t i = 0; i < samples; i++) {
        int32_t value = wanted(sum, own, i);
        uint32_t less = limit_magnitude(value) * (uint32_t)limit_gain(&ramp, i) >> LIMIT_BITS;
        less = (less > LIMIT_MOST ? LIMIT_MOST : less) & LIMIT_STEPS;
        out[i] = (int16_t)(value < 0 ? -(int32_t)less : (int32_t)less);
    }
    return limit_gain(&ramp, samples);
}

int32_t parley_mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples, int32_t gain) {
    int32_t done = gain == LIMIT_ONE ? words_mix_minus(sum, own, out, samples) : -1;
    if (done >= 0 && !overloads(sum + done, own == NULL ? NULL : own + done, samples - done)) {
        for (int32_t i = done; i < samples; i++) {
            out[i] = (int16_t)wanted(sum, own, i);
        }
        return gain;
    }
    for (int32_t i = 0; i < samples; i += PARLEY_MIX_LIMIT_SAMPLES) {
        int32_t count = samples - i < PARLEY_MIX_LIMIT_SAMPLES ? samples - i : PARLEY_MIX_LIMIT_SAMPLES;
        gain = limit(sum + i, own == NULL ? NULL : own + i, out + i, count, gain);
    }
    return gain;
}
