/** @file load_sound.c Tones in mu-law (ITU-T G.711), and their energy in what is heard. */
#define _GNU_SOURCE
#include "load_sound.h"

#include <math.h>
#include <string.h>

enum { CHECKED_FRAMES = 100 };

static const double TONE_HZ[TONES] = {400, 700, 1100, 1900};

static uint8_t tones[TONES][SAMPLES], silence[SAMPLES];
static double energy[CHECKED][TONES], waves[TONES][SAMPLES][2];
static int64_t checked_frames[CHECKED];

static uint8_t mu_code(int value) {
    int magnitude = (value < 0 ? -value : value) + 132, segment = 0;
    while (magnitude >> (segment + 8)) {
        segment++;
    }
    return (uint8_t)(~(segment << 4 | (magnitude >> (segment + 3) & 15)) & (value < 0 ? 0x7F : 0xFF));
}

static double mu_value(uint8_t code) {
    int magnitude = ((((~code & 15) << 3) + 132) << (~code >> 4 & 7)) - 132;
    return code & 0x80 ? magnitude : -magnitude;
}

void sound_prepare(double amplitude) {
    memset(silence, 0xFF, sizeof silence);
    for (int tone = 0; tone < TONES; tone++) {
        for (int i = 0; i < SAMPLES; i++) {
            double angle = 2 * M_PI * TONE_HZ[tone] * i / 8000;
            tones[tone][i] = mu_code((int)lrint(amplitude * sin(angle)));
            waves[tone][i][0] = cos(angle), waves[tone][i][1] = sin(angle);
        }
    }
}

const uint8_t *sound_tone(int tone) { return tones[tone]; }

const uint8_t *sound_silence(void) { return silence; }

void sound_listen(int which, const uint8_t *codes) {
    if (checked_frames[which] >= CHECKED_FRAMES) {
        return;
    }
    for (int tone = 0; tone < TONES; tone++) {
        double real = 0, imaginary = 0;
        for (int i = 0; i < SAMPLES; i++) {
            real += mu_value(codes[i]) * waves[tone][i][0];
            imaginary += mu_value(codes[i]) * waves[tone][i][1];
        }
        energy[which][tone] += real * real + imaginary * imaginary;
    }
    checked_frames[which]++;
}

int sound_right(int which, int32_t seat, int32_t talkers) {
    double loudest = 0;
    int right = 1;
    for (int tone = 0; tone < TONES; tone++) {
        loudest = fmax(loudest, energy[which][tone]);
    }
    for (int tone = 0; tone < TONES; tone++) {
        int expected = 0;
        for (int32_t other = tone; other < talkers; other += TONES) {
            expected += other != seat;
        }
        right &= expected > 0 ? energy[which][tone] > 0.5 * loudest && loudest > 0
                              : energy[which][tone] <= 0.01 * loudest;
    }
    return right;
}
