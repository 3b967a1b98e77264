/** @file leg_playout.c From the jitter buffer to samples; the contract stands in parley_leg.h. */
#include <stddef.h>

#include "frame.h"
#include "parley_level.h"

enum {
    WAIT_MAX = 8 /* ticks that a packet waits for the delay its stream needs */
};

/** 1 if a pause ends now, or a stream begins. */
static int ready(parley_leg *leg) {
    int32_t slack = leg_slack(leg);
    if (leg->span == 0) {
        return 0;
    }
    if (slack == FAR_AWAY) { /* a new stream: as the caller wishes, and a tick more for a sender just before it */
        int32_t slack_of_all = leg_slack_of_all(leg);
        int scarce = slack_of_all >= 0 && slack_of_all < SLACK_LEAST && leg->waited == 0;
        if ((leg->span >= leg_prefill_slots(leg) && !scarce) || leg->waited >= leg->depth_frames) {
            return 1;
        }
    } else if ((slack >= 0 && leg->span >= FRAME_SLOTS) || leg->waited >= WAIT_MAX) {
        return 1;
    }
    leg->waited++;
    return 0;
}

/** Plays a frame of which nothing is missing, as nearly all are. @return 0 if it is not such a one */
static int next_whole(parley_leg *leg, const uint8_t **slots) {
    int32_t first = leg->play_index, second = first + 1;
    if (leg->attention || leg->span < FRAME_SLOTS || first % FRAME_SLOTS != 0 ||
        !(leg->filled[first] & leg->filled[second])) {
        return 0;
    }
    slots[0] = leg->codes[first];
    slots[1] = leg->codes[second];
    leg->filled[first] = leg->filled[second] = 0;
    leg->play_index = leg_slot(leg, FRAME_SLOTS);
    leg->play_timestamp += FRAME_SLOTS * SLOT_SAMPLES;
    leg->span -= FRAME_SLOTS;
    return 1;
}

/** A tick without anything to play. @return 1 if comfort noise is heard in it */
static int32_t pass(parley_leg *leg, const uint8_t **slots, uint8_t *made) {
    leg_shift(leg, leg->synced ? PARLEY_LEG_FRAME_SAMPLES : 0); /* play time stands still */
    if (leg->noise == 0) {
        leg_count(leg, PARLEY_LEG_STAT_SILENT, 1);
        return 0;
    }
    leg_noise(leg, made);
    slots[0] = made;
    slots[1] = made + SLOT_SAMPLES;
    leg_count(leg, PARLEY_LEG_STAT_PLAYED, 1);
    return 1;
}

/** The buffer ran dry: what follows is a pause, or a new beginning. */
static void run_dry(parley_leg *leg) {
    leg_shift(leg, leg->offset - leg->span * SLOT_SAMPLES); /* at most what is left of a slot of silence */
    leg_advance(leg, leg->span);
    leg->filling = 1;
    leg->waited = leg->room = leg->offset = leg->move = 0;
    leg_attend(leg);
}

/** Makes the empty ones of the first `wanted` slots sound, and crosses over from such to the others. */
static void mend(parley_leg *leg, int32_t wanted) {
    for (int32_t i = leg->offset > 0; i < wanted && i < leg->span; i++) { /* a slot begun was seen before */
        if (!leg->filled[leg_slot(leg, i)]) {
            leg_conceal(leg, i);
            leg_count(leg, PARLEY_LEG_STAT_LOST, 1);
        } else if (leg->lost_slots > 0) {
            leg_recover(leg, i);
        }
    }
}

/** Appends concealed slots until there are `wanted`: play time stands still for them. @return 0 if it may not */
static int hold(parley_leg *leg, int32_t wanted) {
    if (leg->span >= wanted) {
        return 1;
    }
    if (leg->noise != 0 || (leg->lost_slots >= LOST_MAX && leg->span <= (leg->offset > 0))) {
        return 0;
    }
    leg_count(leg, PARLEY_LEG_STAT_UNDERRUN, leg->lost_slots == 0);
    while (leg->span < wanted) {
        leg_conceal(leg, leg->span++);
        leg->play_timestamp -= SLOT_SAMPLES;
        leg_shift(leg, SLOT_SAMPLES);
        leg->held_slots++;
    }
    return 1;
}

static int32_t slots_of(const parley_leg *leg, int32_t taken) {
    return (leg->offset + taken + SLOT_SAMPLES - 1) / SLOT_SAMPLES;
}

/** Goes on by `taken` samples, which were played in a frame's time. */
static void go_on(parley_leg *leg, int32_t taken) {
    int32_t end = leg->offset + taken;
    leg_advance(leg, end / SLOT_SAMPLES);
    leg->offset = end % SLOT_SAMPLES;
    leg_shift(leg, PARLEY_LEG_FRAME_SAMPLES - taken);
    leg->move -= PARLEY_LEG_FRAME_SAMPLES - taken;
    leg_attend(leg);
}

/** A frame that needs more than the next two slots as they came. */
static int32_t next_other(parley_leg *leg, const uint8_t **slots, uint8_t *made) {
    if (leg->filling && !ready(leg)) {
        return pass(leg, slots, made);
    }
    if (leg->filling) {
        leg->filling = leg->waited = 0;
    }
    if (leg_opaque(leg)) {
        leg_step(leg);
    }
    int32_t pace = leg->lost_slots == 0 ? leg_pace(leg) : 0;
    int32_t taken = PARLEY_LEG_FRAME_SAMPLES - pace;
    if (slots_of(leg, taken) > leg->span) {
        taken = PARLEY_LEG_FRAME_SAMPLES;
    }
    mend(leg, slots_of(leg, taken));
    if (!hold(leg, slots_of(leg, taken))) {
        run_dry(leg);
        return pass(leg, slots, made);
    }
    if (leg->offset == 0 && taken == PARLEY_LEG_FRAME_SAMPLES) {
        for (int32_t i = 0; i < FRAME_SLOTS; i++) {
            int32_t index = leg_slot(leg, i);
            slots[i] = leg->filled[index] == FILLED_EMPTY ? NULL : leg->codes[index];
        }
    } else {
        leg_stretch(leg, taken, made);
        leg_count(leg, PARLEY_LEG_STAT_STRETCHED, taken != PARLEY_LEG_FRAME_SAMPLES);
        slots[0] = made;
        slots[1] = made + SLOT_SAMPLES;
    }
    go_on(leg, taken);
    return 1;
}

int32_t leg_next(parley_leg *leg, const uint8_t **slots, uint8_t *made) {
    if (!next_whole(leg, slots)) {
        int32_t plays = next_other(leg, slots, made);
        if (!plays || leg->filling) {
            return plays;
        }
    }
    leg_count(leg, PARLEY_LEG_STAT_PLAYED, 1);
    if ((leg->stat[PARLEY_LEG_STAT_PLAYED] & (WINDOW_TICKS - 1)) == 0) {
        leg_review(leg);
    }
    return 1;
}

int32_t parley_leg_playout(parley_leg *leg, int16_t *pcm) {
    const uint8_t *slots[FRAME_SLOTS] = {NULL, NULL};
    uint8_t made[PARLEY_LEG_FRAME_SAMPLES];
    if (!leg_usable(leg)) {
        return PARLEY_LEG_UNUSABLE;
    }
    int32_t plays = leg_next(leg, slots, made);
    leg->stat[PARLEY_LEG_STAT_LEVEL_IN] = frame_decode(leg->law, slots, pcm); /* silence when none plays */
    frame_to_pcm(pcm);
    return plays;
}
