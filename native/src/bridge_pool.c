/** @file bridge_pool.c Places that legs take and give back; the contract stands in bridge_pool.h. */
#include "bridge_pool.h"

static int32_t whole_lines(int32_t octets) {
    return (octets + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static int32_t first_place(int32_t places) {
    return (int32_t)sizeof(bridge_pool) + whole_lines(places);
}

static uint8_t *marks(const parley_bridge *bridge, int32_t pool_at) {
    return (uint8_t *)bridge_at(bridge, pool_at) + sizeof(bridge_pool);
}

int32_t bridge_pool_octets(int32_t places, int32_t place_octets) {
    if (places < 1 || places > PARLEY_BRIDGE_LEGS_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    return first_place(places) + places * place_octets;
}

int32_t bridge_pool_make(parley_bridge *bridge, int32_t size, int32_t places, int32_t place_octets, int32_t *pool_at) {
    int32_t more = bridge_pool_octets(places, place_octets), begin = whole_lines(bridge->size);
    if (more < 0 || size < begin || size - begin < more || *pool_at != 0 || bridge->legs_used != 0) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    for (int32_t i = 0; i < first_place(places); i++) {
        ((uint8_t *)bridge_at(bridge, begin))[i] = 0;
    }
    bridge_pool *pool = bridge_at(bridge, begin);
    pool->places = pool->free = places;
    pool->first_at = first_place(places);
    pool->place_octets = place_octets;
    *pool_at = begin;
    bridge->size = begin + more;
    return 0;
}

int bridge_pool_has(const parley_bridge *bridge, int32_t pool_at) {
    return pool_at != 0 && ((const bridge_pool *)bridge_at(bridge, pool_at))->free > 0;
}

int32_t bridge_pool_take(parley_bridge *bridge, int32_t pool_at) {
    uint8_t *taken = marks(bridge, pool_at);
    int32_t place = 0;
    while (taken[place]) {
        place++;
    }
    taken[place] = 1;
    ((bridge_pool *)bridge_at(bridge, pool_at))->free--;
    return place;
}

void bridge_pool_give(parley_bridge *bridge, int32_t pool_at, int32_t place) {
    marks(bridge, pool_at)[place] = 0;
    ((bridge_pool *)bridge_at(bridge, pool_at))->free++;
}
