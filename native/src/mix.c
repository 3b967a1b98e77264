/** @file mix.c Mix-minus with a soft limiter; the contract stands in parley_mix.h. */
#include <stddef.h>

#include "parley_mix.h"
#include "words.h"

enum {
    SCALED_MOST = 8191, /* steps of 4 */
    ROOM = 32767 - PARLEY_MIX_KNEE /* what the knee has left to reach full scale */
};

/** sum - own, wrapping as the sum itself does. */
static int32_t wanted(const int32_t *sum, const int16_t *own, int32_t i) {
    uint32_t less = own == NULL ? 0 : (uint32_t)(int32_t)own[i];
    return (int32_t)((uint32_t)sum[i] - less);
}

static int16_t soft_limit(int32_t value) {
    uint32_t magnitude = value < 0 ? 0U - (uint32_t)value : (uint32_t)value;
    if (magnitude <= PARLEY_MIX_KNEE) {
        return (int16_t)value;
    }
    uint32_t beyond = magnitude - PARLEY_MIX_KNEE;
    int32_t bent = PARLEY_MIX_KNEE + ROOM - (int32_t)((uint32_t)(ROOM * ROOM) / (beyond + ROOM));
    return (int16_t)(value < 0 ? -bent : bent);
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

void parley_mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples) {
    int32_t done = words_mix_minus(sum, own, out, samples);
    if (done < 0 || overloads(sum + done, own == NULL ? NULL : own + done, samples - done)) {
        for (int32_t i = 0; i < samples; i++) {
            out[i] = soft_limit(wanted(sum, own, i));
        }
        return;
    }
    for (int32_t i = done; i < samples; i++) {
        out[i] = (int16_t)wanted(sum, own, i);
    }
}
