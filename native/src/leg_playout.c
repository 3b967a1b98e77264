/** @file leg_playout.c From the jitter buffer to samples; the contract stands in parley_leg.h. */
#include <stddef.h>

#include "frame.h"
#include "parley_level.h"

/** 1 if a frame is to be played now; else the buffer is, or begins, filling. */
static int due(parley_leg *leg) {
    if (!leg->filling) {
        if (leg->span >= FRAME_SLOTS) {
            return 1;
        }
        leg_count(leg, PARLEY_LEG_STAT_UNDERRUN, 1);
        leg->filling = 1;
        leg->waited_ticks = 0;
        return 0;
    }
    if (leg->span == 0) {
        return 0;
    }
    if (leg->span >= leg_prefill_slots(leg) || leg->waited_ticks >= leg->depth_frames) {
        leg->filling = 0;
        return 1;
    }
    leg->waited_ticks++;
    return 0;
}

/** Plays a frame of which nothing is missing, as nearly all are. @return 0 if it is not such a one */
static int next_whole(parley_leg *leg, const uint8_t **slots) {
    int32_t first = leg_slot(leg, 0), second = leg_slot(leg, 1);
    if (leg->filling || leg->span < FRAME_SLOTS || !(leg->filled[first] & leg->filled[second])) {
        return 0;
    }
    slots[0] = leg->codes[first];
    slots[1] = leg->codes[second];
    leg->filled[first] = leg->filled[second] = 0;
    leg->play_index = leg_slot(leg, FRAME_SLOTS);
    leg->play_timestamp += FRAME_SLOTS * SLOT_SAMPLES;
    leg->span -= FRAME_SLOTS;
    leg->room = 0;
    leg_count(leg, PARLEY_LEG_STAT_PLAYED, 1);
    return 1;
}

int32_t leg_next(parley_leg *leg, const uint8_t **slots) {
    if (next_whole(leg, slots)) {
        return 1;
    }
    if (!due(leg)) {
        leg_count(leg, PARLEY_LEG_STAT_SILENT, 1);
        return 0;
    }
    for (int32_t i = 0; i < FRAME_SLOTS; i++) {
        int32_t index = leg_slot(leg, i);
        slots[i] = leg->filled[index] ? leg->codes[index] : NULL;
        /* beyond the newest slot nothing was sent yet, so nothing was lost */
        leg_count(leg, PARLEY_LEG_STAT_LOST, slots[i] == NULL && i < leg->span);
    }
    leg_advance(leg, leg->span < FRAME_SLOTS ? leg->span : FRAME_SLOTS);
    leg_count(leg, PARLEY_LEG_STAT_PLAYED, 1);
    return 1;
}

int32_t parley_leg_playout(parley_leg *leg, int16_t *pcm) {
    const uint8_t *slots[FRAME_SLOTS] = {NULL, NULL};
    if (!leg_usable(leg)) {
        return PARLEY_LEG_UNUSABLE;
    }
    int32_t plays = leg_next(leg, slots);
    leg->stat[PARLEY_LEG_STAT_LEVEL_IN] = frame_decode(leg->law, slots, pcm); /* silence when none plays */
    frame_to_pcm(pcm);
    return plays;
}
