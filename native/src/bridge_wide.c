/** @file bridge_wide.c Places for wideband legs, and what they play; the contract stands in bridge_wide.h. */
#include "bridge_wide.h"

#include <stddef.h>

#include "bridge_linear.h"
#include "kernel_form.h"
#include "octets.h"
#include "parley_g711.h"
#include "parley_level.h"

enum {
    SILENT = 2 * PARLEY_PLC_SILENT,
    FRAME_MS = 20,
    FORM_BITS = PARLEY_ARM ? 2 : 0 /* frames of G.711 are kept in steps of 4 there (kernel_form.h) */
};

static int32_t whole_lines(int32_t octets) {
    return (octets + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

int32_t parley_bridge_wide_octets(int32_t places, int32_t conferences) {
    if (places < 1 || places > PARLEY_BRIDGE_LEGS_MAX || conferences < 1 ||
        conferences > PARLEY_BRIDGE_CONFERENCES_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    return whole_lines((int32_t)sizeof(bridge_wide_head)) +
           whole_lines((int32_t)sizeof(bridge_rates) * conferences) + (int32_t)sizeof(bridge_wide) * places;
}

int32_t parley_bridge_widen(parley_bridge *bridge, int32_t size, int32_t places) {
    int32_t more = parley_bridge_wide_octets(places, bridge->conferences);
    int32_t begin = whole_lines(bridge->size);
    if (more < 0 || size < begin + more || bridge->wide_at != 0 || bridge->legs_used != 0) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    for (int32_t i = 0; i < more; i++) {
        ((uint8_t *)bridge_at(bridge, begin))[i] = 0;
    }
    bridge->wide_at = begin;
    bridge->wide_places = places;
    bridge->size = begin + more;
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    head->rates_at = whole_lines((int32_t)sizeof *head);
    head->places_at = head->rates_at + whole_lines((int32_t)sizeof(bridge_rates) * bridge->conferences);
    return 0;
}

/** A free place, or NOBODY. */
static int32_t free_place(const parley_bridge *bridge) {
    for (int32_t place = 0; place < bridge->wide_places; place++) {
        if (!bridge_wide_at(bridge, place)->used) {
            return place;
        }
    }
    return NOBODY;
}

static int is_linear(int32_t law) {
    return law == PARLEY_LAW_L16_8000 || law == PARLEY_LAW_L16_16000;
}

int32_t bridge_law_fits(const parley_bridge *bridge, const bridge_leg *leg, int32_t law) {
    int in = leg->conference != NOBODY;
    if (parley_g711_known(law)) {
        return 0;
    }
    if (law != PARLEY_LAW_G722 && !is_linear(law)) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    int wide = (in && leg->wide != 0) || free_place(bridge) != NOBODY;
    int linear = !is_linear(law) || (in && leg->linear != 0) || bridge_pool_has(bridge, bridge->linear_at);
    return wide && linear ? bridge_parcel_fits(bridge, leg, law, FRAME_MS) : PARLEY_BRIDGE_NO_PLACE;
}

static void clear_filters(int16_t *up, int16_t *down) {
    for (int32_t i = 0; i < PARLEY_RESAMPLE_UP_STATE; i++) {
        up[i] = 0;
    }
    for (int32_t i = 0; i < PARLEY_RESAMPLE_DOWN_STATE; i++) {
        down[i] = 0;
    }
}

static void enter(parley_bridge *bridge, bridge_leg *leg, int32_t law) {
    int32_t place = free_place(bridge);
    bridge_wide *wide = bridge_wide_at(bridge, place);
    wide->used = 1;
    wide->heard = wide->exact = 0;
    wide->lost = SILENT;
    wide->limit = 0;
    wide->pitch = PARLEY_PLC_PITCH_MIN * (law == PARLEY_LAW_L16_8000 ? 1 : 2);
    for (int32_t i = 0; i < WIDE_HISTORY; i++) {
        wide->history[i] = 0;
    }
    clear_filters(wide->up, wide->down);
    parley_g722_init((parley_g722 *)(void *)wide->decoder);
    parley_g722_init((parley_g722 *)(void *)wide->encoder);
    leg->wide = place + 1;
    if (is_linear(law)) {
        leg->linear = bridge_pool_take(bridge, bridge->linear_at) + 1;
        bridge_linear_of(bridge, leg)->clock = (leg_clock){0, 0};
    }
    if (law != PARLEY_LAW_L16_8000 && (bridge_conference_at(bridge, leg->conference)->wide++ & BRIDGE_WIDE_LEGS) == 0) {
        bridge_rates *rates = bridge_rates_of(bridge, leg->conference);
        clear_filters(rates->up, rates->down); /* an empty conference's start anew */
        rates->up_limit = rates->down_limit = 0;
    }
}

static void leave(parley_bridge *bridge, bridge_leg *leg) {
    bridge_wide_at(bridge, leg->wide - 1)->used = 0;
    bridge_conference_at(bridge, leg->conference)->wide -= bridge_wideband(leg);
    leg->wide = 0;
    if (leg->linear != 0) {
        bridge_pool_give(bridge, bridge->linear_at, leg->linear - 1);
        leg->linear = 0;
    }
}

void bridge_wide_settle(parley_bridge *bridge, bridge_leg *leg, int32_t law) {
    if (leg->wide != 0 && law != leg->leg.law) {
        leave(bridge, leg);
    }
    if (!parley_g711_known(law) && leg->wide == 0) {
        enter(bridge, leg, law);
    }
}

void bridge_wide_narrow(const parley_bridge *bridge, const bridge_leg *leg, int32_t voice) {
    const int16_t *pcm = bridge_wide_at(bridge, leg->wide - 1)->frame;
    int16_t *frame = bridge_frame(bridge, voice);
    for (int32_t i = 0; i < PARLEY_LEG_FRAME_SAMPLES; i++) {
        frame[i] = (int16_t)(pcm[i] >> FORM_BITS);
    }
}

/** Keeps what was heard last; factor: samples for each of 8000 Hz. */
static void remember(bridge_wide *wide, int32_t factor, const int16_t *pcm) {
    int32_t slot = factor * SLOT_SAMPLES, kept = factor * PARLEY_PLC_HISTORY - slot;
    for (int32_t i = 0; i < kept; i++) {
        wide->history[i] = wide->history[i + slot];
    }
    for (int32_t i = 0; i < slot; i++) {
        wide->history[kept + i] = pcm[i];
    }
}

/** 10 ms: of octets, or without (NULL) concealed. */
static void play_slot(bridge_wide *wide, int32_t law, const uint8_t *octets, int16_t *pcm) {
    int32_t factor = law == PARLEY_LAW_L16_8000 ? 1 : 2;
    int32_t slot = factor * SLOT_SAMPLES, silent = factor * PARLEY_PLC_SILENT;
    if (octets == NULL) {
        wide->pitch = wide->lost == 0 ? parley_plc_pitch(wide->history, factor) : wide->pitch;
        parley_plc_conceal(wide->history, factor, wide->pitch, wide->lost, pcm, slot);
        wide->lost = wide->lost < silent ? wide->lost + slot : wide->lost;
        return;
    }
    if (law == PARLEY_LAW_G722) {
        parley_g722_decode((parley_g722 *)(void *)wide->decoder, octets, pcm, SLOT_SAMPLES);
    } else {
        linear_read(octets, pcm, slot);
    }
    if (wide->lost > 0 && wide->lost < silent) {
        parley_plc_recover(wide->history, factor, wide->pitch, wide->lost, pcm);
    }
    wide->lost = 0;
    remember(wide, factor, pcm);
}

int32_t bridge_wide_play(parley_bridge *bridge, bridge_leg *leg) {
    const uint8_t *slots[FRAME_SLOTS];
    uint8_t made[PARLEY_LEG_FRAME_SAMPLES];
    bridge_wide *wide = bridge_wide_at(bridge, leg->wide - 1);
    int32_t law = leg->leg.law, samples = law == PARLEY_LAW_L16_8000 ? PARLEY_LEG_FRAME_SAMPLES : WIDE_SAMPLES;
    wide->heard = 0;
    if (!(leg->flags & PARLEY_BRIDGE_SPEAKS) || !leg_next(&leg->leg, slots, made)) {
        return 0;
    }
    wide->exact = law == PARLEY_LAW_G722 && slots[0] != NULL && slots[1] != NULL &&
                  (wide->lost == 0 || wide->lost >= SILENT);
    for (int32_t i = 0; i < FRAME_SLOTS; i++) {
        if (law == PARLEY_LAW_G722 && slots[i] != NULL) {
            octets_copy(wide->codes + i * SLOT_SAMPLES, slots[i], SLOT_SAMPLES);
        }
        const uint8_t *octets = is_linear(law) && slots[i] != NULL ? bridge_linear_slot(bridge, leg, slots[i]) : slots[i];
        play_slot(wide, law, octets, wide->frame + i * (samples / FRAME_SLOTS));
    }
    int32_t level = parley_level_dbov(wide->frame, samples);
    leg->leg.stat[PARLEY_LEG_STAT_LEVEL_IN] = level;
    if (law == PARLEY_LAW_L16_8000) {
        bridge_wide_narrow(bridge, leg, bridge->voices);
    }
    return level < PARLEY_LEVEL_SILENCE;
}
