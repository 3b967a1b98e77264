/** @file bridge_parcel.c Packets of other times than 20 ms; the contract stands in bridge_parcel.h. */
#include "bridge_parcel.h"

#include <stddef.h>

#include "bridge_side.h"
#include "octets.h"
#include "parley_rtp.h"

enum {
    FRAME_MS = 20
};

int32_t parley_bridge_parcel_octets(int32_t places) {
    return bridge_pool_octets(places, (int32_t)sizeof(bridge_parcel));
}

int32_t parley_bridge_parcel_places(parley_bridge *bridge, int32_t size, int32_t places) {
    return bridge_pool_make(bridge, size, places, (int32_t)sizeof(bridge_parcel), &bridge->parcels_at);
}

static void copy_slot(uint8_t *to, const uint8_t *from, int32_t octets) {
    for (int32_t i = 0; i < octets; i += SLOT_SAMPLES) {
        octets_copy(to + i, from + i, SLOT_SAMPLES);
    }
}

uint8_t *bridge_parcel_next(const parley_bridge *bridge, const bridge_leg *leg) {
    bridge_parcel *parcel = bridge_parcel_of(bridge, leg);
    int32_t slot_octets = bridge_slot_octets(leg->leg.law);
    uint8_t *payload = parcel->room + PARCEL_PAYLOAD_AT;
    if (parcel->rests) {
        copy_slot(payload, parcel->rest, slot_octets);
        parcel->rests = 0;
    }
    return payload + parcel->held * slot_octets;
}

/** Where in `room` the payload of packet `number` of a tick begins. */
static int32_t payload_at(int32_t number) {
    return PARCEL_PAYLOAD_AT + number * PARCEL_SECOND;
}

/** Writes the header before a whole payload. */
static void finish(parley_bridge *bridge, int32_t index, bridge_leg *leg, bridge_parcel *parcel, int32_t number) {
    int32_t law = leg->leg.law, octets = parcel->slots * bridge_slot_octets(law);
    uint8_t *packet = parcel->room + payload_at(number) - parcel->header;
    leg_header(&leg->leg, packet);
    if (leg->flags & BRIDGE_NAMED) {
        bridge_names_write(leg, &parcel->names, packet);
    }
    leg->leg.timestamp_out += (uint32_t)(parcel->slots * bridge_slot_ticks(law) - PARLEY_LEG_FRAME_SAMPLES);
    bridge_side_of(bridge, index)->octets_more += octets - PARLEY_LEG_FRAME_SAMPLES;
}

/** Writes the headers of this tick's packets. */
static void finish_all(parley_bridge *bridge, int32_t index, bridge_leg *leg, bridge_parcel *parcel) {
    int32_t named = leg->flags & BRIDGE_NAMED;
    if (named) {
        bridge_names_add(bridge, index, leg, &parcel->names);
    }
    parcel->header = named ? bridge_names_octets(leg, &parcel->names) : PARLEY_RTP_HEADER_BYTES;
    for (int32_t number = 0; number < parcel->made; number++) {
        finish(bridge, index, leg, parcel, number);
    }
    if (named && parcel->made > 0) {
        parcel->names.count = 0;
        if (parcel->held > 0) { /* what is left was heard in this tick, too */
            bridge_names_add(bridge, index, leg, &parcel->names);
        }
    }
}

int32_t bridge_parcel_close(parley_bridge *bridge, int32_t index, bridge_leg *leg) {
    bridge_parcel *parcel = bridge_parcel_of(bridge, leg);
    int32_t slot_octets = bridge_slot_octets(leg->leg.law);
    uint8_t *payload = parcel->room + PARCEL_PAYLOAD_AT;
    parcel->held += FRAME_SLOTS;
    parcel->made = parcel->held / parcel->slots < FRAME_SLOTS ? parcel->held / parcel->slots : FRAME_SLOTS;
    parcel->held -= parcel->made * parcel->slots;
    if (parcel->made == FRAME_SLOTS) { /* of 10 ms */
        copy_slot(parcel->room + payload_at(1), payload + slot_octets, slot_octets);
    } else if (parcel->made == 1 && parcel->held == 1) { /* a tag may be written where it stands */
        copy_slot(parcel->rest, payload + parcel->slots * slot_octets, slot_octets);
        parcel->rests = 1;
    }
    finish_all(bridge, index, leg, parcel);
    return parcel->made;
}

void bridge_parcel_send(parley_bridge *bridge, int32_t index, bridge_leg *leg, int32_t due, int32_t place) {
    bridge_parcel *parcel = bridge_parcel_of(bridge, leg);
    bridge_transmit *to = bridge_transmit_at(bridge, place);
    uint8_t *packet = parcel->room + payload_at(parcel->made - due) - parcel->header;
    bridge_transmit *head = (bridge_transmit *)(void *)(packet - PARCEL_HEAD);
    head->family = 0;
    octets_put_word(head->address, leg->address);
    head->port[0] = (uint8_t)(leg->port >> 8);
    head->port[1] = (uint8_t)leg->port;
    for (int32_t i = 0; i < (int32_t)sizeof head->zero; i++) {
        head->zero[i] = 0;
    }
    to->packet_at = (int32_t)(packet - (uint8_t *)bridge);
    to->octets = parcel->header + parcel->slots * bridge_slot_octets(leg->leg.law);
    bridge_recipients(bridge)[place] = index;
}

uint32_t bridge_parcel_held(const parley_bridge *bridge, const bridge_leg *leg) {
    return leg->parcel == 0 ? 0 : (uint32_t)(bridge_parcel_of(bridge, leg)->held * bridge_slot_ticks(leg->leg.law));
}

/** What was gathered is let go: the clock goes on over it. */
static void let_go(const parley_bridge *bridge, bridge_leg *leg) {
    bridge_parcel *parcel = bridge_parcel_of(bridge, leg);
    if (parcel->held > 0) {
        leg_pause(&leg->leg, 0);
        leg->leg.timestamp_out += bridge_parcel_held(bridge, leg);
    }
    parcel->held = parcel->rests = parcel->names.count = 0;
}

void bridge_pause(const parley_bridge *bridge, bridge_leg *leg, int32_t ticks) {
    if (leg->parcel == 0) {
        leg_pause(&leg->leg, ticks);
        return;
    }
    let_go(bridge, leg);
    leg_pause(&leg->leg, 0);
    leg->leg.timestamp_out += (uint32_t)ticks * (uint32_t)(FRAME_SLOTS * bridge_slot_ticks(leg->leg.law));
}

static int needs_place(int32_t law, int32_t ptime_ms) {
    return ptime_ms != FRAME_MS || bridge_slot_octets(law) != SLOT_SAMPLES;
}

int32_t bridge_parcel_fits(const parley_bridge *bridge, const bridge_leg *leg, int32_t law, int32_t ptime_ms) {
    if (ptime_ms < SLOT_MS || ptime_ms > PARLEY_BRIDGE_PTIME_MAX_MS || ptime_ms % SLOT_MS != 0 ||
        ptime_ms / SLOT_MS * bridge_slot_octets(law) > PARCEL_PAYLOAD_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    int has = leg->conference != NOBODY && leg->parcel != 0;
    return !needs_place(law, ptime_ms) || has || bridge_pool_has(bridge, bridge->parcels_at) ? 0 : PARLEY_BRIDGE_NO_PLACE;
}

void bridge_parcel_settle(parley_bridge *bridge, bridge_leg *leg, int32_t law, int32_t ptime_ms) {
    if (leg->parcel != 0) {
        let_go(bridge, leg);
    }
    if (!needs_place(law, ptime_ms)) {
        if (leg->parcel != 0) {
            bridge_pool_give(bridge, bridge->parcels_at, leg->parcel - 1);
            leg->parcel = 0;
            bridge_set_special(bridge, leg, leg->flags & ~BRIDGE_PARCELLED);
        }
        return;
    }
    if (leg->parcel == 0) {
        leg->parcel = bridge_pool_take(bridge, bridge->parcels_at) + 1;
        bridge_set_special(bridge, leg, leg->flags | BRIDGE_PARCELLED);
    }
    bridge_parcel *parcel = bridge_parcel_of(bridge, leg);
    parcel->slots = ptime_ms / SLOT_MS;
    parcel->held = parcel->made = parcel->rests = parcel->names.count = 0;
}

int32_t parley_bridge_ptime(parley_bridge *bridge, int32_t leg, int32_t ptime_ms) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    int32_t now_ms = named->parcel != 0 ? bridge_parcel_of(bridge, named)->slots * SLOT_MS : FRAME_MS;
    int32_t fits = bridge_parcel_fits(bridge, named, named->leg.law, ptime_ms);
    if (fits == 0 && now_ms != ptime_ms) {
        bridge_parcel_settle(bridge, named, named->leg.law, ptime_ms);
        bridge_end_tick(bridge);
    }
    return fits;
}

int32_t parley_bridge_parcel(const parley_bridge *bridge, int32_t leg, int32_t number) {
    const bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL || named->parcel == 0 || number < 0 || number >= FRAME_SLOTS) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    const bridge_parcel *parcel = bridge_parcel_of(bridge, named);
    const uint8_t *packet = parcel->room + payload_at(number) - PARLEY_RTP_HEADER_BYTES;
    return (int32_t)(packet - (const uint8_t *)bridge);
}
