/** @file resample.c Sampling rates; the contract stands in parley_resample.h. */
#include "parley_resample.h"

enum {
    PAIRS = 12, /* of taps around the middle */
    UP_KEPT = 2 * PAIRS - 1,
    DOWN_KEPT = 4 * PAIRS - 2,
    TAP_BITS = 14,
    POSITION_BITS = 12 /* of a place between two samples */
};

/* Q14, from the middle outwards: sinc under a Kaiser window (beta 5), scaled to a sum of a half. */
static const int16_t TAPS[PAIRS] = {10399, -3360, 1893, -1229, 839, -580, 397, -266, 171, -103, 57, -26};

static int32_t cut(int32_t value) {
    return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
}

static void keep(int16_t *to, const int16_t *from, int32_t samples) {
    for (int32_t i = 0; i < samples; i++) {
        to[i] = from[i];
    }
}

void parley_resample_up(int16_t *state, const int16_t *pcm, int16_t *out, int32_t samples) {
    int16_t line[UP_KEPT + PARLEY_RESAMPLE_SAMPLES_MAX];
    keep(line, state, UP_KEPT);
    keep(line + UP_KEPT, pcm, samples);
    for (int32_t i = 0; i < samples; i++) {
        const int16_t *middle = line + i + PAIRS - 1; /* the new sample lies between this one and the next */
        int32_t sum = 1 << (TAP_BITS - 1);
        for (int32_t pair = 0; pair < PAIRS; pair++) {
            sum += (middle[-pair] + middle[pair + 1]) * TAPS[pair];
        }
        out[2 * i] = middle[0];
        out[2 * i + 1] = (int16_t)cut(sum >> TAP_BITS);
    }
    keep(state, line + samples, UP_KEPT);
}

void parley_resample_down(int16_t *state, const int16_t *pcm, int16_t *out, int32_t samples) {
    int16_t line[DOWN_KEPT + 2 * PARLEY_RESAMPLE_SAMPLES_MAX];
    keep(line, state, DOWN_KEPT);
    keep(line + DOWN_KEPT, pcm, 2 * samples);
    for (int32_t i = 0; i < samples; i++) {
        const int16_t *middle = line + 2 * i + 2 * PAIRS - 1;
        int32_t sum = middle[0] * (1 << TAP_BITS) + (1 << TAP_BITS);
        for (int32_t pair = 0; pair < PAIRS; pair++) {
            sum += (middle[-2 * pair - 1] + middle[2 * pair + 1]) * TAPS[pair];
        }
        out[i] = (int16_t)cut(sum >> (TAP_BITS + 1));
    }
    keep(state, line + 2 * samples, DOWN_KEPT);
}

/** The curve through four samples, `part` of 1 << POSITION_BITS behind the second (Catmull and Rom). */
static int32_t curve(int32_t a, int32_t b, int32_t c, int32_t d, int32_t part) {
    int32_t slopes = c - a;
    int32_t bend = 2 * a - 5 * b + 4 * c - d;
    int32_t twist = 3 * (b - c) + d - a;
    int32_t sum = bend + (int32_t)(((int64_t)twist * part) >> POSITION_BITS);
    sum = slopes + (int32_t)(((int64_t)sum * part) >> POSITION_BITS);
    return b + (int32_t)(((int64_t)sum * part) >> (POSITION_BITS + 1));
}

void parley_stretch(const int16_t *pcm, int32_t taken, int16_t *out, int32_t made) {
    for (int32_t i = 0; i < made; i++) {
        int32_t at = i * taken / made;
        int32_t part = (i * taken % made << POSITION_BITS) / made;
        int32_t before = pcm[at > 0 ? at - 1 : 0];
        int32_t after = pcm[at + 1 < taken ? at + 1 : taken - 1];
        int32_t later = pcm[at + 2 < taken ? at + 2 : taken - 1];
        out[i] = (int16_t)cut(curve(before, pcm[at], after, later, part));
    }
}
