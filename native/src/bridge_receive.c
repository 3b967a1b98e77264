/** @file bridge_receive.c A packet to its leg; the contract stands in parley_bridge.h. */
#include <stddef.h>

#include "bridge_phase.h"
#include "bridge_side.h"
#include "octets.h"

int32_t bridge_before_tick(const parley_bridge *bridge, const bridge_leg *leg) {
    return bridge->phases == 1 ? bridge->arrival : bridge_phase_before(bridge, leg);
}

static int32_t deliver(parley_bridge *bridge, bridge_leg *leg, const uint8_t *packet, int32_t length) {
    bridge_count(bridge, PARLEY_BRIDGE_STAT_RECEIVED, 1);
    if ((leg->flags & ~PARLEY_BRIDGE_HEARS) != PARLEY_BRIDGE_SPEAKS) {
        return bridge_receive_special(bridge, leg, packet, length);
    }
    int32_t result = leg_receive_at(&leg->leg, packet, length, bridge_before_tick(bridge, leg));
    bridge_count(bridge, PARLEY_BRIDGE_STAT_TAKEN, result == PARLEY_LEG_TAKEN);
    return result;
}

int32_t bridge_receive_from(parley_bridge *bridge, uint32_t address, uint32_t port, const uint8_t *packet,
                            int32_t length) {
    int32_t leg = bridge_source_find(bridge, address, port);
    if (leg == NOBODY) {
        bridge_count(bridge, PARLEY_BRIDGE_STAT_UNKNOWN, 1);
        return PARLEY_BRIDGE_UNKNOWN;
    }
    return deliver(bridge, bridge_leg_at(bridge, leg), packet, length);
}

int32_t parley_bridge_receive(parley_bridge *bridge, const uint8_t *packet, int32_t length,
                              const uint8_t *address) {
    uint32_t host = octets_word_at(address);
    return bridge_receive_from(bridge, host, (uint32_t)address[4] << 8 | address[5], packet, length);
}

int32_t parley_bridge_receive_leg(parley_bridge *bridge, int32_t leg, const uint8_t *packet, int32_t length) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    return deliver(bridge, named, packet, length);
}

int32_t parley_bridge_before(parley_bridge *bridge, int32_t before) {
    if (before < 0 || before > PARLEY_BRIDGE_BEFORE_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    bridge->arrival = before;
    return 0;
}
