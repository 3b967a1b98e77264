/**
 * @file bridge_side.h
 * What only some legs have: keys, a peer that is watched. In tables of their own, so that a plain leg's packets
 * touch none of it; private to the bridge kernels.
 */
#ifndef PARLEY_BRIDGE_SIDE_H
#define PARLEY_BRIDGE_SIDE_H

#include "bridge_state.h"
#include "rtp_source.h"
#include "srtp_state.h"

/** Of a leg; all zero while it has nothing of this. */
typedef struct bridge_side {
    rtp_source source; /* of a watched leg */
    int32_t heard_clock; /* bridge->clock when its last good RTP packet came */
    int32_t event_known; /* 1: a telephone event was reported, and its timestamp was: */
    uint32_t event_timestamp;
    uint32_t event_ssrc;
    int32_t forged; /* statistics */
    int32_t replayed;
    int32_t reports;
    int32_t octets_more; /* of payload sent, than 160 a packet */
} bridge_side;

/* A line of the cache, that the twin counts on. */
typedef char bridge_side_is_a_line[sizeof(bridge_side) == CACHE_LINE ? 1 : -1];

/** An RTCP packet on its way to the caller; octets 0: the place is free. */
typedef struct bridge_report {
    int32_t leg;
    int32_t octets;
    uint8_t packet[BRIDGE_REPORT_OCTETS];
} bridge_report;

static inline bridge_side *bridge_side_of(const parley_bridge *bridge, int32_t leg) {
    return (bridge_side *)bridge_at(bridge, bridge->sides_at) + leg;
}

static inline bridge_report *bridge_report_at(const parley_bridge *bridge, int32_t place) {
    return (bridge_report *)bridge_at(bridge, bridge->reports_at) + place;
}

/** The state at a place of the table of keys. */
static inline parley_srtp *bridge_keys_at(const parley_bridge *bridge, int32_t place) {
    return (parley_srtp *)bridge_at(bridge, bridge->keys_at) + place;
}

/** That of a leg with keys. */
static inline parley_srtp *bridge_keys_of(const parley_bridge *bridge, const bridge_leg *leg) {
    return bridge_keys_at(bridge, leg->keys - 1);
}

/** Takes a leg's keys away and wipes them, if it has any. */
void bridge_keys_leave(parley_bridge *bridge, bridge_leg *leg);

/** Takes a packet of a leg that is more than plain. */
int32_t bridge_receive_special(parley_bridge *bridge, bridge_leg *leg, const uint8_t *packet, int32_t length);

/** What is to be done with packets of such legs before they go out: of the first `made` places. */
void bridge_send_special(parley_bridge *bridge, int32_t made);

/** Octets of the packet at a place in use. */
static inline int32_t bridge_octets_at(const parley_bridge *bridge, int32_t place) {
    int32_t leg = bridge_recipients(bridge)[place];
    return bridge_leg_at(bridge, leg)->flags & BRIDGE_SPECIAL_OUT ? bridge_transmit_at(bridge, place)->octets
                                                                  : PARLEY_LEG_PACKET_BYTES;
}

/** Sets all of a leg's flags. */
void bridge_set_special(parley_bridge *bridge, bridge_leg *leg, int32_t flags);

/** Wipes what a leg had. */
void bridge_side_clear(parley_bridge *bridge, int32_t leg);

#endif
