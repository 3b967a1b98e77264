/** @file bridge_shape.h What makes a leg's part in the mix its own: gain, and whom it hears; private to the kernels. */
#ifndef PARLEY_BRIDGE_SHAPE_H
#define PARLEY_BRIDGE_SHAPE_H

#include "bridge_state.h"

/** Somebody in the conference chooses whom he hears: every voice must stay one of its own. */
static inline int bridge_selects(const bridge_conference *conference) {
    return conference->shaped >> 16 != 0;
}

/** 1 if what `talker` says is for `listener`. */
int bridge_is_for(const bridge_leg *listener, const bridge_leg *talker);

/** After the choice of the loudest: gives the voices their gain. */
void bridge_amplify(parley_bridge *bridge);

/** codes [160] = what a narrowband leg that chooses hears. */
void bridge_hear_some(parley_bridge *bridge, bridge_leg *leg, uint8_t *codes);

/** The gain of a leg in 1/256; an automatic one as it is now. */
int32_t bridge_gain_of(const bridge_leg *leg);

/** A leg is about to be taken out. */
void bridge_shape_clear(parley_bridge *bridge, bridge_leg *leg);

#endif
