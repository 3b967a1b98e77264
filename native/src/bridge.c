/** @file bridge.c The bridge's memory and its figures; the contract stands in parley_bridge.h. */
#include "bridge_names.h"
#include "bridge_parcel.h"
#include "bridge_side.h"

#include <stddef.h>

/** Places of the table of sources: a power of 2, at most half of it used. */
static int32_t source_places(int32_t legs) {
    int32_t places = 4;
    while (places < 2 * legs) {
        places *= 2;
    }
    return places;
}

/** A report comes every 5 s from each leg, and they are taken several times a second. */
static int32_t report_places(int32_t legs) {
    int32_t places = legs / BRIDGE_REPORT_LEGS;
    places = places < BRIDGE_REPORTS_MIN ? BRIDGE_REPORTS_MIN : places;
    places = places < BRIDGE_REPORTS_MAX ? places : BRIDGE_REPORTS_MAX;
    return places < legs ? places : legs;
}

/** Sets where each table begins in `plan`. @return octets of all */
static int32_t lay_out(parley_bridge *plan, int32_t legs, int32_t conferences) {
    int32_t sizes[] = {
        (int32_t)sizeof(bridge_conference) * conferences,
        (int32_t)sizeof(bridge_source) * source_places(legs),
        (int32_t)sizeof(int32_t) * legs,
        (int32_t)sizeof(int32_t) * legs,
        (int32_t)sizeof(int16_t) * PARLEY_LEG_FRAME_SAMPLES * legs,
        (int32_t)sizeof(bridge_transmit) * legs,
        (int32_t)sizeof(bridge_side) * legs,
        (int32_t)sizeof(bridge_report) * report_places(legs),
    };
    int32_t *begins[] = {
        &plan->conferences_at, &plan->sources_at, &plan->voices_at,
        &plan->recipients_at,  &plan->frames_at,  &plan->transmit_at,
        &plan->sides_at,       &plan->reports_at,
    };
    int32_t end = (int32_t)sizeof(parley_bridge) + (int32_t)sizeof(bridge_leg) * legs;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        end = (end + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
        *begins[i] = end;
        end += sizes[i];
    }
    return end;
}

int32_t parley_bridge_size(int32_t legs, int32_t conferences) {
    parley_bridge plan;
    if (legs < 1 || legs > PARLEY_BRIDGE_LEGS_MAX || conferences < 1 ||
        conferences > PARLEY_BRIDGE_CONFERENCES_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    return lay_out(&plan, legs, conferences);
}

int32_t parley_bridge_init(parley_bridge *bridge, int32_t size, int32_t legs, int32_t conferences,
                           int32_t loudest) {
    int32_t needed = parley_bridge_size(legs, conferences);
    if (needed < 0 || size < needed || loudest < 0) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    for (int32_t i = 0; i < needed; i++) {
        ((uint8_t *)bridge)[i] = 0;
    }
    lay_out(bridge, legs, conferences);
    bridge->magic = BRIDGE_MAGIC;
    bridge->size = needed;
    bridge->legs = legs;
    bridge->conferences = conferences;
    bridge->loudest = loudest;
    bridge->source_mask = (uint32_t)source_places(legs) - 1;
    bridge->next_conference = conferences;
    bridge->phases = 1;
    bridge->report_places = report_places(legs);
    bridge->member = NOBODY;
    bridge->arrival = HALF_TICK;
    for (int32_t i = 0; i < legs; i++) {
        bridge_leg_at(bridge, i)->conference = NOBODY;
    }
    for (int32_t i = 0; i < conferences; i++) {
        bridge_conference_at(bridge, i)->first = NOBODY;
        bridge_conference_at(bridge, i)->last = NOBODY;
        bridge_conference_at(bridge, i)->phase = i;
    }
    return 0;
}

int32_t parley_bridge_usable(const parley_bridge *bridge, int32_t size) {
    return size >= (int32_t)sizeof *bridge && bridge->magic == BRIDGE_MAGIC && bridge->size <= size;
}

bridge_leg *bridge_leg_in_use(const parley_bridge *bridge, int32_t leg) {
    if (leg < 0 || leg >= bridge->legs || bridge_leg_at(bridge, leg)->conference == NOBODY) {
        return NULL;
    }
    return bridge_leg_at(bridge, leg);
}

int32_t parley_bridge_packet(const parley_bridge *bridge, int32_t place) {
    if (place < 0 || place >= bridge->legs) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    return (int32_t)(bridge_packet_of(bridge, place) - (const uint8_t *)bridge);
}

int32_t parley_bridge_packet_octets(const parley_bridge *bridge, int32_t place) {
    if (place < 0 || place >= bridge->legs) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    return bridge_octets_at(bridge, place);
}

int32_t parley_bridge_packet_leg(const parley_bridge *bridge, int32_t place) {
    if (place < 0 || place >= bridge->legs) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    return bridge_recipients(bridge)[place];
}

int32_t parley_bridge_refused(parley_bridge *bridge, int32_t place) {
    int32_t index = parley_bridge_packet_leg(bridge, place);
    bridge_leg *leg = bridge_leg_in_use(bridge, index);
    if (leg == NULL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    leg->refused = (leg->refused + 1) & STAT_MASK;
    bridge_count(bridge, PARLEY_BRIDGE_STAT_REFUSED, 1);
    return 0;
}

int32_t parley_bridge_leg_stat(const parley_bridge *bridge, int32_t leg, int32_t index) {
    const bridge_leg *asked = bridge_leg_in_use(bridge, leg);
    if (asked == NULL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    switch (index) {
    case PARLEY_BRIDGE_LEG_STAT_UNWANTED:
        return asked->unwanted;
    case PARLEY_BRIDGE_LEG_STAT_REFUSED:
        return asked->refused;
    case PARLEY_BRIDGE_LEG_STAT_FORGED:
        return bridge_side_of(bridge, leg)->forged;
    case PARLEY_BRIDGE_LEG_STAT_REPLAYED:
        return bridge_side_of(bridge, leg)->replayed;
    case PARLEY_BRIDGE_LEG_STAT_REPORTS:
        return bridge_side_of(bridge, leg)->reports;
    case PARLEY_BRIDGE_LEG_STAT_LEVEL_TOLD:
        return bridge_names_told(asked);
    default:
        return parley_leg_stat(&asked->leg, index);
    }
}

int32_t parley_bridge_stat(const parley_bridge *bridge, int32_t index) {
    switch (index) {
    case PARLEY_BRIDGE_STAT_LEGS:
        return bridge->legs_used;
    case PARLEY_BRIDGE_STAT_CONFERENCES:
        return bridge->conferences_used;
    default:
        return index < 0 || index >= PARLEY_BRIDGE_STAT_COUNT ? PARLEY_BRIDGE_ARGUMENT : bridge->stat[index] & STAT_MASK;
    }
}
