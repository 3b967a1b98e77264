/** @file words_mve.c The kernels of any length with MVE (Cortex-M55); see words.h. */
#include "words.h"

#ifdef PARLEY_FORM_MVE
#include <arm_mve.h>
#include <stddef.h>

#include "g711_tables.h"
#include "parley_g711.h"

enum {
    LANES = 8,
    SIGN = 0x80 /* both laws: bit 7 of a code is the sign's */
};

static int32_t whole(int32_t samples) {
    return samples < 0 ? 0 : samples & ~(LANES - 1);
}

int32_t words_mix_add(int32_t *sum, const int16_t *pcm, int32_t samples) {
    int32_t done = whole(samples);
    for (int32_t i = 0; i < done; i += LANES) {
        vst1q_s32(sum + i, vaddq_s32(vld1q_s32(sum + i), vldrhq_s32(pcm + i)));
        vst1q_s32(sum + i + 4, vaddq_s32(vld1q_s32(sum + i + 4), vldrhq_s32(pcm + i + 4)));
    }
    return done;
}

/** Four of a difference to out. @return something above 65535 in a lane that does not fit */
static inline uint32x4_t four_less(const int32_t *sum, const int16_t *own, int16_t *out) {
    int32x4_t wanted = vld1q_s32(sum);
    if (own != NULL) {
        wanted = vsubq_s32(wanted, vldrhq_s32(own));
    }
    vstrhq_s32(out, wanted);
    return vreinterpretq_u32_s32(vsubq_n_s32(wanted, INT16_MIN));
}

int32_t words_mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples) {
    int32_t done = own == out ? 0 : whole(samples);
    uint32x4_t seen = vdupq_n_u32(0);
    for (int32_t i = 0; i < done; i += LANES) {
        seen = vorrq_u32(seen, four_less(sum + i, own == NULL ? NULL : own + i, out + i));
        seen = vorrq_u32(seen, four_less(sum + i + 4, own == NULL ? NULL : own + i + 4, out + i + 4));
    }
    return vmaxvq_u32(0, seen) > UINT16_MAX ? -1 : done;
}

int32_t words_energy(const int16_t *pcm, int32_t samples, uint64_t *energy) {
    int32_t done = whole(samples);
    int64_t sum = (int64_t)*energy;
    for (int32_t i = 0; i < done; i += LANES) {
        int16x8_t eight = vld1q_s16(pcm + i);
        sum = vmlaldavaq_s16(sum, eight, eight);
    }
    *energy = (uint64_t)sum;
    return done;
}

int32_t words_decode(int32_t law, const uint8_t *codes, int16_t *pcm, int32_t samples) {
    const int16_t *steps = law == PARLEY_LAW_PCMU ? G711_MU_STEPS : G711_A_STEPS;
    int32_t done = whole(samples);
    for (int32_t i = 0; i < done; i += LANES) {
        int16x8_t eight = vldrhq_gather_shifted_offset_s16(steps, vldrbq_u16(codes + i));
        vst1q_s16(pcm + i, vshlq_n_s16(eight, 2));
    }
    return done;
}

int32_t words_encode(int32_t law, const int16_t *pcm, uint8_t *codes, int32_t samples) {
    const uint8_t *code_of = (law == PARLEY_LAW_PCMU ? G711_MU_CODES : G711_A_CODES) - G711_STEP_LOW;
    int32_t done = whole(samples);
    for (int32_t i = 0; i < done; i += LANES) {
        int16x8_t eight = vld1q_s16(pcm + i);
        uint16x8_t steps = vreinterpretq_u16_s16(vshrq_n_s16(vqabsq_s16(eight), 2));
        uint16x8_t signs = vandq_u16(vreinterpretq_u16_s16(vshrq_n_s16(eight, 15)), vdupq_n_u16(SIGN));
        vstrbq_u16(codes + i, veorq_u16(vldrbq_gather_offset_u16(code_of, steps), signs));
    }
    return done;
}
#endif
