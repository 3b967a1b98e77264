/**
 * @file bridge_pool.h
 * Places of which a leg may have one: a head, a mark for each place, the places. Behind the bridge's other tables, so that a
 * board without them pays nothing, and a place that nobody ever had is memory never touched. Private to the bridge kernels.
 */
#ifndef PARLEY_BRIDGE_POOL_H
#define PARLEY_BRIDGE_POOL_H

#include "bridge_state.h"

typedef struct bridge_pool {
    int32_t places;
    int32_t free;
    int32_t first_at; /* octets from the head to the first place */
    int32_t place_octets;
    int32_t spare[12];
} bridge_pool;

/** Octets that a pool takes, or PARLEY_BRIDGE_ARGUMENT; places: 1..PARLEY_BRIDGE_LEGS_MAX. */
int32_t bridge_pool_octets(int32_t places, int32_t place_octets);

/** Makes a pool at the end of a bridge without legs, whose memory has `size` octets. @return 0 or ..._ARGUMENT */
int32_t bridge_pool_make(parley_bridge *bridge, int32_t size, int32_t places, int32_t place_octets, int32_t *pool_at);

/** 1 if the pool at `pool_at` (0: there is none) has a free place. */
int bridge_pool_has(const parley_bridge *bridge, int32_t pool_at);

/** Takes a free place, of which there is one. @return its number */
int32_t bridge_pool_take(parley_bridge *bridge, int32_t pool_at);

/** Gives a place back. */
void bridge_pool_give(parley_bridge *bridge, int32_t pool_at, int32_t place);

static inline void *bridge_pool_place(const parley_bridge *bridge, int32_t pool_at, int32_t place) {
    const bridge_pool *pool = bridge_at(bridge, pool_at);
    return (uint8_t *)(uintptr_t)pool + pool->first_at + place * pool->place_octets;
}

#endif
