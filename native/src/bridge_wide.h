/**
 * @file bridge_wide.h
 * Wideband legs (G.722, L16), and L16 at 8000 Hz, and their way into a mix: places for so many of them behind the bridge's other tables, so
 * that a board without them pays nothing; private to the bridge kernels.
 */
#ifndef PARLEY_BRIDGE_WIDE_H
#define PARLEY_BRIDGE_WIDE_H

#include "bridge_state.h"
#include "parley_g722.h"
#include "parley_plc.h"
#include "parley_resample.h"

enum {
    WIDE_SAMPLES = 2 * PARLEY_LEG_FRAME_SAMPLES,
    WIDE_SLOT = 2 * SLOT_SAMPLES,
    WIDE_HISTORY = 2 * PARLEY_PLC_HISTORY,
    G722_WORDS = PARLEY_G722_STATE_BYTES / 4
};

/** What a wideband leg has beside its block. */
typedef struct bridge_wide {
    int32_t used;
    int32_t heard; /* 1: in this tick's mix */
    int32_t exact; /* 1: `codes` are those of its packets, and stand for `frame`; of G.722 alone */
    int32_t pitch;
    int32_t lost; /* samples concealed in a row */
    int32_t limit; /* of the narrowband voices that it chose to hear, as a leg's */
    int32_t spare[2];
    uint32_t decoder[G722_WORDS];
    uint32_t encoder[G722_WORDS];
    int16_t history[WIDE_HISTORY];
    int16_t frame[WIDE_SAMPLES]; /* of this tick; half of it at 8000 Hz */
    uint8_t codes[PARLEY_LEG_FRAME_SAMPLES];
    int16_t up[PARLEY_RESAMPLE_UP_STATE];     /* of the narrowband voices that it chose to hear */
    int16_t down[PARLEY_RESAMPLE_DOWN_STATE]; /* of its own, where somebody chooses */
    uint8_t padding[32];
} bridge_wide;

/** Filters between the rates, of a conference. */
typedef struct bridge_rates {
    int16_t up[PARLEY_RESAMPLE_UP_STATE];
    int16_t down[PARLEY_RESAMPLE_DOWN_STATE];
    int32_t up_limit; /* of what goes through them, as a leg's */
    int32_t down_limit;
} bridge_rates;

/** Head of the wideband tables: the mix of the tick at hand. */
typedef struct bridge_wide_head {
    int32_t voices;    /* wideband ones heard */
    int32_t first[2];  /* places of the first two */
    int32_t narrow;    /* 1: `up` has something */
    int32_t rates_at;  /* octets from the head */
    int32_t places_at;
    int32_t spare[10];
    int32_t sum[WIDE_SAMPLES];
    int16_t up[WIDE_SAMPLES]; /* the narrowband voices */
} bridge_wide_head;

typedef char bridge_wide_is_whole_lines[sizeof(bridge_wide) == 32 * CACHE_LINE ? 1 : -1];

static inline bridge_wide_head *bridge_wide_head_of(const parley_bridge *bridge) {
    return bridge_at(bridge, bridge->wide_at);
}

static inline bridge_rates *bridge_rates_of(const parley_bridge *bridge, int32_t conference) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    return (bridge_rates *)(void *)((uint8_t *)head + head->rates_at) + conference;
}

static inline bridge_wide *bridge_wide_at(const parley_bridge *bridge, int32_t place) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    return (bridge_wide *)(void *)((uint8_t *)head + head->places_at) + place;
}

/** 1 if a leg is mixed at 16000 Hz: it has a place here, and another law than L16 at 8000. */
static inline int bridge_wideband(const bridge_leg *leg) {
    return leg->wide != 0 && leg->leg.law != PARLEY_LAW_L16_8000;
}

/** Makes of a frame of L16 at 8000 Hz one of the narrowband voices. */
void bridge_wide_narrow(const parley_bridge *bridge, const bridge_leg *leg, int32_t voice);

/** 0 if a leg may have this law now, as far as places go, else why not. */
int32_t bridge_law_fits(const parley_bridge *bridge, const bridge_leg *leg, int32_t law);

/** Gives a leg in a conference places for a law, or takes them away; to be called before the leg's own law is set. */
void bridge_wide_settle(parley_bridge *bridge, bridge_leg *leg, int32_t law);

/** Plays 20 ms of a leg with a place here; it becomes a voice if there is something to hear. @return 1 if so */
int32_t bridge_wide_play(parley_bridge *bridge, bridge_leg *leg);

/** After the choice of the loudest: mixes the wideband voices, which become one voice to narrowband ears. */
void bridge_wide_mix(parley_bridge *bridge, int32_t conference);

/** codes [160], [320] or [640] = what a leg with a place here hears. */
void bridge_wide_payload(parley_bridge *bridge, bridge_leg *leg, uint8_t *codes);

#endif
