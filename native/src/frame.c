/** @file frame.c Frames of 20 ms; what each function does stands in frame.h. */
#include "kernel_form.h"

#ifdef PARLEY_FORM_PLAIN
#include <stddef.h>

#include "frame.h"
#include "frame_avx2.h"

#include "g711_codes.h"
#include "parley_g711.h"
#include "level.h"
#include "parley_mix.h"

enum {
    SAMPLES = PARLEY_LEG_FRAME_SAMPLES,
    G711_STEP_BITS = 2,  /* all that G.711 decodes to is a multiple of 4 */
    ENERGY_SAMPLES = 32, /* (32124 / 4)^2 * 32 fits an int32_t */
};

static uint8_t zero_code(int32_t law) {
    return law == PARLEY_LAW_PCMU ? G711_MU_ZERO : G711_A_ZERO;
}

static void fill(uint8_t *codes, int32_t count, uint8_t code) {
    for (int32_t i = 0; i < count; i++) {
        codes[i] = code;
    }
}

int frame_silent(int32_t law, const uint8_t *const *slots) {
    uint8_t all = G711_MU_NEGATIVE_ZERO;
    for (int32_t slot = 0; slot < FRAME_SLOTS; slot++) {
        if (slots[slot] == NULL) {
            continue;
        }
        if (law != PARLEY_LAW_PCMU) {
            return 0;
        }
        for (int32_t i = 0; i < SLOT_SAMPLES; i++) {
            all &= slots[slot][i];
        }
    }
    return all == G711_MU_NEGATIVE_ZERO; /* the 7 bits that both zeros have set */
}

/** -dBov of samples decoded from G.711. */
static int32_t level_of(const int16_t *pcm) {
    uint64_t energy = 0;
    for (int32_t first = 0; first < SAMPLES; first += ENERGY_SAMPLES) {
        int32_t part = 0;
        for (int32_t i = first; i < first + ENERGY_SAMPLES; i++) {
            int16_t steps = (int16_t)(pcm[i] >> G711_STEP_BITS);
            part += steps * steps;
        }
        energy += (uint32_t)part;
    }
    return level_of_energy(energy << (2 * G711_STEP_BITS), SAMPLES);
}

int32_t frame_decode(int32_t law, const uint8_t *const *slots, int16_t *restrict pcm) {
#if PARLEY_AVX2
    if (kernel_form_avx2()) {
        return frame_avx2_decode(law, slots, pcm);
    }
#endif
    const int16_t *decoded = pcm;
    for (int32_t slot = 0; slot < FRAME_SLOTS; slot++, pcm += SLOT_SAMPLES) {
        const uint8_t *restrict codes = slots[slot];
        if (codes == NULL) {
            for (int32_t i = 0; i < SLOT_SAMPLES; i++) {
                pcm[i] = 0;
            }
        } else if (law == PARLEY_LAW_PCMU) {
            for (int32_t i = 0; i < SLOT_SAMPLES; i++) {
                pcm[i] = g711_mu_decode(codes[i]);
            }
        } else {
            for (int32_t i = 0; i < SLOT_SAMPLES; i++) {
                pcm[i] = g711_a_decode(codes[i]);
            }
        }
    }
    return level_of(decoded);
}

void frame_copy(int32_t law, const uint8_t *const *slots, uint8_t *restrict codes) {
    uint8_t changed = law == PARLEY_LAW_PCMU ? G711_MU_NEGATIVE_ZERO : G711_A_ZERO;
    for (int32_t slot = 0; slot < FRAME_SLOTS; slot++, codes += SLOT_SAMPLES) {
        const uint8_t *restrict source = slots[slot];
        if (source == NULL) {
            fill(codes, SLOT_SAMPLES, zero_code(law));
            continue;
        }
        for (int32_t i = 0; i < SLOT_SAMPLES; i++) {
            codes[i] = source[i] == changed ? zero_code(law) : source[i];
        }
    }
}

void frame_silence(int32_t law, uint8_t *codes) {
    fill(codes, SAMPLES, zero_code(law));
}

void frame_encode(int32_t law, const int16_t *restrict pcm, uint8_t *restrict codes) {
#if PARLEY_AVX2
    if (kernel_form_avx2()) {
        frame_avx2_encode(law, pcm, codes);
        return;
    }
#endif
    if (law == PARLEY_LAW_PCMU) {
        for (int32_t i = 0; i < SAMPLES; i++) {
            codes[i] = g711_mu_encode(pcm[i]);
        }
        return;
    }
    for (int32_t i = 0; i < SAMPLES; i++) {
        codes[i] = g711_a_encode(pcm[i]);
    }
}

void frame_to_pcm(int16_t *pcm) {
    (void)pcm;
}

static void first(int32_t *restrict sum, const int16_t *restrict pcm) {
    for (int32_t i = 0; i < SAMPLES; i++) {
        sum[i] = pcm[i];
    }
}

static void add(int32_t *restrict sum, const int16_t *restrict pcm) {
    for (int32_t i = 0; i < SAMPLES; i++) {
        sum[i] += pcm[i];
    }
}

int32_t frame_sum(int32_t *sum, int32_t shape, const int16_t *const *frames, int32_t count) {
#if PARLEY_AVX2
    if (kernel_form_avx2()) {
        frame_avx2_sum(sum, shape == 0, frames, count);
        return 1;
    }
#endif
    for (int32_t i = 0; i < count; i++) {
        (i == 0 && shape == 0 ? first : add)(sum, frames[i]);
    }
    return 1;
}

/** out = sum - own, cut to 16 bits. @return 0 if nothing was lost by that */
static uint32_t narrow(const int32_t *restrict sum, const int16_t *restrict own, int16_t *restrict out) {
    uint32_t over = 0;
    if (own == NULL) {
        for (int32_t i = 0; i < SAMPLES; i++) {
            over |= (uint32_t)sum[i] - (uint32_t)INT16_MIN;
            out[i] = (int16_t)sum[i];
        }
        return over >> 16;
    }
    for (int32_t i = 0; i < SAMPLES; i++) {
        int32_t value = sum[i] - own[i];
        over |= (uint32_t)value - (uint32_t)INT16_MIN;
        out[i] = (int16_t)value;
    }
    return over >> 16;
}

int frame_mix(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, uint8_t *codes) {
    int16_t pcm[SAMPLES];
    (void)shape;
#if PARLEY_AVX2
    if (kernel_form_avx2()) {
        return frame_avx2_mix(law, sum, own, codes);
    }
#endif
    if (narrow(sum, own, pcm)) {
        return 0;
    }
    frame_encode(law, pcm, codes);
    return 1;
}

int32_t frame_limit(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, int32_t gain,
                    uint8_t *codes) {
    int16_t pcm[SAMPLES];
    (void)shape;
#if PARLEY_AVX2
    if (kernel_form_avx2()) {
        gain = frame_avx2_limit(sum, own, gain, pcm);
        frame_avx2_encode(law, pcm, codes);
        return gain;
    }
#endif
    gain = parley_mix_minus(sum, own, pcm, SAMPLES, gain);
    frame_encode(law, pcm, codes);
    return gain;
}
#endif
