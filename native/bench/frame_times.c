/**
 * @file frame_times.c
 * Frames of 20 ms, each function alone: nanoseconds a call, the least of many rounds. Run by frame_times.py. Prints one JSON
 * object.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "frame.h"
#include "limit.h"
#include "parley_g711.h"

enum { SAMPLES = PARLEY_LEG_FRAME_SAMPLES, ROUNDS = 40, CALLS = 2000, VOICES = 8 };

static uint8_t quiet[SAMPLES], loud[SAMPLES], heard[SAMPLES];
static int16_t frames[VOICES][SAMPLES];
static const int16_t *voices[VOICES];
static const uint8_t *slots[FRAME_SLOTS] = {quiet, quiet + SLOT_SAMPLES};
static int32_t law, sum[SAMPLES], shape;

static void decode(void) { frame_decode(law, slots, frames[0]); }
static void encode(void) { frame_encode(law, frames[0], heard); }
static void sum_4(void) { shape = frame_sum(sum, 0, voices, 4); }
static void sum_8(void) { shape = frame_sum(sum, 0, voices, 8); }
static void mix(void) { frame_mix(law, sum, shape, frames[1], heard); }
static void limited(void) {
    static int32_t gain = LIMIT_ONE;
    if (!frame_mix(law, sum, shape, frames[1], heard)) {
        gain = frame_limit(law, sum, shape, frames[1], gain, heard);
    }
}
static void copy(void) { frame_copy(law, slots, heard); }
static void silent(void) { frame_silent(law, slots); }

static double cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void time_of(const char *name, void (*call)(void)) {
    double least = 1e18;
    for (int32_t round = 0; round < ROUNDS; round++) {
        double from = cpu_ns();
        for (int32_t i = 0; i < CALLS; i++) {
            call();
        }
        double took = (cpu_ns() - from) / CALLS;
        least = took < least ? took : least;
    }
    printf("\"%s %s\": %.1f, ", name, law == PARLEY_LAW_PCMU ? "PCMU" : "PCMA", least);
}

static void decode_voices(const uint8_t *codes) {
    const uint8_t *of[FRAME_SLOTS] = {codes, codes + SLOT_SAMPLES};
    for (int32_t i = 0; i < VOICES; i++) {
        voices[i] = frames[i];
        frame_decode(law, of, frames[i]);
    }
}

static void time_law(int32_t which) {
    law = which;
    decode_voices(quiet);
    time_of("decode", decode), time_of("encode", encode), time_of("sum of 4", sum_4), time_of("sum of 8", sum_8);
    time_of("mix", mix), time_of("copy", copy), time_of("silent", silent);
    decode_voices(loud);
    sum_8();
    time_of("mix, limited", limited);
}

int main(void) {
    for (int32_t i = 0; i < SAMPLES; i++) {
        int32_t sign = rand() & 0x80;
        quiet[i] = (uint8_t)((0xC0 + rand() % 0x3F) ^ sign); /* mu-law: up to 2000; eight fit 16 bits */
        loud[i] = (uint8_t)((0x80 + rand() % 0x20) ^ sign);
    }
    printf("{");
    time_law(PARLEY_LAW_PCMU);
    for (int32_t i = 0; i < SAMPLES; i++) { /* much the same samples by the other law */
        quiet[i] ^= 0x7F ^ 0x55;
        loud[i] ^= 0x7F ^ 0x55;
    }
    time_law(PARLEY_LAW_PCMA);
    printf("\"shape\": %d}\n", (int)shape);
    return 0;
}
