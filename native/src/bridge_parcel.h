/**
 * @file bridge_parcel.h
 * Legs whose packets are not of 20 ms, or do not fit a place of the transmit area: each has a place of its own where its
 * frames are gathered and its packets made. Private to the bridge kernels.
 */
#ifndef PARLEY_BRIDGE_PARCEL_H
#define PARLEY_BRIDGE_PARCEL_H

#include "bridge_names.h"
#include "bridge_pool.h"

enum {
    PARCEL_HEAD = PACKET_AT,   /* before a packet, as in the transmit area */
    PARCEL_HEADER_ROOM = 96,   /* RTP header, CSRC list, extension; right before the payload */
    PARCEL_PAYLOAD_MAX = 1280, /* with all else it fits an Ethernet frame */
    PARCEL_TAG_ROOM = 16,
    PARCEL_PAYLOAD_AT = PARCEL_HEAD + PARCEL_HEADER_ROOM,
    PARCEL_ROOM = PARCEL_PAYLOAD_AT + PARCEL_PAYLOAD_MAX + PARCEL_TAG_ROOM,
    PARCEL_SECOND = PARCEL_ROOM / 2, /* of 10 ms there are two a tick */
    PARCEL_SLOTS_MAX = PARLEY_BRIDGE_PTIME_MAX_MS / SLOT_MS,
    PARCEL_SLOT_OCTETS_MAX = 320
};

/** What such a leg has beside its block. */
typedef struct bridge_parcel {
    int32_t slots; /* of 10 ms in a packet */
    int32_t held;  /* gathered of the next packet; before a tick at most the first one of `room`'s, or `rest` */
    int32_t made;  /* packets of this tick */
    int32_t rests; /* 1: the first slot held stands in `rest` */
    int32_t header; /* octets of it before the packets of this tick */
    int32_t spare[11];
    uint8_t rest[PARCEL_SLOT_OCTETS_MAX];
    bridge_names names; /* heard in what is gathered */
    uint8_t padding[48];
    uint8_t room[PARCEL_ROOM];
} bridge_parcel;

typedef char bridge_parcel_is_whole_lines[sizeof(bridge_parcel) == 30 * CACHE_LINE ? 1 : -1];

static inline bridge_parcel *bridge_parcel_of(const parley_bridge *bridge, const bridge_leg *leg) {
    return bridge_pool_place(bridge, bridge->parcels_at, leg->parcel - 1);
}

/** Octets of 10 ms as a law has them in a packet. */
static inline int32_t bridge_slot_octets(int32_t law) {
    return law == PARLEY_LAW_L16_16000 ? 4 * SLOT_SAMPLES : law == PARLEY_LAW_L16_8000 ? 2 * SLOT_SAMPLES : SLOT_SAMPLES;
}

/** RTP clock ticks of 10 ms. */
static inline int32_t bridge_slot_ticks(int32_t law) {
    return law == PARLEY_LAW_L16_16000 ? 2 * SLOT_SAMPLES : SLOT_SAMPLES;
}

/** The packet at a place of the transmit area in use, wherever it stands. */
static inline uint8_t *bridge_packet_of(const parley_bridge *bridge, int32_t place) {
    bridge_transmit *to = bridge_transmit_at(bridge, place);
    int32_t leg = bridge_recipients(bridge)[place];
    return bridge_leg_at(bridge, leg)->flags & BRIDGE_PARCELLED ? bridge_at(bridge, to->packet_at) : to->packet;
}

/** Where the next 20 ms of a leg are to be written. */
uint8_t *bridge_parcel_next(const parley_bridge *bridge, const bridge_leg *leg);

/** 20 ms more were written: makes the packets that are whole. @return how many */
int32_t bridge_parcel_close(parley_bridge *bridge, int32_t index, bridge_leg *leg);

/** Gives the first of the `due` last packets of this tick a place of the transmit area. */
void bridge_parcel_send(parley_bridge *bridge, int32_t index, bridge_leg *leg, int32_t due, int32_t place);

/** RTP clock ticks of what is gathered, 0 of a leg without a place. */
uint32_t bridge_parcel_held(const parley_bridge *bridge, const bridge_leg *leg);

/** Lets ticks pass without packets to a leg of any kind; what was gathered is not sent any more. */
void bridge_pause(const parley_bridge *bridge, bridge_leg *leg, int32_t ticks);

/** 0 if a leg may have packets of `ptime_ms` now, else why not. */
int32_t bridge_parcel_fits(const parley_bridge *bridge, const bridge_leg *leg, int32_t law, int32_t ptime_ms);

/** Gives a leg a place if its packets need one, and takes it away if they do not. */
void bridge_parcel_settle(parley_bridge *bridge, bridge_leg *leg, int32_t law, int32_t ptime_ms);

#endif
