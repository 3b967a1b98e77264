/**
 * @file bridge_noise.h
 * Comfort noise to a leg that takes it (RFC 3389), while it hears nobody: a packet that says how loud it is, and nothing
 * until the next one. The contract stands in parley_bridge_side.h; private to the bridge kernels.
 */
#ifndef PARLEY_BRIDGE_NOISE_H
#define PARLEY_BRIDGE_NOISE_H

#include "bridge_state.h"

enum bridge_turn {
    BRIDGE_TURN_SOUND,
    BRIDGE_TURN_NOISE,
    BRIDGE_TURN_NOTHING
};

/** What a leg with BRIDGE_NOISY gets in this tick. */
enum bridge_turn bridge_noise_turn(parley_bridge *bridge, int32_t index, bridge_leg *leg);

/** Makes of the packet at a place, whose fixed header is there, one of comfort noise. */
void bridge_noise_write(parley_bridge *bridge, int32_t index, bridge_leg *leg, int32_t place);

#endif
