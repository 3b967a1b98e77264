/** @file bridge_tone.c Tones for one leg, of a table of notes; the contract stands in parley_bridge_side.h. */
#include <stddef.h>

#include "bridge_tone.h"
#include "parley_g711.h"
#include "parley_mix.h"

enum {
    NOTES = 3,
    STEP_HZ = 50, /* so that a frame holds whole periods: notes begin and end at 0, without a click */
    PEAK = 4000,  /* -18 dBov */
    TONE_MASK = 0xFF,
    TIMES_AT = 8,
    FRAME_AT = 16,
    QUARTER = 1 << 14 /* of a turn, and the sine's 1 */
};

/** [tone][note]: frequency in steps of 50 Hz (0 a rest), frames; frames 0: no more notes. */
static const uint8_t NOTES_OF[PARLEY_BRIDGE_TONE_COUNT][NOTES][2] = {
    {{0, 0}, {0, 0}, {0, 0}},
    {{12, 5}, {16, 5}, {0, 1}},    /* JOIN */
    {{16, 5}, {12, 5}, {0, 1}},    /* LEAVE */
    {{8, 8}, {0, 5}, {8, 8}},      /* ALONE */
    {{20, 5}, {10, 8}, {0, 1}},    /* LOCKED */
    {{10, 5}, {20, 8}, {0, 1}},    /* OPENED */
    {{9, 10}, {0, 1}, {0, 0}},     /* MUTED */
    {{18, 10}, {0, 1}, {0, 0}},    /* UNMUTED */
    {{14, 4}, {18, 4}, {22, 4}},   /* HAND_UP */
    {{22, 4}, {18, 4}, {14, 4}},   /* HAND_DOWN */
    {{17, 5}, {0, 10}, {0, 0}},    /* ROLL */
    {{6, 20}, {0, 1}, {0, 0}},     /* REFUSED */
};

/** sin of `part` / 65536 turns in Q14, by its series to the fifth power: exact to 0.02 %. */
static int32_t sine(int32_t part) {
    int32_t x = part < 2 * QUARTER ? part : part - 4 * QUARTER;
    if (x > QUARTER || x < -QUARTER) {
        x = (x > 0 ? 2 * QUARTER : -2 * QUARTER) - x;
    }
    int32_t square = x * x >> 14;
    return x * (25736 - (square * (10583 - (square * 1306 >> 14)) >> 14)) >> 14;
}

/** The note that sounds in a frame of a tone. @return NULL when the tone is over */
static const uint8_t *note_at(int32_t told) {
    int32_t frame = told >> FRAME_AT;
    for (int32_t note = 0; note < NOTES; note++) {
        const uint8_t *found = NOTES_OF[told & TONE_MASK][note];
        if (frame < found[1]) {
            return found;
        }
        frame -= found[1];
    }
    return NULL;
}

void bridge_tone_add(int32_t told, int32_t *sum, int32_t samples) {
    int32_t hertz = note_at(told)[0] * STEP_HZ, turn = 0, rate = samples * STEP_HZ;
    for (int32_t i = 0; i < samples; i++) {
        sum[i] += sine(turn * 4096 / (rate / 16)) * PEAK >> 14;
        turn += hertz;
        turn -= turn >= rate ? rate : 0;
    }
}

int32_t bridge_tone_next(int32_t told) {
    int32_t next = told + (1 << FRAME_AT);
    if (note_at(next) != NULL) {
        return next;
    }
    int32_t times = (told >> TIMES_AT & TONE_MASK) - 1;
    return times == 0 ? 0 : times << TIMES_AT | (told & TONE_MASK);
}

void bridge_tone_mix(int32_t told, int32_t law, uint8_t *codes) {
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES];
    int32_t sum[PARLEY_LEG_FRAME_SAMPLES];
    parley_g711_decode(law, codes, pcm, PARLEY_LEG_FRAME_SAMPLES);
    parley_mix_clear(sum, PARLEY_LEG_FRAME_SAMPLES);
    parley_mix_add(sum, pcm, PARLEY_LEG_FRAME_SAMPLES);
    bridge_tone_add(told, sum, PARLEY_LEG_FRAME_SAMPLES);
    for (int32_t i = 0; i < PARLEY_LEG_FRAME_SAMPLES; i++) { /* by an eighth too loud at most: cut off */
        pcm[i] = (int16_t)(sum[i] > INT16_MAX ? INT16_MAX : sum[i] < -INT16_MAX ? -INT16_MAX : sum[i]);
    }
    parley_g711_encode(law, pcm, codes, PARLEY_LEG_FRAME_SAMPLES);
}

int32_t parley_bridge_tell(parley_bridge *bridge, int32_t leg, int32_t tone, int32_t times) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL || tone < 0 || tone >= PARLEY_BRIDGE_TONE_COUNT || times < 1 ||
        times > PARLEY_BRIDGE_TONE_TIMES_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    named->told = (named->told & ~BRIDGE_TONE) | (tone == 0 ? 0 : times << TIMES_AT | tone);
    return 0;
}
