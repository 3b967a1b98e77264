/** @file bridge_wide.c Places for wideband legs, and what they play; the contract stands in bridge_wide.h. */
#include "bridge_wide.h"

#include <stddef.h>

#include "octets.h"
#include "parley_g711.h"
#include "parley_level.h"

enum {
    SILENT = 2 * PARLEY_PLC_SILENT
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

int bridge_law_fits(const parley_bridge *bridge, const bridge_leg *leg, int32_t law) {
    if (law != PARLEY_LAW_G722) {
        return parley_g711_known(law);
    }
    return (leg->conference != NOBODY && leg->wide != 0) || free_place(bridge) != NOBODY;
}

static void clear_filters(int16_t *up, int16_t *down) {
    for (int32_t i = 0; i < PARLEY_RESAMPLE_UP_STATE; i++) {
        up[i] = 0;
    }
    for (int32_t i = 0; i < PARLEY_RESAMPLE_DOWN_STATE; i++) {
        down[i] = 0;
    }
}

static void enter(parley_bridge *bridge, bridge_leg *leg) {
    int32_t place = free_place(bridge);
    bridge_wide *wide = bridge_wide_at(bridge, place);
    wide->used = 1;
    wide->heard = wide->exact = 0;
    wide->lost = SILENT;
    wide->pitch = PARLEY_PLC_PITCH_MIN * 2;
    for (int32_t i = 0; i < WIDE_HISTORY; i++) {
        wide->history[i] = 0;
    }
    clear_filters(wide->up, wide->down);
    parley_g722_init((parley_g722 *)(void *)wide->decoder);
    parley_g722_init((parley_g722 *)(void *)wide->encoder);
    leg->wide = place + 1;
    if ((bridge_conference_at(bridge, leg->conference)->wide++ & BRIDGE_WIDE_LEGS) == 0) {
        bridge_rates *rates = bridge_rates_of(bridge, leg->conference);
        clear_filters(rates->up, rates->down); /* an empty conference's start anew */
    }
}

void bridge_wide_settle(parley_bridge *bridge, bridge_leg *leg, int32_t law) {
    if (law == PARLEY_LAW_G722 && leg->wide == 0) {
        enter(bridge, leg);
    } else if (law != PARLEY_LAW_G722 && leg->wide != 0) {
        bridge_wide_at(bridge, leg->wide - 1)->used = 0;
        bridge_conference_at(bridge, leg->conference)->wide--;
        leg->wide = 0;
    }
}

/** Keeps what was heard last. */
static void remember(bridge_wide *wide, const int16_t *pcm) {
    for (int32_t i = 0; i < WIDE_HISTORY - WIDE_SLOT; i++) {
        wide->history[i] = wide->history[i + WIDE_SLOT];
    }
    for (int32_t i = 0; i < WIDE_SLOT; i++) {
        wide->history[WIDE_HISTORY - WIDE_SLOT + i] = pcm[i];
    }
}

/** 10 ms: of codes, or without (NULL) concealed. */
static void play_slot(bridge_wide *wide, const uint8_t *codes, int16_t *pcm) {
    if (codes == NULL) {
        wide->pitch = wide->lost == 0 ? parley_plc_pitch(wide->history, 2) : wide->pitch;
        parley_plc_conceal(wide->history, 2, wide->pitch, wide->lost, pcm, WIDE_SLOT);
        wide->lost = wide->lost < SILENT ? wide->lost + WIDE_SLOT : wide->lost;
        return;
    }
    parley_g722_decode((parley_g722 *)(void *)wide->decoder, codes, pcm, SLOT_SAMPLES);
    if (wide->lost > 0 && wide->lost < SILENT) {
        parley_plc_recover(wide->history, 2, wide->pitch, wide->lost, pcm);
    }
    wide->lost = 0;
    remember(wide, pcm);
}

int32_t bridge_wide_play(parley_bridge *bridge, bridge_leg *leg) {
    const uint8_t *slots[FRAME_SLOTS];
    uint8_t made[PARLEY_LEG_FRAME_SAMPLES];
    bridge_wide *wide = bridge_wide_at(bridge, leg->wide - 1);
    wide->heard = 0;
    if (!(leg->flags & PARLEY_BRIDGE_SPEAKS) || !leg_next(&leg->leg, slots, made)) {
        return 0;
    }
    wide->exact = slots[0] != NULL && slots[1] != NULL && (wide->lost == 0 || wide->lost >= SILENT);
    for (int32_t i = 0; i < FRAME_SLOTS; i++) {
        play_slot(wide, slots[i], wide->frame + i * WIDE_SLOT);
        if (slots[i] != NULL) {
            octets_copy(wide->codes + i * SLOT_SAMPLES, slots[i], SLOT_SAMPLES);
        }
    }
    int32_t level = parley_level_dbov(wide->frame, WIDE_SAMPLES);
    leg->leg.stat[PARLEY_LEG_STAT_LEVEL_IN] = level;
    return level < PARLEY_LEVEL_SILENCE;
}
