/** @file bridge_tone.h Tones that one leg is told, on top of what it hears; private to the bridge kernels. */
#ifndef PARLEY_BRIDGE_TONE_H
#define PARLEY_BRIDGE_TONE_H

#include "bridge_state.h"

/** sum [samples] += this frame of a tone; samples: 160 at 8000 Hz, 320 at 16000. told: of the leg, not 0 */
void bridge_tone_add(int32_t told, int32_t *sum, int32_t samples);

/** What `told` is after this frame. @return 0 when the tone is over */
int32_t bridge_tone_next(int32_t told);

/** codes [160] = themselves with this frame of the tone. */
void bridge_tone_mix(int32_t told, int32_t law, uint8_t *codes);

#endif
