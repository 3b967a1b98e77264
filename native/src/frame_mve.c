/**
 * @file frame_mve.c
 * Frames of 20 ms with MVE (Cortex-M55), eight samples at a time; what each function does stands in frame.h.
 * Samples are kept in steps, and sums are narrow or wide, as in frame_dsp.c.
 */
#include "kernel_form.h"

#ifdef PARLEY_FORM_MVE
#include <arm_mve.h>
#include <stddef.h>

#include "frame.h"
#include "frame_arm.h"
#include "limit.h"

enum {
    LANES = 8,
    BEYOND = 0xFFFF << G711_STEP_BITS_OF_CODE /* bits that are set where a biased value is no index */
};

/** 80 codes to steps. @return energy with theirs */
static int64_t decode(const int16_t *steps, const uint8_t *codes, int16_t *pcm, int64_t energy) {
    for (int32_t i = 0; i < SLOT_SAMPLES; i += LANES) {
        int16x8_t eight = vldrhq_gather_shifted_offset_s16(steps, vldrbq_u16(codes + i));
        vst1q_s16(pcm + i, eight);
        energy = vmlaldavaq_s16(energy, eight, eight);
    }
    return energy;
}

int32_t frame_decode(int32_t law, const uint8_t *const *slots, int16_t *restrict pcm) {
    const int16_t *steps = law == PARLEY_LAW_PCMU ? G711_MU_STEPS : G711_A_STEPS;
    int64_t energy = 0;
    for (int32_t slot = 0; slot < FRAME_SLOTS; slot++, pcm += SLOT_SAMPLES) {
        if (slots[slot] != NULL) {
            energy = decode(steps, slots[slot], pcm, energy);
        } else {
            for (int32_t i = 0; i < SLOT_SAMPLES; i += LANES) {
                vst1q_s16(pcm + i, vdupq_n_s16(0));
            }
        }
    }
    return frame_level_of((uint64_t)energy);
}

/** The sum of four frames at eight places, exact: their values have 14 bits. */
static inline int16x8_t four(const int16_t *a, const int16_t *b, const int16_t *c, const int16_t *d) {
    return vaddq_s16(vaddq_s16(vld1q_s16(a), vld1q_s16(b)), vaddq_s16(vld1q_s16(c), vld1q_s16(d)));
}

static void sum_four(int16_t *out, const int16_t *a, const int16_t *b, const int16_t *c, const int16_t *d) {
    for (int32_t i = 0; i < FRAME_SAMPLES; i += LANES) {
        vst1q_s16(out, four(a, b, c, d));
        out += LANES, a += LANES, b += LANES, c += LANES, d += LANES; /* loads and stores move on by themselves */
    }
}

/** sum += four frames. @return 0 if all of it fits 16 bits */
static uint32_t add_four(int16_t *sum, const int16_t *a, const int16_t *b, const int16_t *c, const int16_t *d) {
    int16x8_t lost = vdupq_n_s16(0);
    for (int32_t i = 0; i < FRAME_SAMPLES; i += LANES) {
        int16x8_t more = four(a, b, c, d);
        int16x8_t before = vld1q_s16(sum), whole = vaddq_s16(before, more);
        lost = vorrq_s16(lost, veorq_s16(whole, vqaddq_s16(before, more)));
        vst1q_s16(sum, whole);
        sum += LANES, a += LANES, b += LANES, c += LANES, d += LANES;
    }
    return vmaxvq_u16(0, vreinterpretq_u16_s16(lost));
}

/** sum += four frames; `first`: sum = four frames. */
static void sum_wide(int32_t *sum, const int16_t *const *frames, int first) {
    for (int32_t i = 0; i < FRAME_SAMPLES; i += 4) {
        int32x4_t more = vaddq_s32(vaddq_s32(vldrhq_s32(frames[0] + i), vldrhq_s32(frames[1] + i)),
                                   vaddq_s32(vldrhq_s32(frames[2] + i), vldrhq_s32(frames[3] + i)));
        vst1q_s32(sum + i, first ? more : vaddq_s32(more, vld1q_s32(sum + i)));
    }
}

static void widen(int32_t *sum) {
    const int16_t *in = (const int16_t *)(const void *)sum;
    for (int32_t i = FRAME_SAMPLES - 4; i >= 0; i -= 4) { /* from the end: in place */
        vst1q_s32(sum + i, vldrhq_s32(in + i));
    }
}

int32_t frame_sum(int32_t *sum, int32_t shape, const int16_t *const *frames, int32_t count) {
    const int16_t *in[FRAME_GROUP];
    int16_t *narrow = (int16_t *)(void *)sum;
    for (int32_t i = 0; i < FRAME_GROUP; i++) {
        in[i] = i < count ? frames[i] : FRAME_ZEROS;
    }
    if (shape == 0) {
        sum_four(narrow, in[0], in[1], in[2], in[3]);
        if (count <= FOUR || add_four(narrow, in[4], in[5], in[6], in[7]) == 0) {
            return FRAME_NARROW;
        }
    }
    if (shape == FRAME_NARROW) {
        widen(sum);
    }
    sum_wide(sum, in, shape == 0);
    sum_wide(sum, in + FOUR, 0);
    return FRAME_WIDE;
}

/** @return not 0 if a result does not fit 16 bits */
static uint32_t mix_narrow(const uint8_t *code_of, const int16_t *sum, const int16_t *own, uint8_t *codes) {
    uint16x8_t seen = vdupq_n_u16(0), most = vdupq_n_u16(G711_STEPS - 1);
    int16x8_t lowest = vdupq_n_s16(G711_STEP_LOW);
    for (int32_t i = 0; i < FRAME_SAMPLES; i += LANES) {
        int16x8_t wanted = vqsubq_s16(vld1q_s16(sum + i), vld1q_s16(own + i));
        uint16x8_t index = vreinterpretq_u16_s16(vsubq_s16(wanted, lowest));
        seen = vorrq_u16(seen, index);
        vstrbq_u16(codes + i, vldrbq_gather_offset_u16(code_of, vandq_u16(index, most)));
    }
    return vmaxvq_u16(0, seen) & (uint16_t)BEYOND;
}

static uint32_t mix_wide(const uint8_t *code_of, const int32_t *sum, const int16_t *own, uint8_t *codes) {
    uint32x4_t seen = vdupq_n_u32(0), most = vdupq_n_u32(G711_STEPS - 1);
    for (int32_t i = 0; i < FRAME_SAMPLES; i += 4) {
        int32x4_t wanted = vsubq_s32(vld1q_s32(sum + i), vldrhq_s32(own + i));
        uint32x4_t index = vreinterpretq_u32_s32(vsubq_n_s32(wanted, G711_STEP_LOW));
        seen = vorrq_u32(seen, index);
        vstrbq_u32(codes + i, vldrbq_gather_offset_u32(code_of, vandq_u32(index, most)));
    }
    return vmaxvq_u32(0, seen) >> G711_STEP_BITS_OF_CODE;
}

int frame_mix(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, uint8_t *codes) {
    const uint8_t *code_of = frame_codes(law) + G711_STEP_LOW;
    const int16_t *less = own == NULL ? FRAME_ZEROS : own;
    return shape == FRAME_NARROW ? mix_narrow(code_of, (const int16_t *)(const void *)sum, less, codes) == 0
                                 : mix_wide(code_of, sum, less, codes) == 0;
}

/** What is wanted of four samples from `i` on, in steps. */
static inline int32x4_t four_wanted(const int32_t *sum, int32_t shape, const int16_t *own, int32_t i) {
    const int16_t *narrow = (const int16_t *)(const void *)sum;
    return vsubq_s32(shape == FRAME_NARROW ? vldrhq_s32(narrow + i) : vld1q_s32(sum + i), vldrhq_s32(own + i));
}

/** Gains of four samples from `first` on (limit.h). */
static inline int32x4_t gains_of(const limit_ramp *ramp, int32_t first) {
    int32x4_t place = vreinterpretq_s32_u32(vidupq_n_u32((uint32_t)first, 1));
    int32x4_t gain = vaddq_n_s32(vshrq_n_s32(vmulq_n_s32(place, ramp->step), LIMIT_BLOCK_BITS), ramp->from);
    int32x4_t end = vdupq_n_s32(ramp->to);
    return ramp->step < 0 ? vmaxq_s32(gain, end) : vminq_s32(gain, end);
}

int32_t frame_limit(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, int32_t gain,
                    uint8_t *codes) {
    const uint8_t *code_of = frame_codes(law) + G711_STEP_LOW;
    const int16_t *less = own == NULL ? FRAME_ZEROS : own;
    uint32_t peaks[FRAME_SAMPLES / LIMIT_BLOCK];
    for (int32_t block = 0; block < FRAME_SAMPLES / LIMIT_BLOCK; block++) {
        uint32x4_t most = vdupq_n_u32(0);
        for (int32_t i = block * LIMIT_BLOCK; i < (block + 1) * LIMIT_BLOCK; i += 4) {
            most = vmaxq_u32(most, vreinterpretq_u32_s32(vabsq_s32(four_wanted(sum, shape, less, i))));
        }
        peaks[block] = vmaxvq_u32(0, most) << 2;
    }
    limit_ramp ramp = limit_plan(gain, peaks, FRAME_SAMPLES / LIMIT_BLOCK);
    for (int32_t i = 0; i < FRAME_SAMPLES; i += 4) {
        int32x4_t wanted = four_wanted(sum, shape, less, i);
        int32x4_t steps = vshrq_n_s32(vmulq_s32(vabsq_s32(wanted), gains_of(&ramp, i)), LIMIT_BITS);
        steps = vminq_s32(steps, vdupq_n_s32(LIMIT_MOST >> 2));
        steps = vnegq_m_s32(steps, steps, vcmpltq_n_s32(wanted, 0));
        uint32x4_t index = vreinterpretq_u32_s32(vsubq_n_s32(steps, G711_STEP_LOW));
        vstrbq_u32(codes + i, vldrbq_gather_offset_u32(code_of, index));
    }
    return limit_gain(&ramp, FRAME_SAMPLES);
}

void frame_to_pcm(int16_t *pcm) {
    for (int32_t i = 0; i < FRAME_SAMPLES; i += LANES) {
        vst1q_s16(pcm + i, vshlq_n_s16(vld1q_s16(pcm + i), 2));
    }
}
#endif
