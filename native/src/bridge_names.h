/**
 * @file bridge_names.h
 * Who is heard in a packet, by name, between its fixed header and its payload: the CSRC list (RFC 3550 section 5.1) and
 * levels (RFC 6465); and the level that a peer says of itself (RFC 6464). What a leg has of this is its `names`:
 * names at most | ID of levels out << 8 | ID of the level in << 16 | (what it said last ^ 127) << 24. The contract stands
 * in parley_bridge_side.h; private to the bridge kernels.
 */
#ifndef PARLEY_BRIDGE_NAMES_H
#define PARLEY_BRIDGE_NAMES_H

#include "bridge_state.h"

/** Who is heard in a packet. */
typedef struct bridge_names {
    int32_t count;
    uint32_t ssrc[PARLEY_BRIDGE_NAMES_MAX];
    uint8_t level[PARLEY_BRIDGE_NAMES_MAX + 1]; /* -dBov */
} bridge_names;

/** Adds whom a leg hears in this tick, as far as there is room; who is there already is as loud as he ever was. */
void bridge_names_add(parley_bridge *bridge, int32_t index, const bridge_leg *leg, bridge_names *names);

/** 1 if the voice of anybody else is in this tick's mix. */
int bridge_names_hears(parley_bridge *bridge, int32_t index, const bridge_leg *leg);

/** Octets of the header of a packet with these names, its fixed part counted. */
int32_t bridge_names_octets(const bridge_leg *leg, const bridge_names *names);

/** Writes them behind the fixed part of a header. */
void bridge_names_write(const bridge_leg *leg, const bridge_names *names, uint8_t *packet);

/** Does all of it for the packet at a place of the transmit area, whose fixed header is there. @return its payload */
uint8_t *bridge_names_open(parley_bridge *bridge, int32_t index, const bridge_leg *leg, int32_t place);

/** Notes the level that a leg's packet says, if it says one. */
void bridge_names_hear(bridge_leg *leg, const uint8_t *packet, int32_t length);

/** What it said last: 128 for voice activity, and -dBov. */
static inline int32_t bridge_names_told(const bridge_leg *leg) {
    return (int32_t)(leg->names >> 24) ^ 127;
}

#endif
