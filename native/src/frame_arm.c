/** @file frame_arm.c What the DSP and the MVE form of the frames share; frame.h and frame_arm.h tell what it does. */
#include "kernel_form.h"

#if PARLEY_ARM
#include <arm_acle.h>
#ifdef PARLEY_FORM_MVE
#include <arm_mve.h>
#endif
#include <stddef.h>

#include "frame_arm.h"
#include "g711_codes.h"
#include "octets.h"

enum {
    STEP = 4,                                /* 16-bit samples' steps */
    SILENT_WORD = 0x7F7F7F7F                 /* the 7 bits that both zeros of mu-law have set */
};

const int16_t FRAME_ZEROS[PARLEY_LEG_FRAME_SAMPLES] __attribute__((aligned(8))) = {0};

typedef struct words {
    lanes word[4];
} __attribute__((may_alias, packed)) words;

/** 1 if each of 80 codes is one of mu-law's zeros. */
static int zeros(const lanes *in) {
    lanes all = SILENT_WORD;
#pragma GCC unroll 10
    for (int32_t i = 0; i < SLOT_SAMPLES / 8; i++) {
        pair two = load(&in);
        all &= two.first & two.second;
    }
    return all == SILENT_WORD;
}

int frame_silent(int32_t law, const uint8_t *const *slots) {
    for (int32_t slot = 0; slot < FRAME_SLOTS; slot++) {
        const lanes *in = (const lanes *)(const void *)slots[slot];
        if (in == NULL) {
            continue;
        }
        if (law != PARLEY_LAW_PCMU || (in[0] & SILENT_WORD) != SILENT_WORD || !zeros(in)) {
            return 0;
        }
    }
    return 1;
}

static void silence(int32_t law, uint8_t *codes, int32_t count) {
    words *out = (words *)(void *)codes;
    lanes zeros = (law == PARLEY_LAW_PCMU ? G711_MU_ZERO : G711_A_ZERO) * 0x01010101U;
    for (const words *end = out + count / 16; out < end; out++) {
        out->word[0] = out->word[1] = out->word[2] = out->word[3] = zeros;
    }
}

void frame_silence(int32_t law, uint8_t *codes) {
    silence(law, codes, FRAME_SAMPLES);
}

#ifdef PARLEY_FORM_MVE
/** mu-law's negative zero becomes the positive one. */
static void copy_mu(const uint8_t *from, uint8_t *to) {
    uint8x16_t sign = vdupq_n_u8(G711_SIGN), negative_zero = vdupq_n_u8(G711_MU_NEGATIVE_ZERO);
    for (int32_t i = 0; i < SLOT_SAMPLES; i += 16) {
        uint8x16_t codes = vld1q_u8(from + i);
        vst1q_u8(to + i, vorrq_m_u8(codes, codes, sign, vcmpeqq_u8(codes, negative_zero)));
    }
}
#else
/** mu-law's negative zero becomes the positive one, four codes at a time. */
static inline lanes without_negative_zero(lanes codes) {
    __usub8(codes ^ G711_MU_NEGATIVE_ZERO * 0x01010101U, 0x01010101U); /* no borrow where it is not 0 */
    return __sel(codes, 0xFFFFFFFFU);
}

static void copy_mu(const uint8_t *from, uint8_t *to) {
    const words *in = (const words *)(const void *)from;
    words *out = (words *)(void *)to;
    for (const words *end = in + SLOT_SAMPLES / 16; in < end; in++, out++) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < 4; i++) {
            out->word[i] = without_negative_zero(in->word[i]);
        }
    }
}
#endif

void frame_copy(int32_t law, const uint8_t *const *slots, uint8_t *restrict codes) {
    for (int32_t slot = 0; slot < FRAME_SLOTS; slot++, codes += SLOT_SAMPLES) {
        if (slots[slot] == NULL) {
            silence(law, codes, SLOT_SAMPLES);
        } else if (law == PARLEY_LAW_PCMU) {
            copy_mu(slots[slot], codes);
        } else {
            octets_copy(codes, slots[slot], SLOT_SAMPLES);
        }
    }
}

#define TEN_LEVELS(power)                                                                                     \
    LEVEL_END(956915000, power), LEVEL_END(760104603, power), LEVEL_END(603772547, power),                    \
        LEVEL_END(479593582, power), LEVEL_END(380954723, power), LEVEL_END(302603093, power),                \
        LEVEL_END(240366180, power), LEVEL_END(190929644, power), LEVEL_END(151660807, power),                \
        LEVEL_END(120468461, power)

/** Energy of a frame in square steps at which a level ends, rounded up; see level.c. */
#define LEVEL_END(mean, power) \
    (uint32_t)(((mean)*10ULL + (power)-1) / (power) > UINT32_MAX ? UINT32_MAX : ((mean)*10ULL + (power)-1) / (power))

static const uint32_t LEVEL_ENDS[] = {
    TEN_LEVELS(1ULL),         TEN_LEVELS(10ULL),         TEN_LEVELS(100ULL),         TEN_LEVELS(1000ULL),
    TEN_LEVELS(10000ULL),     TEN_LEVELS(100000ULL),     TEN_LEVELS(1000000ULL),     TEN_LEVELS(10000000ULL),
    TEN_LEVELS(100000000ULL), TEN_LEVELS(1000000000ULL), 0,
};

int32_t frame_level_of(uint64_t energy) {
    uint32_t rest = (uint32_t)energy;
    if (energy >> 32 != 0) {
        return level_of_energy(energy * (STEP * STEP), FRAME_SAMPLES);
    }
    if (rest == 0) {
        return PARLEY_LEVEL_SILENCE;
    }
    int32_t level = 4 + (__builtin_clz(rest) * 771 >> 8); /* a bit is 3.0103 dB: at most 3 short of the truth */
    while (rest < LEVEL_ENDS[level]) {
        level++;
    }
    return level;
}

void frame_encode(int32_t law, const int16_t *restrict pcm, uint8_t *restrict codes) {
    const uint8_t *code_of = frame_codes(law);
    for (int32_t i = 0; i < FRAME_SAMPLES; i++) {
        codes[i] = code_of[pcm[i]];
    }
}
#endif
