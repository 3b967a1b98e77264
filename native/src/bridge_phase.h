/** @file bridge_phase.h When in a frame's time a conference has its tick. Private to the bridge kernels. */
#ifndef PARLEY_BRIDGE_PHASE_H
#define PARLEY_BRIDGE_PHASE_H

#include "bridge_state.h"

/** Samples from now to the tick that mixes the leg's conference. */
int32_t bridge_phase_before(const parley_bridge *bridge, const bridge_leg *leg);

/** 1 if the conference is to be mixed in this tick. Now and then moves its tick to where its legs wait least. */
int bridge_phase_turn(parley_bridge *bridge, bridge_conference *conference);

#endif
