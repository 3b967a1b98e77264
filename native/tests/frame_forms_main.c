/**
 * @file frame_forms_main.c
 * Frames by AVX2 against the plain form: frame_forms SEED STEPS. Every code of both laws, slots that are missing, sums that
 * fit 16 bits and that do not, up to those of the largest conference. The plain form is frame.c once more, with names of its own
 * (test_frame_forms.py). Exit code 77: this processor has no AVX2.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_avx2.h"
#include "hostile.h"
#include "limit.h"
#include "parley_g711.h"

#if PARLEY_AVX2
int32_t plain_decode(int32_t law, const uint8_t *const *slots, int16_t *pcm);
void plain_encode(int32_t law, const int16_t *pcm, uint8_t *codes);
int32_t plain_sum(int32_t *sum, int32_t shape, const int16_t *const *frames, int32_t count);
int plain_mix(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, uint8_t *codes);
int32_t plain_limit(int32_t law, const int32_t *sum, int32_t shape, const int16_t *own, int32_t gain, uint8_t *codes);

enum { SAMPLES = PARLEY_LEG_FRAME_SAMPLES, SAMPLES_16 = 65536, NO_AVX2 = 77 };

static int32_t limited, fitted;

static int32_t law_of(uint32_t which) {
    return which & 1 ? PARLEY_LAW_PCMA : PARLEY_LAW_PCMU;
}

static void decode_both(int32_t law, const uint8_t *first, const uint8_t *second) {
    const uint8_t *slots[FRAME_SLOTS] = {first, second};
    int16_t plain[SAMPLES], fast[SAMPLES];
    int32_t level = plain_decode(law, slots, plain);
    check(frame_avx2_decode(law, slots, fast) == level, "level");
    check(memcmp(plain, fast, sizeof plain) == 0, "decoded");
}

/** Every code at every place of a vector, and levels from silence to full scale. */
static void all_codes(void) {
    uint8_t codes[SLOT_SAMPLES];
    for (int32_t step = 0; step < 2 * 256; step++) {
        for (int32_t i = 0; i < SLOT_SAMPLES; i++) {
            codes[i] = (uint8_t)(step & 1 ? step / 2 : step / 2 + i);
        }
        for (uint32_t law = 0; law < 2; law++) {
            decode_both(law_of(law), codes, codes);
            decode_both(law_of(law), NULL, codes);
            decode_both(law_of(law), codes, NULL);
            decode_both(law_of(law), NULL, NULL);
        }
    }
}

static void all_samples(void) {
    int16_t pcm[SAMPLES];
    uint8_t plain[SAMPLES], fast[SAMPLES];
    for (int32_t from = 0; from < SAMPLES_16; from += SAMPLES) {
        for (int32_t i = 0; i < SAMPLES; i++) {
            pcm[i] = (int16_t)(uint16_t)(from + i);
        }
        for (uint32_t law = 0; law < 2; law++) {
            plain_encode(law_of(law), pcm, plain);
            frame_avx2_encode(law_of(law), pcm, fast);
            check(memcmp(plain, fast, sizeof plain) == 0, "encoded");
        }
    }
}

static void mix_both(const int32_t *sum, const int16_t *own) {
    uint8_t plain[SAMPLES], fast[SAMPLES];
    int16_t pcm[SAMPLES];
    for (uint32_t law = 0; law < 2; law++) {
        int fits = plain_mix(law_of(law), sum, 1, own, plain);
        check(frame_avx2_mix(law_of(law), sum, own, fast) == fits, "fits");
        check(!fits || memcmp(plain, fast, sizeof plain) == 0, "mixed");
        fitted += fits;
        limited += !fits;
        int32_t gain = fits || below(2) ? (int32_t)below(LIMIT_ONE) : LIMIT_ONE;
        int32_t after = plain_limit(law_of(law), sum, 1, own, gain, plain);
        check(frame_avx2_limit(sum, own, gain, pcm) == after, "gain");
        frame_avx2_encode(law_of(law), pcm, fast);
        check(memcmp(plain, fast, sizeof plain) == 0, "limited");
    }
}

/** Frames of one loudness, summed in one or two groups, heard with and without oneself. */
static void mix_some(void) {
    static int16_t frames[FRAME_GROUP][SAMPLES];
    const int16_t *heard[FRAME_GROUP];
    int32_t plain[SAMPLES], fast[SAMPLES];
    int32_t count = 1 + (int32_t)below(FRAME_GROUP), first = (int32_t)below((uint32_t)count);
    uint32_t loudness = 1U << below(17);
    for (int32_t frame = 0; frame < count; frame++) {
        heard[frame] = frames[frame];
        for (int32_t i = 0; i < SAMPLES; i++) {
            frames[frame][i] = (int16_t)((int32_t)below(loudness) - (int32_t)(loudness / 2));
        }
    }
    int32_t shape = 0;
    for (int32_t begin = 0; begin < count; begin = begin == 0 && first > 0 ? first : count) {
        int32_t part = begin == 0 && first > 0 ? first : count - begin;
        frame_avx2_sum(fast, shape == 0, heard + begin, part);
        shape = plain_sum(plain, shape, heard + begin, part);
    }
    check(memcmp(plain, fast, sizeof plain) == 0, "summed");
    mix_both(plain, NULL);
    mix_both(plain, frames[below((uint32_t)count)]);
}

/** Sums of up to 16384 voices, and those just about where the limiter begins. */
static void mix_many(void) {
    static const int32_t EDGES[] = {24576, 32766, 32767, 32768, 32769, 536870912, 16383 * 32767};
    int32_t sum[SAMPLES];
    int16_t own[SAMPLES];
    uint32_t loudness = 1U << (15 + below(15));
    for (int32_t i = 0; i < SAMPLES; i++) {
        int32_t edge = EDGES[below(sizeof EDGES / sizeof EDGES[0])];
        sum[i] = below(2) ? (int32_t)below(2 * loudness) - (int32_t)loudness : below(2) ? edge : -edge;
        own[i] = (int16_t)(below(2) ? 0 : (int32_t)below(65536) - 32768);
    }
    mix_both(sum, NULL);
    mix_both(sum, own);
}

int main(int count, char **words) {
    state = count > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 1;
    int32_t steps = count > 2 ? atoi(words[2]) : 1;
    if (!kernel_form_avx2()) {
        return NO_AVX2;
    }
    all_codes();
    all_samples();
    for (int32_t i = 0; i < steps; i++) {
        mix_some();
        mix_many();
    }
    check(limited > 0 && fitted > 0, "with and without the limiter");
    printf("limited %d fitted %d\n", (int)limited, (int)fitted);
    return 0;
}
#else
int main(void) {
    return 77;
}
#endif
