/** @file bridge_limit.c Who hears too much; see bridge_limit.h. */
#include "bridge_limit.h"

#include <stddef.h>

#include "frame.h"
#include "octets.h"

/** The gain after a frame in which nothing is to be limited. */
static int32_t rested(int32_t limit) {
    static const uint32_t silent[LIMIT_BLOCKS_MAX];
    limit_ramp ramp = limit_plan(LIMIT_ONE - limit, silent, PARLEY_LEG_FRAME_SAMPLES / LIMIT_BLOCK);
    return limit_gain(&ramp, PARLEY_LEG_FRAME_SAMPLES);
}

void bridge_limit_rest(bridge_leg *leg) {
    bridge_limit_keep(leg, rested(leg->limit));
}

static void keep(bridge_conference *conference, int32_t gain) {
    conference->limit = LIMIT_ONE - gain;
    conference->wide = (conference->wide & ~BRIDGE_LIMITED) | (conference->limit != 0 ? BRIDGE_LIMITED : 0);
}

void bridge_limit_enter(parley_bridge *bridge, bridge_leg *leg) {
    bridge_conference *conference = bridge_conference_at(bridge, leg->conference);
    if (conference->members == 1) {
        keep(conference, LIMIT_ONE);
    }
    bridge_limit_keep(leg, LIMIT_ONE - conference->limit);
}

void bridge_limit_begin(parley_bridge *bridge, bridge_conference *conference) {
    bridge->limit = conference->limit;
    keep(conference, rested(conference->limit)); /* unless somebody takes the frame */
}

void bridge_limit_mix(bridge_leg *leg, const int32_t *sum, int32_t shape, const int16_t *own, uint8_t *codes) {
    bridge_limit_keep(leg, frame_limit(leg->leg.law, sum, shape, own, LIMIT_ONE - leg->limit, codes));
}

void bridge_limit_shared(parley_bridge *bridge, bridge_leg *leg, const int32_t *sum, uint8_t *codes) {
    int32_t index = bridge_law_index(leg->leg.law), ready = SHARED_LIMITED << index;
    bridge_conference *conference = bridge_conference_at(bridge, leg->conference);
    if (leg->limit != bridge->limit) {
        if (leg->limit != 0 || !frame_mix(leg->leg.law, sum, bridge->sum_ready, NULL, codes)) {
            bridge_limit_mix(leg, sum, bridge->sum_ready, NULL, codes);
        }
        bridge_count(bridge, PARLEY_BRIDGE_STAT_ENCODED, 1);
        return;
    }
    if (!(bridge->shared_laws & ready)) {
        bridge->shared_laws |= ready;
        keep(conference, frame_limit(leg->leg.law, sum, bridge->sum_ready, NULL, LIMIT_ONE - bridge->limit,
                                     bridge->shared[index]));
        bridge_count(bridge, PARLEY_BRIDGE_STAT_SHARED, 1);
    }
    octets_copy(codes, bridge->shared[index], PARLEY_LEG_FRAME_SAMPLES);
    bridge_limit_keep(leg, LIMIT_ONE - conference->limit);
}
