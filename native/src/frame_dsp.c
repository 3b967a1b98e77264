/**
 * @file frame_dsp.c
 * Frames of 20 ms with the Arm DSP extension (Cortex-M4, M7, M33); what each function does stands in frame.h.
 *
 * Samples are kept in steps (g711_tables.h), two to a word. Four frames of 14-bit values add up in 16-bit lanes
 * without loss; of two such sums, of eight frames, the addition says whether it was exact. If not, or if there
 * are more frames, sums have 32 bits.
 */
#include "kernel_form.h"

#ifdef PARLEY_FORM_DSP
#include <arm_acle.h>
#include <stddef.h>

#include "frame.h"
#include "frame_arm.h"
#include "limit.h"
#include "pair.h"

/** 80 codes to steps. @return energy with theirs */
static int64_t decode(const uint16_t *steps, const uint8_t *codes, lanes *out, int64_t energy) {
    for (const lanes *end = out + SLOT_SAMPLES / 2; out < end; codes += 40) {
#pragma GCC unroll 10
        for (int32_t i = 0; i < 40; i += 4) {
            lanes low = steps[codes[i]] | (lanes)steps[codes[i + 1]] << 16;
            lanes high = steps[codes[i + 2]] | (lanes)steps[codes[i + 3]] << 16;
            store(&out, low, high);
            energy = __smlald((int16x2_t)low, (int16x2_t)low, energy);
            energy = __smlald((int16x2_t)high, (int16x2_t)high, energy);
        }
    }
    return energy;
}

int32_t frame_decode(int32_t law, const uint8_t *const *slots, int16_t *restrict pcm) {
    const uint16_t *steps = (const uint16_t *)(law == PARLEY_LAW_PCMU ? G711_MU_STEPS : G711_A_STEPS);
    lanes *out = (lanes *)(void *)pcm;
    int64_t energy = 0;
    for (int32_t slot = 0; slot < FRAME_SLOTS; slot++, out += SLOT_SAMPLES / 2) {
        if (slots[slot] != NULL) {
            energy = decode(steps, slots[slot], out, energy);
        } else {
            for (int32_t i = 0; i < SLOT_SAMPLES / 2; i++) {
                out[i] = 0;
            }
        }
    }
    return frame_level_of((uint64_t)energy);
}

/** The sum of four frames at two places, exact: their values have 14 bits. in: moved on. */
static inline pair four(const lanes **in) {
    pair a = load(&in[0]), b = load(&in[1]), c = load(&in[2]), d = load(&in[3]);
    pair sum = {__sadd16(__sadd16(a.first, b.first), __sadd16(c.first, d.first)),
                __sadd16(__sadd16(a.second, b.second), __sadd16(c.second, d.second))};
    return sum;
}

/** out = three frames. */
static void sum_three(lanes *out, const lanes *const *frames) {
    const lanes *in[] = {frames[0], frames[1], frames[2]};
    for (const lanes *end = out + FRAME_LANES; out < end;) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < 4; i++) {
            pair a = load(&in[0]), b = load(&in[1]), c = load(&in[2]);
            store(&out, __sadd16(__sadd16(a.first, b.first), c.first),
                  __sadd16(__sadd16(a.second, b.second), c.second));
        }
    }
}

/** out = four frames. */
static void sum_four(lanes *out, const lanes *const *frames) {
    const lanes *in[] = {frames[0], frames[1], frames[2], frames[3]};
    for (const lanes *end = out + FRAME_LANES; out < end;) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < 4; i++) {
            pair sum = four(in);
            store(&out, sum.first, sum.second);
        }
    }
}

/** sum += four frames. @return 0 if all of it fits 16 bits */
static lanes add_four(lanes *sum, const lanes *const *frames) {
    const lanes *in[] = {frames[0], frames[1], frames[2], frames[3]};
    lanes lost = 0;
    const lanes *from = sum;
    for (const lanes *end = sum + FRAME_LANES; sum < end;) {
        pair more = four(in), before = load(&from);
        lanes first = __sadd16(before.first, more.first), second = __sadd16(before.second, more.second);
        lost |= first ^ __qadd16(before.first, more.first);
        lost |= second ^ __qadd16(before.second, more.second);
        store(&sum, first, second);
    }
    return lost;
}

/** sum += four frames; `first`: sum = four frames. */
static void sum_wide(int32_t *sum, const lanes *const *frames, int first) {
    const lanes *in[] = {frames[0], frames[1], frames[2], frames[3]};
    for (const int32_t *end = sum + FRAME_SAMPLES; sum < end; sum += 4) {
        pair more = four(in);
        sum[0] = (first ? 0 : sum[0]) + (int16_t)more.first;
        sum[1] = (first ? 0 : sum[1]) + ((int32_t)more.first >> 16);
        sum[2] = (first ? 0 : sum[2]) + (int16_t)more.second;
        sum[3] = (first ? 0 : sum[3]) + ((int32_t)more.second >> 16);
    }
}

static void widen(int32_t *sum) {
    const lanes *in = (const lanes *)(const void *)sum;
    for (int32_t i = FRAME_LANES - 1; i >= 0; i--) { /* from the end: in place */
        int32_t pair = (int32_t)in[i];
        sum[2 * i + 1] = pair >> 16;
        sum[2 * i] = (int16_t)pair;
    }
}

int32_t frame_sum(int32_t *sum, int32_t shape, const int16_t *const *frames, int32_t count) {
    const lanes *in[FRAME_GROUP];
    frame_pointers(in, frames, count);
    if (shape == 0) {
        (count <= THREE ? sum_three : sum_four)((lanes *)(void *)sum, in);
        if (count <= FOUR || add_four((lanes *)(void *)sum, in + FOUR) == 0) {
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

static inline __attribute__((always_inline)) void mix_lanes(const uint8_t *code_of, const lanes *sum,
                                                            const lanes *own, uint8_t *codes,
                                                            int minus) {
    for (const lanes *end = sum + FRAME_LANES; sum < end; codes += 16) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < 16; i += 4) {
            pair wanted = load(&sum);
            if (minus) {
                pair less = load(&own);
                wanted.first = __qsub16(wanted.first, less.first);
                wanted.second = __qsub16(wanted.second, less.second);
            }
            int32_t first = (int32_t)__ssat16(wanted.first, G711_STEP_BITS_OF_CODE);
            int32_t second = (int32_t)__ssat16(wanted.second, G711_STEP_BITS_OF_CODE);
            codes[i] = code_of[(int16_t)first];
            codes[i + 1] = code_of[first >> 16];
            codes[i + 2] = code_of[(int16_t)second];
            codes[i + 3] = code_of[second >> 16];
        }
    }
}

static __attribute__((noinline)) void mix_own(const uint8_t *code_of, const lanes *sum, const lanes *own,
                                              uint8_t *codes) {
    mix_lanes(code_of, sum, own, codes, 1);
}

static __attribute__((noinline)) void mix_all(const uint8_t *code_of, const lanes *sum, uint8_t *codes) {
    mix_lanes(code_of, sum, NULL, codes, 0);
}

/** The code of a 32-bit sum less one sample. */
static inline uint8_t coded(const uint8_t *code_of, lanes sum, int32_t less) {
    return code_of[__ssat((int32_t)sum - less, G711_STEP_BITS_OF_CODE)];
}

static void mix_wide(const uint8_t *code_of, const lanes *sum, const lanes *own, uint8_t *codes) {
    for (const lanes *end = sum + FRAME_SAMPLES; sum < end; codes += 8) {
#pragma GCC unroll 2
        for (int32_t i = 0; i < 8; i += 4) {
            pair low = load(&sum), high = load(&sum), less = load(&own);
            codes[i] = coded(code_of, low.first, (int16_t)less.first);
            codes[i + 1] = coded(code_of, low.second, (int32_t)less.first >> 16);
            codes[i + 2] = coded(code_of, high.first, (int16_t)less.second);
            codes[i + 3] = coded(code_of, high.second, (int32_t)less.second >> 16);
        }
    }
}

int frame_mix(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, uint8_t *codes) {
    const uint8_t *code_of = frame_codes(law);
    const lanes *less = (const lanes *)(const void *)(own == NULL ? FRAME_ZEROS : own);
    __set_saturation_occurred(0); /* SSAT and SSAT16 set the flag when a result does not fit */
    if (shape == FRAME_NARROW && own == NULL) {
        mix_all(code_of, (const lanes *)(const void *)sum, codes);
    } else if (shape == FRAME_NARROW) {
        mix_own(code_of, (const lanes *)(const void *)sum, less, codes);
    } else {
        mix_wide(code_of, (const lanes *)(const void *)sum, less, codes);
    }
    return !__saturation_occurred();
}

enum {
    HALVES_AT = 17 /* a product's sign, moved here, rounds it towards 0 when it is shifted by LIMIT_BITS */
};

/** wanted [160] = sum - own; peaks: as limit_plan takes them. */
static inline __attribute__((always_inline)) void find_peaks(const int32_t *sum, int32_t shape, const int16_t *own,
                                                             int32_t *wanted, uint32_t *peaks) {
    const int16_t *narrow = (const int16_t *)(const void *)sum;
    for (const int32_t *end = wanted + FRAME_SAMPLES; wanted < end; peaks++) {
        int32_t most = 0;
        for (const int32_t *stop = wanted + LIMIT_BLOCK; wanted < stop;) {
#pragma GCC unroll 4
            for (int32_t i = 0; i < 4; i++) {
                int32_t steps = (shape == FRAME_NARROW ? *narrow++ : *sum++) - *own++;
                int32_t magnitude = steps < 0 ? -steps : steps;
                *wanted++ = steps;
                most = magnitude > most ? magnitude : most;
            }
        }
        *peaks = (uint32_t)most << 2;
    }
}

/** The code of a sample by its gain. What is too loud is cut off at the one step more that there is below 0: its code is the same. */
static inline uint8_t softer(const uint8_t *code_of, int32_t steps, int32_t gain) {
    int32_t product = steps * gain;
    product += (int32_t)((uint32_t)(product >> 31) >> HALVES_AT);
    return code_of[__ssat(product >> LIMIT_BITS, G711_STEP_BITS_OF_CODE)];
}

/** Samples until the ramp's end is reached, at most a frame's. */
static int32_t ramp_samples(const limit_ramp *ramp) {
    int32_t way = (ramp->step < 0 ? ramp->from - ramp->to - 1 : ramp->to - ramp->from) << LIMIT_BLOCK_BITS;
    int32_t step = ramp->step < 0 ? -ramp->step : ramp->step;
    int32_t samples = ramp->step < 0 ? way / step + 1 : (way + step - 1) / step;
    return samples < FRAME_SAMPLES ? samples : FRAME_SAMPLES;
}

static __attribute__((noinline)) void limit(const uint8_t *code_of, const limit_ramp *ramp, const int32_t *wanted,
                                            uint8_t *codes) {
    int32_t gain = ramp->from << LIMIT_BLOCK_BITS;
    const int32_t *end = wanted + FRAME_SAMPLES;
    for (const int32_t *stop = wanted + ramp_samples(ramp); wanted < stop; gain += ramp->step) {
        *codes++ = softer(code_of, *wanted++, gain >> LIMIT_BLOCK_BITS);
    }
    while (wanted < end) {
        *codes++ = softer(code_of, *wanted++, ramp->to);
    }
}

int32_t frame_limit(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, int32_t gain,
                    uint8_t *codes) {
    int32_t wanted[FRAME_SAMPLES];
    uint32_t peaks[FRAME_SAMPLES / LIMIT_BLOCK];
    const int16_t *less = own == NULL ? FRAME_ZEROS : own;
    if (shape == FRAME_NARROW) {
        find_peaks(sum, FRAME_NARROW, less, wanted, peaks);
    } else {
        find_peaks(sum, FRAME_WIDE, less, wanted, peaks);
    }
    limit_ramp ramp = limit_plan(gain, peaks, FRAME_SAMPLES / LIMIT_BLOCK);
    limit(frame_codes(law), &ramp, wanted, codes);
    return limit_gain(&ramp, FRAME_SAMPLES);
}

void frame_to_pcm(int16_t *pcm) {
    lanes *out = (lanes *)(void *)pcm;
    for (const lanes *end = out + FRAME_LANES; out < end; out += 4) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < 4; i++) {
            out[i] = out[i] << 2 & 0xFFFCFFFCU;
        }
    }
}
#endif
