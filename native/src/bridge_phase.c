/**
 * @file bridge_phase.c
 * When in a frame's time a conference has its tick: where its legs' packets wait least for it. The contract stands in
 * parley_bridge.h.
 */
#include "bridge_phase.h"

enum {
    ALIGN_TURNS = 32, /* how often it is looked at */
    CALM = 16,        /* samples more than a leg must have, or moves would follow one another */
    NEAR = 8,         /* who has no more than this to spare is soon late */
    SPARE = 64,       /* leg_pace.c takes a frame away beyond a frame and this */
    FAR = 1600,       /* more slack, or less, is all the same */
    FRAME = PARLEY_LEG_FRAME_SAMPLES
};

/** What is known of the legs that speak. */
typedef struct outlook {
    int32_t legs;
    int32_t delay[PARLEY_BRIDGE_PHASES_MAX]; /* samples that all legs together gain, by phases earlier */
    int32_t spoilt[PARLEY_BRIDGE_PHASES_MAX]; /* legs that need a frame more then */
} outlook;

/** Slack of a leg, FAR_AWAY when it does not matter. */
static int32_t slack_of(const bridge_leg *leg) {
    return (leg->flags & PARLEY_BRIDGE_SPEAKS) && leg->leg.synced && !leg->leg.filling ? leg_slack(&leg->leg) : FAR_AWAY;
}

static void add(outlook *all, int32_t slack, int32_t phases) {
    all->legs++;
    slack = slack > FAR ? FAR : slack < -FAR ? -FAR : slack;
    for (int32_t earlier = 0; earlier < phases; earlier++) {
        int32_t step = earlier * FRAME / phases;
        int32_t left = slack - step - (earlier > 0 ? CALM : NEAR) - SLACK_LEAST;
        int32_t bar = earlier > 0 ? FRAME : FRAME + SPARE - SLACK_LEAST;
        int32_t frames = left < 0 ? (FRAME - 1 - left) / FRAME : left >= bar ? -(left / FRAME) : 0;
        all->delay[earlier] += frames * FRAME - step;
        all->spoilt[earlier] += frames > 0;
    }
}

/** How many phases earlier, or as well later by the rest of the frame, is best; 0 where it is. */
static int32_t best(const outlook *all, int32_t phases) {
    int32_t found = 0;
    for (int32_t earlier = 1; earlier < phases; earlier++) {
        found = all->delay[earlier] <= all->delay[found] ? earlier : found;
    }
    int32_t gain = all->delay[0] - all->delay[found];
    return 2 * gain >= all->legs * FRAME / phases ? found : 0;
}

/** Every leg's packets come so many samples earlier before its tick. */
static void shift_all(parley_bridge *bridge, const bridge_conference *conference, int32_t samples) {
    for (int32_t i = conference->first; i != NOBODY; i = bridge_leg_at(bridge, i)->next) {
        bridge_leg *leg = bridge_leg_at(bridge, i);
        leg_shift(&leg->leg, leg->leg.synced ? samples : 0);
    }
}

/** In a pause, has a leg with a frame to spare lose it. @return 1 if it does */
static int shorten(bridge_leg *leg, int32_t slack) {
    if (slack < FRAME + SLACK_LEAST + CALM || leg->leg.stat[PARLEY_LEG_STAT_LEVEL_IN] < LEG_QUIET_DBOV ||
        leg->leg.offset != 0) {
        return 0;
    }
    leg->leg.move = -FRAME;
    leg->leg.waited = 0;
    leg_attend(&leg->leg);
    return 1;
}

static void align(parley_bridge *bridge, bridge_conference *conference) {
    outlook all = {0};
    int32_t phases = bridge->phases, moving = 0;
    for (int32_t i = conference->first; i != NOBODY; i = bridge_leg_at(bridge, i)->next) {
        bridge_leg *leg = bridge_leg_at(bridge, i);
        int32_t slack = slack_of(leg);
        if (slack != FAR_AWAY) {
            moving |= leg->leg.move != 0 || shorten(leg, slack);
            add(&all, slack, phases);
        }
    }
    int32_t earlier = all.legs > 0 && !moving ? best(&all, phases) : 0;
    if (earlier == 0) {
        return;
    }
    int32_t now = conference->phase % phases;
    if (all.spoilt[earlier] == 0) {
        conference->phase = now > 0 ? now - 1 : phases - 1;
        shift_all(bridge, conference, -FRAME / phases);
        return;
    }
    conference->phase = now + 1 < phases ? now + 1 : 0; /* nobody is late by waiting */
    conference->wait = 1; /* that turn comes too soon */
    shift_all(bridge, conference, FRAME / phases);
}

int32_t bridge_phase_before(const parley_bridge *bridge, const bridge_leg *leg) {
    const bridge_conference *conference = bridge_conference_at(bridge, leg->conference);
    int32_t phases = bridge->phases;
    int32_t ahead = (conference->phase % phases - bridge->phase_next + phases) % phases + conference->wait * phases;
    return bridge->arrival + ahead * FRAME / phases;
}

/** The phase whose tick was begun last. */
static int32_t phase_now(const parley_bridge *bridge) {
    return bridge->phase_next > 0 ? bridge->phase_next - 1 : bridge->phases - 1;
}

int bridge_phase_turn(parley_bridge *bridge, bridge_conference *conference) {
    if (conference->phase % bridge->phases != phase_now(bridge)) {
        return 0;
    }
    if (conference->wait) {
        conference->wait = 0;
        return 0;
    }
    conference->turns++;
    if (conference->turns >= ALIGN_TURNS) {
        conference->turns = 0;
        align(bridge, conference);
    }
    return 1;
}
