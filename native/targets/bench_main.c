/**
 * @file bench_main.c
 * What is counted: each kernel on a frame of 160 samples, and whole ticks of a conference. Prints the names of
 * the cases in the order in which count_marked.c sees them.
 */
#include <stdio.h>

#include "bench_conference.h"
#include "bench_srtp.h"
#include "frame.h"
#include "marks.h"
#include "noise.h"
#include "parley_g711.h"
#include "parley_level.h"
#include "parley_mix.h"

enum { SAMPLES = PARLEY_LEG_FRAME_SAMPLES, TALKERS = 8, LOUD = 32767, SPEECH = 3000 };

#define COUNTED(name, call) \
    do {                    \
        printf("%s\n", name); \
        mark_begin();       \
        call;               \
        mark_end();         \
    } while (0)

static int16_t voices[TALKERS][SAMPLES];
static int16_t out[SAMPLES];
static int32_t sum[SAMPLES];
static uint8_t codes[SAMPLES];

static void speak(int32_t peak) {
    for (int32_t i = 0; i < TALKERS; i++) {
        make_noise(voices[i], SAMPLES, peak, (uint32_t)i);
    }
}

static void sum_up(void) {
    parley_mix_clear(sum, SAMPLES);
    for (int32_t i = 0; i < TALKERS; i++) {
        parley_mix_add(sum, voices[i], SAMPLES);
    }
}

static void kernels(void) {
    speak(SPEECH);
    COUNTED("empty", (void)0);
    COUNTED("g711_encode PCMU", parley_g711_encode(PARLEY_LAW_PCMU, voices[0], codes, SAMPLES));
    COUNTED("g711_decode PCMU", parley_g711_decode(PARLEY_LAW_PCMU, codes, out, SAMPLES));
    COUNTED("g711_encode PCMA", parley_g711_encode(PARLEY_LAW_PCMA, voices[0], codes, SAMPLES));
    COUNTED("g711_decode PCMA", parley_g711_decode(PARLEY_LAW_PCMA, codes, out, SAMPLES));
    sum_up();
    COUNTED("level_dbov", parley_level_dbov(voices[0], SAMPLES));
    COUNTED("mix_add", parley_mix_add(sum, voices[0], SAMPLES));
    sum_up();
    COUNTED("mix_minus", parley_mix_minus(sum, voices[0], out, SAMPLES, PARLEY_MIX_LIMIT_ONE));
    COUNTED("mix_minus listener", parley_mix_minus(sum, NULL, out, SAMPLES, PARLEY_MIX_LIMIT_ONE));
    speak(LOUD);
    sum_up();
    COUNTED("mix_minus limited", parley_mix_minus(sum, voices[0], out, SAMPLES, PARLEY_MIX_LIMIT_ONE));
}

/** The kernels the bridge uses, on the frames it keeps. */
static void frames(void) {
    static uint8_t spoken[TALKERS][SAMPLES] __attribute__((aligned(4)));
    const uint8_t *slots[FRAME_SLOTS] = {spoken[0], spoken[0] + SLOT_SAMPLES};
    const int16_t *all[TALKERS];
    int32_t shape;
    speak(SPEECH);
    for (int32_t i = 0; i < TALKERS; i++) {
        const uint8_t *own[FRAME_SLOTS] = {spoken[i], spoken[i] + SLOT_SAMPLES};
        parley_g711_encode(PARLEY_LAW_PCMU, voices[i], spoken[i], SAMPLES);
        frame_decode(PARLEY_LAW_PCMU, own, voices[i]);
        all[i] = voices[i];
    }
    COUNTED("frame_silent", frame_silent(PARLEY_LAW_PCMU, slots));
    COUNTED("frame_decode", frame_decode(PARLEY_LAW_PCMU, slots, out));
    COUNTED("frame_sum of 8", shape = frame_sum(sum, 0, all, TALKERS));
    COUNTED("frame_mix PCMU", frame_mix(PARLEY_LAW_PCMU, sum, shape, voices[0], codes));
    COUNTED("frame_mix PCMA", frame_mix(PARLEY_LAW_PCMA, sum, shape, voices[0], codes));
}

int main(void) {
    static const bench_conference CASES[] = {
        {"tick all of 8 talk, all mixed", 8, 8, 8, SPEECH, 0, 0},
        {"tick all of 8 talk, all mixed, limited", 8, 8, 8, LOUD, 0, 0},
        {"tick all of 4 talk, all mixed", 4, 4, 4, SPEECH, 0, 0},
        {"tick all of 16 talk, all mixed", 16, 16, 16, SPEECH / 2, 0, 0},
        {"tick 3 of 8 talk, 3 loudest mixed", 8, 3, 3, SPEECH, 3, 0},
        {"tick 3 of 8 talk, 5 murmur, 3 loudest mixed", 8, 3, 8, SPEECH, 3, 0},
        {"tick all of 8 talk, 3 loudest mixed", 8, 8, 8, SPEECH, 3, 0},
        {"tick 1 of 8 talks, all mixed", 8, 1, 1, SPEECH, 0, 0},
        {"tick all of 8 silent, all mixed", 8, 0, 0, SPEECH, 0, 0},
        {"tick all of 8 talk, all mixed, named with levels", 8, 8, 8, SPEECH, 0, 15},
        {"tick 3 of 8 talk, 3 loudest mixed, named with levels", 8, 3, 3, SPEECH, 3, 15},
    };
    kernels();
    frames();
    bench_srtp_run();
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        if (!bench_conference_run(&CASES[i])) {
            printf("failed %s\n", CASES[i].name);
            return 1;
        }
    }
    return 0;
}
