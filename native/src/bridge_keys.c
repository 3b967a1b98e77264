/** @file bridge_keys.c Places for legs with keys, and who has one; the contract stands in parley_bridge_side.h. */
#include <stddef.h>

#include "bridge_side.h"

int32_t parley_bridge_key_octets(int32_t places) {
    if (places < 1 || places > PARLEY_BRIDGE_LEGS_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    return (int32_t)sizeof(parley_srtp) * places;
}

int32_t parley_bridge_key_places(parley_bridge *bridge, int32_t size, int32_t places) {
    int32_t more = parley_bridge_key_octets(places);
    int32_t begin = (bridge->size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    if (more < 0 || size < begin + more || bridge->keys_at != 0 || bridge->legs_used != 0) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    for (int32_t i = 0; i < more; i++) {
        ((uint8_t *)bridge_at(bridge, begin))[i] = 0;
    }
    bridge->keys_at = begin;
    bridge->key_places = places;
    bridge->size = begin + more;
    return 0;
}

/** A free place, the one after the last given first; NOBODY: there is none. */
static int32_t free_place(const parley_bridge *bridge) {
    for (int32_t i = 0; i < bridge->key_places; i++) {
        int32_t place = (bridge->key_next + i) % bridge->key_places;
        if (!parley_srtp_usable(bridge_keys_at(bridge, place), (int32_t)sizeof(parley_srtp))) {
            return place;
        }
    }
    return NOBODY;
}

void bridge_keys_leave(parley_bridge *bridge, bridge_leg *leg) {
    if (leg->keys != 0) {
        parley_srtp_wipe(bridge_keys_of(bridge, leg));
        leg->keys = 0;
    }
}

int32_t parley_bridge_secure(parley_bridge *bridge, int32_t leg, int32_t suite, const uint8_t *master_out,
                             const uint8_t *master_in, int32_t ssrc) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    if (suite == 0) {
        bridge_keys_leave(bridge, named);
        bridge_set_special(bridge, named, named->flags & ~BRIDGE_SECURED);
        return 0;
    }
    int32_t place = named->keys != 0 ? named->keys - 1 : free_place(bridge);
    if (place == NOBODY) {
        return PARLEY_BRIDGE_NO_PLACE;
    }
    parley_srtp *keys = bridge_keys_at(bridge, place);
    if (parley_srtp_init(keys, (int32_t)sizeof *keys, suite, master_out, master_in) != 0) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    bridge->key_next = place + 1;
    named->keys = place + 1;
    bridge_set_special(bridge, named, named->flags | BRIDGE_SECURED);
    named->leg.ssrc_out = (uint32_t)ssrc; /* another key is another stream: its rollover counter is 0 to everybody */
    named->leg.sequence_out &= 0x7FFF;    /* and stays so for 2^15 packets, though the first were lost */
    named->leg.marker_out = 1;
    return 0;
}
