/**
 * @file bridge_limit.h
 * Legs that hear more than fits 16 bits, or did a while ago: each has a limiter's gain (parley_mix.h), and so has the frame of
 * all who are not in the mix. A leg takes that frame while its own gain is the frame's; private to the bridge kernels.
 */
#ifndef PARLEY_BRIDGE_LIMIT_H
#define PARLEY_BRIDGE_LIMIT_H

#include "bridge_state.h"
#include "limit.h"

enum {
    SHARED_LIMITED = 1 << LAWS /* in `shared_laws` */
};

static inline int32_t bridge_law_index(int32_t law) {
    return law == 0 ? 0 : 1;
}

/** Keeps a leg's gain for the next frame. */
static inline void bridge_limit_keep(bridge_leg *leg, int32_t gain) {
    leg->limit = LIMIT_ONE - gain;
    leg->told = (leg->told & ~BRIDGE_LIMITED) | (leg->limit != 0 ? BRIDGE_LIMITED : 0);
}

/** A frame without sound goes by: the leg's gain comes back. */
void bridge_limit_rest(bridge_leg *leg);

/** codes [160] = sum - own through the leg's limiter; as frame_limit. */
void bridge_limit_mix(bridge_leg *leg, const int32_t *sum, int32_t shape, const int16_t *own, uint8_t *codes);

/** codes [160] = the sum for a leg that is not in the mix, where the plain shared frame will not do. */
void bridge_limit_shared(parley_bridge *bridge, bridge_leg *leg, const int32_t *sum, uint8_t *codes);

/** A leg was put into its conference: what all hear there it hears as loud as they. */
void bridge_limit_enter(parley_bridge *bridge, bridge_leg *leg);

/** A conference whose shared frame was limited begins its tick. */
void bridge_limit_begin(parley_bridge *bridge, bridge_conference *conference);

#endif
