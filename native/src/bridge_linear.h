/**
 * @file bridge_linear.h
 * Legs with L16 (RFC 3551 section 4.5.11), at 8000 or 16000 Hz: a jitter buffer with slots that hold it, beside the places
 * that a wideband leg and a leg with packets of its own have, for it needs all three. Private to the bridge kernels.
 */
#ifndef PARLEY_BRIDGE_LINEAR_H
#define PARLEY_BRIDGE_LINEAR_H

#include "bridge_parcel.h"
#include "bridge_wide.h"

/** What such a leg has beside its other places. */
typedef struct bridge_linear {
    leg_clock clock;
    int32_t spare[14];
    uint8_t slots[SLOTS][PARCEL_SLOT_OCTETS_MAX]; /* of the leg's ring: as they came */
} bridge_linear;

typedef char bridge_linear_is_whole_lines[sizeof(bridge_linear) == 161 * CACHE_LINE ? 1 : -1];

static inline bridge_linear *bridge_linear_of(const parley_bridge *bridge, const bridge_leg *leg) {
    return bridge_pool_place(bridge, bridge->linear_at, leg->linear - 1);
}

/** Samples to octets in network order. */
static inline void linear_write(const int16_t *pcm, uint8_t *octets, int32_t samples) {
    for (int32_t i = 0; i < samples; i++) {
        octets[2 * i] = (uint8_t)((uint16_t)pcm[i] >> 8);
        octets[2 * i + 1] = (uint8_t)pcm[i];
    }
}

/** And back. */
static inline void linear_read(const uint8_t *octets, int16_t *pcm, int32_t samples) {
    for (int32_t i = 0; i < samples; i++) {
        pcm[i] = (int16_t)(uint16_t)(octets[2 * i] << 8 | octets[2 * i + 1]);
    }
}

/** parley_leg_receive for such a leg. */
int32_t bridge_linear_receive(parley_bridge *bridge, bridge_leg *leg, const uint8_t *packet, int32_t length);

/** Of a slot that leg_next gave: where its octets stand. */
const uint8_t *bridge_linear_slot(const parley_bridge *bridge, const bridge_leg *leg, const uint8_t *slot);

/** octets [320] = what a leg with L16 at 8000 Hz hears. */
void bridge_linear_payload(parley_bridge *bridge, bridge_leg *leg, uint8_t *octets);

#endif
