/** @file words_dsp.c The kernels of any length with the Arm DSP extension; see words.h. */
#include "words.h"

#ifdef PARLEY_FORM_DSP
#include <arm_acle.h>
#include <stddef.h>

#include "g711_tables.h"
#include "pair.h"
#include "parley_g711.h"

enum {
    SIGN = 0x80 /* both laws: bit 7 of a code is the sign's */
};

static int aligned(const void *memory) {
    return ((uintptr_t)memory & 3) == 0;
}

/** Four at a time: with LDM and STM a sample costs 1.75 instructions. */
#define ADD_FOUR(sum, pcm)                   \
    __asm("ldrd r2, r3, [%1], #8\n\t"        \
          "ldm %0, {r4, r5, r6, r8}\n\t"     \
          "sxtah r4, r4, r2\n\t"             \
          "add r5, r5, r2, asr #16\n\t"      \
          "sxtah r6, r6, r3\n\t"             \
          "add r8, r8, r3, asr #16\n\t"      \
          "stmia %0!, {r4, r5, r6, r8}"      \
          : "+r"(sum), "+r"(pcm)             \
          :                                  \
          : "r2", "r3", "r4", "r5", "r6", "r8", "memory")

int32_t words_mix_add(int32_t *sum, const int16_t *pcm, int32_t samples) {
    int32_t done = samples < 0 || !aligned(pcm) ? 0 : samples & ~15;
    for (const int32_t *end = sum + done; sum < end;) {
        ADD_FOUR(sum, pcm);
        ADD_FOUR(sum, pcm);
        ADD_FOUR(sum, pcm);
        ADD_FOUR(sum, pcm);
    }
    return done;
}

/** Two samples of which SSAT says by its flag whether they fit. */
static inline lanes narrow(lanes first, lanes second) {
    return (uint16_t)__ssat((int32_t)first, 16) | (lanes)__ssat((int32_t)second, 16) << 16;
}

int32_t words_mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples) {
    int32_t done = samples < 0 || own == out || !aligned(own) || !aligned(out) ? 0 : samples & ~7;
    const lanes *from = (const lanes *)(const void *)sum;
    const lanes *less = (const lanes *)(const void *)own;
    lanes *to = (lanes *)(void *)out;
    __set_saturation_occurred(0);
    for (const lanes *end = from + done; from < end;) {
#pragma GCC unroll 2
        for (int32_t i = 0; i < 2; i++) {
            pair low = load(&from), high = load(&from);
            if (own != NULL) {
                pair voice = load(&less);
                low.first -= (lanes)(int16_t)voice.first;
                low.second -= (lanes)((int32_t)voice.first >> 16);
                high.first -= (lanes)(int16_t)voice.second;
                high.second -= (lanes)((int32_t)voice.second >> 16);
            }
            store(&to, narrow(low.first, low.second), narrow(high.first, high.second));
        }
    }
    return __saturation_occurred() ? -1 : done;
}

int32_t words_energy(const int16_t *pcm, int32_t samples, uint64_t *energy) {
    int32_t done = samples < 0 || !aligned(pcm) ? 0 : samples & ~15;
    const lanes *from = (const lanes *)(const void *)pcm;
    int64_t sum = (int64_t)*energy;
    for (const lanes *end = from + done / 2; from < end;) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < 4; i++) {
            pair two = load(&from);
            sum = __smlald((int16x2_t)two.first, (int16x2_t)two.first, sum);
            sum = __smlald((int16x2_t)two.second, (int16x2_t)two.second, sum);
        }
    }
    *energy = (uint64_t)sum;
    return done;
}

int32_t words_decode(int32_t law, const uint8_t *codes, int16_t *pcm, int32_t samples) {
    const int16_t *steps = law == PARLEY_LAW_PCMU ? G711_MU_STEPS : G711_A_STEPS;
    int32_t done = samples < 0 ? 0 : samples & ~7;
    for (const uint8_t *end = codes + done; codes < end; codes += 8, pcm += 8) {
#pragma GCC unroll 8
        for (int32_t i = 0; i < 8; i++) {
            pcm[i] = (int16_t)(steps[codes[i]] * 4);
        }
    }
    return done;
}

int32_t words_encode(int32_t law, const int16_t *pcm, uint8_t *codes, int32_t samples) {
    const uint8_t *code_of = (law == PARLEY_LAW_PCMU ? G711_MU_CODES : G711_A_CODES) - G711_STEP_LOW;
    int32_t done = samples < 0 ? 0 : samples & ~7;
    for (const uint8_t *end = codes + done; codes < end; codes += 8, pcm += 8) {
#pragma GCC unroll 8
        for (int32_t i = 0; i < 8; i++) {
            int32_t sample = pcm[i], negative = sample >> 31;
            int32_t steps = (int32_t)__usat(((sample ^ negative) - negative) >> 2, G711_STEP_BITS_OF_CODE - 1);
            codes[i] = (uint8_t)(code_of[steps] ^ (negative & SIGN));
        }
    }
    return done;
}
#endif
