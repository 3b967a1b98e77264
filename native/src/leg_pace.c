/** @file leg_pace.c How much delay a stream needs, and the way there; the contract stands in parley_leg.h. */
#include "leg_state.h"
#include "parley_g711.h"
#include "parley_resample.h"

enum {
    SLACK_SPARE = 64,  /* 8 ms: less than a frame more than this is no reason to shrink */
    PACE_QUIET = 16,   /* samples of a frame */
    DRIFT_FALL = 3,    /* samples of slack lost in the windows known */
    PAUSE_WINDOWS = 12, /* a move waits so long for a pause: 8 s */
    FAR = 160,          /* samples to go that add one to the pace of 1 */
    TAKEN_MAX = PARLEY_LEG_FRAME_SAMPLES + PACE_QUIET
};

int32_t leg_slack(const parley_leg *leg) {
    int32_t least = leg->least, second = FAR_AWAY;
    for (int32_t i = 0; i < WINDOWS; i++) {
        int32_t low = leg->lows[i];
        int32_t larger = low > least ? low : least;
        second = larger < second ? larger : second;
        least = low < least ? low : least;
    }
    return second == FAR_AWAY ? FAR_AWAY : second + leg->shift;
}

int32_t leg_slack_of_all(const parley_leg *leg) {
    int32_t least = leg->least;
    for (int32_t i = 0; i < WINDOWS; i++) {
        least = leg->lows[i] < least ? leg->lows[i] : least;
    }
    return least == FAR_AWAY ? FAR_AWAY : least + leg->shift;
}

/** 1 if the slack falls from window to window, as under a slow clock: jitter leaps about. */
static int drifting(const parley_leg *leg) {
    int32_t oldest = leg->lows[leg->window], before = oldest;
    for (int32_t i = 1; i <= WINDOWS; i++) {
        int32_t now = i < WINDOWS ? leg->lows[(leg->window + i) % WINDOWS] : leg->least;
        if (now > before) {
            return 0;
        }
        before = now;
    }
    return oldest != FAR_AWAY && oldest - before >= DRIFT_FALL;
}

/** Samples of delay to put in for nearly all packets, or to take away if no packet needs them. */
static int32_t wanted(const parley_leg *leg, int32_t quantum) {
    int32_t slack = leg_slack(leg), of_all = leg_slack_of_all(leg);
    int32_t pause = leg->stat[PARLEY_LEG_STAT_LEVEL_IN] >= LEG_QUIET_DBOV;
    if (slack < SLACK_LEAST && !pause && !drifting(leg)) {
        return 0; /* one late packet concealed is heard less than seconds of stretching */
    }
    if (slack < SLACK_LEAST) {
        return (SLACK_LEAST - slack + quantum - 1) / quantum * quantum;
    }
    int32_t spare = of_all < quantum + SLACK_SPARE ? 0 : (of_all - SLACK_SPARE) / quantum * quantum;
    return pause || spare > PARLEY_LEG_FRAME_SAMPLES ? -spare : 0; /* a frame less can wait until nobody hears it */
}

void leg_review(parley_leg *leg) {
    int32_t quantum = leg->packet_slots % FRAME_SLOTS == 0 ? FRAME_SLOTS * SLOT_SAMPLES : SLOT_SAMPLES;
    int32_t most = (CEILING_SLOTS - leg->packet_slots - leg->span) * SLOT_SAMPLES;
    int32_t known = leg_slack(leg) != FAR_AWAY;
    int32_t move = known ? wanted(leg, quantum) : 0;
    leg->waited += leg->move < 0;
    leg->lows[leg->window] = leg->least;
    leg->window = (leg->window + 1) % WINDOWS;
    leg->least = FAR_AWAY;
    if (known && leg->move == 0 && leg->offset == 0) {
        if (move == 0 && quantum > SLOT_SAMPLES && leg->span % FRAME_SLOTS != 0) {
            move = -SLOT_SAMPLES; /* packets and ticks half a frame out of step: it delays and helps nothing */
        }
        leg->move = move <= most ? move : 0;
        leg->waited = 0;
        leg_attend(leg);
    }
}

int32_t leg_pace(const parley_leg *leg) {
    if (leg_opaque(leg)) {
        return 0;
    }
    int32_t left = leg->move < 0 ? -leg->move : leg->move;
    int32_t pause = leg->stat[PARLEY_LEG_STAT_LEVEL_IN] >= LEG_QUIET_DBOV;
    if (leg->move < 0 && !pause && leg->waited < PAUSE_WINDOWS) {
        return 0;
    }
    int32_t pace = pause ? PACE_QUIET : 1 + left / FAR;
    pace = pace > PACE_QUIET ? PACE_QUIET : pace;
    pace = pace > left ? left : pace;
    return leg->move < 0 ? -pace : pace;
}

void leg_step(parley_leg *leg) {
    int32_t pause = leg->stat[PARLEY_LEG_STAT_LEVEL_IN] >= LEG_QUIET_DBOV;
    if (leg->move > 0) {
        leg->move = 0; /* it grows when it must (leg_playout.c) */
    } else if (leg->move < 0 && pause && leg->span > FRAME_SLOTS) {
        leg_count(leg, PARLEY_LEG_STAT_DROPPED, leg_advance(leg, 1));
        leg_shift(leg, -SLOT_SAMPLES);
        leg->move = leg->move < -SLOT_SAMPLES ? leg->move + SLOT_SAMPLES : 0;
    }
}

void leg_stretch(const parley_leg *leg, int32_t taken, uint8_t *made) {
    uint8_t codes[TAKEN_MAX];
    int16_t pcm[TAKEN_MAX], stretched[PARLEY_LEG_FRAME_SAMPLES];
    for (int32_t i = 0; i < taken; i++) {
        int32_t at = leg->offset + i;
        codes[i] = leg->codes[leg_slot(leg, at / SLOT_SAMPLES)][at % SLOT_SAMPLES];
    }
    if (taken == PARLEY_LEG_FRAME_SAMPLES) {
        for (int32_t i = 0; i < taken; i++) {
            made[i] = codes[i];
        }
        return;
    }
    parley_g711_decode(leg->law, codes, pcm, taken);
    parley_stretch(pcm, taken, stretched, PARLEY_LEG_FRAME_SAMPLES);
    parley_g711_encode(leg->law, stretched, made, PARLEY_LEG_FRAME_SAMPLES);
}
