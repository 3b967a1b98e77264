/** @file bridge_legs.c Who is in which conference, and on which terms; the contract stands in parley_bridge.h. */
#include <stddef.h>

#include "bridge_limit.h"
#include "bridge_parcel.h"
#include "bridge_shape.h"
#include "bridge_side.h"
#include "bridge_wide.h"
#include "parley_g711.h"

enum {
    FRAME_MS = 20
};

typedef struct peer {
    uint32_t address;
    uint32_t port;
} peer;

static peer peer_at(const uint8_t *address) {
    peer read = {
        (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 | address[3],
        (uint32_t)address[4] << 8 | address[5],
    };
    return read;
}

/** 0 if `leg` may have this peer, else why not. */
static int32_t peer_fits(const parley_bridge *bridge, peer wanted, int32_t leg) {
    if ((wanted.address == 0) != (wanted.port == 0)) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    int32_t found = wanted.port == 0 ? NOBODY : bridge_source_find(bridge, wanted.address, wanted.port);
    return found == NOBODY || found == leg ? 0 : PARLEY_BRIDGE_IN_USE;
}

static void set_peer(parley_bridge *bridge, int32_t index, peer wanted) {
    bridge_leg *leg = bridge_leg_at(bridge, index);
    if (leg->port != 0) {
        bridge_source_remove(bridge, leg->address, leg->port);
    }
    leg->address = wanted.address;
    leg->port = wanted.port;
    if (leg->port != 0) {
        bridge_source_add(bridge, leg->address, leg->port, index);
    }
}

void bridge_end_tick(parley_bridge *bridge) {
    bridge->next_conference = bridge->conferences;
    bridge->member = NOBODY;
    bridge->parcels_due = 0;
}

static int flags_fit(int32_t flags) {
    return (flags & ~(PARLEY_BRIDGE_SPEAKS | PARLEY_BRIDGE_HEARS)) == 0;
}

static void append(parley_bridge *bridge, int32_t index, int32_t conference) {
    bridge_conference *joined = bridge_conference_at(bridge, conference);
    bridge_leg *leg = bridge_leg_at(bridge, index);
    leg->conference = conference;
    leg->previous = joined->last;
    leg->next = NOBODY;
    if (joined->last == NOBODY) {
        joined->first = index;
        joined->wait = joined->turns = 0;
        bridge->conferences_used++;
    } else {
        bridge_leg_at(bridge, joined->last)->next = index;
    }
    joined->last = index;
    joined->members++;
    bridge->legs_used++;
}

int32_t parley_bridge_add_leg(parley_bridge *bridge, int32_t leg, int32_t conference, int32_t law,
                              int32_t payload_type, int32_t event_payload_type, int32_t depth_frames,
                              int32_t flags, const int32_t *seed, const uint8_t *address) {
    if (leg < 0 || leg >= bridge->legs || conference < 0 || conference >= bridge->conferences ||
        !flags_fit(flags)) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    bridge_leg *added = bridge_leg_at(bridge, leg);
    int32_t fits = added->conference != NOBODY ? PARLEY_BRIDGE_IN_USE : peer_fits(bridge, peer_at(address), leg);
    if (fits != 0) {
        return fits;
    }
    fits = bridge_law_fits(bridge, added, law);
    if (fits != 0) {
        return fits;
    }
    if (parley_leg_init(&added->leg, (int32_t)sizeof added->leg, parley_g711_known(law) ? law : PARLEY_LAW_PCMU, payload_type,
                        event_payload_type, depth_frames, seed) != 0) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    added->flags = flags;
    added->voice = NOBODY;
    added->loudness = added->chosen = added->unwanted = added->refused = added->wide = added->told = added->keys = 0;
    added->gain = added->says = added->hears = 0;
    added->names = 0;
    added->noise_level = added->silent_ticks = 0;
    added->leg.law = law;
    set_peer(bridge, leg, peer_at(address));
    append(bridge, leg, conference);
    bridge_limit_enter(bridge, added);
    bridge_parcel_settle(bridge, added, law, FRAME_MS);
    bridge_wide_settle(bridge, added, law);
    bridge_end_tick(bridge);
    return 0;
}

int32_t parley_bridge_change(parley_bridge *bridge, int32_t leg, int32_t law, int32_t payload_type,
                             int32_t event_payload_type, int32_t flags, const uint8_t *address) {
    bridge_leg *changed = bridge_leg_in_use(bridge, leg);
    if (changed == NULL || !flags_fit(flags) || !leg_types_fit(payload_type, event_payload_type)) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    int32_t fits = bridge_law_fits(bridge, changed, law);
    fits = fits != 0 ? fits : peer_fits(bridge, peer_at(address), leg);
    if (fits != 0) {
        return fits;
    }
    int32_t other_law = law != changed->leg.law;
    if (other_law) {
        bridge_parcel_settle(bridge, changed, law, FRAME_MS);
    }
    bridge_wide_settle(bridge, changed, law);
    changed->leg.law = law;
    if (other_law || (changed->flags & ~flags & PARLEY_BRIDGE_SPEAKS)) {
        leg_flush(&changed->leg);
    }
    changed->leg.payload_type = payload_type;
    changed->leg.event_payload_type = event_payload_type;
    changed->flags = flags | (changed->flags & ~(PARLEY_BRIDGE_SPEAKS | PARLEY_BRIDGE_HEARS));
    set_peer(bridge, leg, peer_at(address));
    bridge_end_tick(bridge);
    return 0;
}

int32_t parley_bridge_remove_leg(parley_bridge *bridge, int32_t leg) {
    static const peer nowhere = {0, 0};
    bridge_leg *removed = bridge_leg_in_use(bridge, leg);
    if (removed == NULL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    bridge_conference *left = bridge_conference_at(bridge, removed->conference);
    *(removed->previous == NOBODY ? &left->first : &bridge_leg_at(bridge, removed->previous)->next) =
        removed->next;
    *(removed->next == NOBODY ? &left->last : &bridge_leg_at(bridge, removed->next)->previous) =
        removed->previous;
    left->members--;
    bridge->conferences_used -= left->members == 0;
    bridge->legs_used--;
    set_peer(bridge, leg, nowhere);
    bridge_shape_clear(bridge, removed);
    bridge_parcel_settle(bridge, removed, PARLEY_LAW_PCMU, FRAME_MS);
    bridge_wide_settle(bridge, removed, PARLEY_LAW_PCMU);
    bridge_side_clear(bridge, leg);
    removed->conference = NOBODY;
    bridge_end_tick(bridge);
    return 0;
}

int32_t parley_bridge_skip(parley_bridge *bridge, int32_t ticks) {
    if (ticks < 0 || ticks > PARLEY_BRIDGE_SKIP_TICKS_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    for (int32_t i = 0; i < bridge->legs && ticks > 0; i++) {
        if (bridge_leg_at(bridge, i)->conference != NOBODY) {
            bridge_pause(bridge, bridge_leg_at(bridge, i), ticks);
        }
    }
    return 0;
}
