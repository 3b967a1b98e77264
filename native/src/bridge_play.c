/** @file bridge_play.c A conference's tick begins: who is heard; the contract stands in parley_bridge.h. */
#include "bridge_limit.h"
#include "bridge_phase.h"
#include "bridge_shape.h"
#include "bridge_wide.h"
#include "frame.h"
#include "kernel_form.h"
#include "parley_level.h"

/** Who is not heard in this tick loses his place slowly. */
static void fade(bridge_leg *leg) {
    leg->leg.stat[PARLEY_LEG_STAT_LEVEL_IN] = PARLEY_LEVEL_SILENCE;
    leg->loudness -= leg->loudness > 0;
    leg->chosen = 0;
}

/** Plays 20 ms of a leg; it becomes a voice if there is something to hear. */
static void play(parley_bridge *bridge, int32_t index) {
    const uint8_t *slots[FRAME_SLOTS];
    uint8_t made[PARLEY_LEG_FRAME_SAMPLES];
    bridge_leg *leg = bridge_leg_at(bridge, index);
    int32_t voice = bridge->voices;
    leg->voice = NOBODY;
    if (leg->wide) {
        if (!bridge_wide_play(bridge, leg)) {
            fade(leg);
            return;
        }
        leg->voice = voice;
        bridge_voices(bridge)[voice] = index;
        bridge->voices++;
        return;
    }
    if (!(leg->flags & PARLEY_BRIDGE_SPEAKS) || !leg_next(&leg->leg, slots, made) ||
        frame_silent(leg->leg.law, slots)) {
        fade(leg);
        return;
    }
    leg->leg.stat[PARLEY_LEG_STAT_LEVEL_IN] =
        frame_decode(leg->leg.law, slots, bridge_frame(bridge, voice));
    if (!PARLEY_ARM && voice < COPIED_VOICES) { /* there a table makes the same codes when they are needed */
        frame_copy(leg->leg.law, slots, bridge->coded[voice]);
    }
    leg->voice = voice;
    bridge_voices(bridge)[voice] = index;
    bridge->voices++;
}

/** `coded` was filled with the first voices played; after a choice it may have to be others. */
static void code_again(parley_bridge *bridge) {
    for (int32_t i = 0; i < bridge->voices && bridge->voices <= COPIED_VOICES; i++) {
        const bridge_leg *leg = bridge_leg_at(bridge, bridge_voices(bridge)[i]);
        if (PARLEY_ARM || leg->voice != i) {
            frame_encode(leg->leg.law, bridge_frame(bridge, leg->voice), bridge->coded[i]);
        }
    }
}

/** The first leg of the next conference that has members and its turn; NOBODY when there is none left. */
static int32_t next_turn(parley_bridge *bridge) {
    while (bridge->next_conference < bridge->conferences) {
        bridge_conference *conference = bridge_conference_at(bridge, bridge->next_conference++);
        if (conference->first != NOBODY && (bridge->phases == 1 || bridge_phase_turn(bridge, conference))) {
            return conference->first;
        }
    }
    return NOBODY;
}

/** What a conference needs whose members are not all narrowband and alike, or that is too loud. */
static void mix_other(parley_bridge *bridge, int32_t conference) {
    int32_t wide = bridge_conference_at(bridge, conference)->wide;
    if (wide & BRIDGE_LIMITED) {
        bridge_limit_begin(bridge, bridge_conference_at(bridge, conference));
    }
    if (wide & BRIDGE_SHAPED) {
        bridge_amplify(bridge);
    }
    if (wide & BRIDGE_WIDE_LEGS) {
        bridge_wide_mix(bridge, conference);
    }
}

int bridge_next_conference(parley_bridge *bridge) {
    int32_t first = next_turn(bridge);
    if (first == NOBODY) {
        return 0;
    }
    bridge->voices = 0;
    bridge->sum_ready = 0;
    bridge->shared_laws = 0;
    bridge->limit = 0;
    for (int32_t leg = first, next; leg != NOBODY; leg = next) {
        next = bridge_leg_at(bridge, leg)->next;
        if (next != NOBODY) {
            bridge_leg_fetch(bridge, next);
        }
        play(bridge, leg);
    }
    bridge_select(bridge);
    if (bridge_conference_at(bridge, bridge_leg_at(bridge, first)->conference)->wide) {
        mix_other(bridge, bridge_leg_at(bridge, first)->conference);
    }
    code_again(bridge);
    bridge->member = first;
    bridge_count(bridge, PARLEY_BRIDGE_STAT_FRAMES, 1);
    bridge_count(bridge, PARLEY_BRIDGE_STAT_VOICES, bridge->voices);
    return 1;
}
