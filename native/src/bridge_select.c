/** @file bridge_select.c Who is heard when more speak than are wanted in the mix. */
#include "bridge_state.h"
#include "parley_level.h"

enum {
    FAVOUR_DB = 6, /* of who was in the mix: changing places is heard */
    RANKS = PARLEY_LEVEL_SILENCE + FAVOUR_DB + 1
};

/** The envelope of a voice: up at once, down by 1 dB a tick, so that a breath costs nobody his place. */
static void follow(bridge_leg *leg) {
    int32_t now = PARLEY_LEVEL_SILENCE - leg->leg.stat[PARLEY_LEG_STAT_LEVEL_IN];
    leg->loudness -= leg->loudness > 0;
    leg->loudness = now > leg->loudness ? now : leg->loudness;
}

static int32_t rank(const bridge_leg *leg) {
    return leg->loudness + (leg->chosen ? FAVOUR_DB : 0);
}

/** The lowest rank that is heard, and how many of that very rank are. */
static int32_t threshold(const parley_bridge *bridge, int32_t *of_it) {
    const int32_t *voices = bridge_voices(bridge);
    int32_t having[RANKS] = {0};
    int32_t lowest = RANKS;
    int32_t places = bridge->loudest;
    for (int32_t i = 0; i < bridge->voices; i++) {
        having[rank(bridge_leg_at(bridge, voices[i]))]++;
    }
    while (lowest > 0 && places > 0) {
        lowest--;
        *of_it = having[lowest] < places ? having[lowest] : places;
        places -= *of_it;
    }
    return lowest;
}

void bridge_select(parley_bridge *bridge) {
    int32_t *voices = bridge_voices(bridge);
    int32_t of_lowest = 0;
    int32_t kept = 0;
    if (bridge->loudest == 0) {
        return;
    }
    for (int32_t i = 0; i < bridge->voices; i++) {
        follow(bridge_leg_at(bridge, voices[i]));
    }
    int32_t lowest = bridge->voices > bridge->loudest ? threshold(bridge, &of_lowest) : -1; /* -1: all heard */
    for (int32_t i = 0; i < bridge->voices; i++) {
        bridge_leg *leg = bridge_leg_at(bridge, voices[i]);
        int32_t found = rank(leg);
        leg->chosen = found > lowest || (found == lowest && of_lowest-- > 0);
        if (leg->chosen) {
            voices[kept++] = voices[i];
        } else {
            leg->voice = NOBODY;
        }
    }
    bridge->voices = kept;
}
