/** @file bridge_source.c Whose packet is it: the table of sources, by address and port. */
#include "bridge_state.h"

/** Where a source stands when nobody is in the way. Peers often differ in a few low bits only: mix well. */
static uint32_t home(const parley_bridge *bridge, uint32_t address, uint32_t port) {
    uint32_t mixed = address * 0x9E3779B1U + port * 0x85EBCA77U;
    mixed ^= mixed >> 15;
    mixed *= 0x2C1B3C6DU;
    mixed ^= mixed >> 12;
    return mixed & bridge->source_mask;
}

/** Place of a source, or the empty one that ends the search; half of the table is empty. */
static uint32_t place_of(const parley_bridge *bridge, uint32_t address, uint32_t port) {
    const bridge_source *sources = bridge_sources(bridge);
    uint32_t place = home(bridge, address, port);
    while (sources[place].port_leg != 0 &&
           (sources[place].address != address || sources[place].port_leg >> 16 != port)) {
        place = (place + 1) & bridge->source_mask;
    }
    return place;
}

int32_t bridge_source_find(const parley_bridge *bridge, uint32_t address, uint32_t port) {
    uint32_t found = bridge_sources(bridge)[place_of(bridge, address, port)].port_leg;
    return found == 0 ? NOBODY : (int32_t)(found & 0xFFFF);
}

void bridge_source_add(parley_bridge *bridge, uint32_t address, uint32_t port, int32_t leg) {
    bridge_source *source = &bridge_sources(bridge)[place_of(bridge, address, port)];
    source->address = address;
    source->port_leg = port << 16 | (uint32_t)leg;
}

void bridge_source_remove(parley_bridge *bridge, uint32_t address, uint32_t port) {
    bridge_source *sources = bridge_sources(bridge);
    uint32_t mask = bridge->source_mask;
    uint32_t gap = place_of(bridge, address, port);
    for (uint32_t at = (gap + 1) & mask; sources[gap].port_leg != 0 && sources[at].port_leg != 0;
         at = (at + 1) & mask) {
        uint32_t from = home(bridge, sources[at].address, sources[at].port_leg >> 16);
        if (((at - from) & mask) >= ((at - gap) & mask)) { /* the gap lies between its home and it */
            sources[gap] = sources[at];
            gap = at;
        }
    }
    sources[gap].address = 0;
    sources[gap].port_leg = 0;
}
