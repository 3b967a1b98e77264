/** @file bridge_noise.c Comfort noise to a leg that takes it; see bridge_noise.h. */
#include "bridge_noise.h"

#include <stddef.h>

#include "bridge_names.h"
#include "bridge_side.h"
#include "parley_level.h"
#include "parley_rtp.h"

enum {
    COMFORT_NOISE = 13,  /* payload type, RFC 3551 table 4 */
    HANGOVER_TICKS = 10, /* of silence as it is sent else: a breath is none */
    REPEAT_TICKS = 25,   /* 500 ms: who missed one waits no longer, and a NAT does not forget us */
    NOISE_OCTETS = 1     /* RFC 3389 section 3: the level alone, white noise */
};

/** What others say apart from voices, and packets that are gathered, are sound; who chooses whom he hears gets all of it. */
static int is_silent(parley_bridge *bridge, int32_t index, const bridge_leg *leg) {
    return leg->told == 0 && leg->parcel == 0 && !bridge_names_hears(bridge, index, leg);
}

enum bridge_turn bridge_noise_turn(parley_bridge *bridge, int32_t index, bridge_leg *leg) {
    if (!is_silent(bridge, index, leg)) {
        leg->silent_ticks = 0;
        return BRIDGE_TURN_SOUND;
    }
    int32_t ticks = leg->silent_ticks;
    leg->silent_ticks = ticks + 1 < HANGOVER_TICKS + REPEAT_TICKS ? ticks + 1 : HANGOVER_TICKS;
    return ticks < HANGOVER_TICKS ? BRIDGE_TURN_SOUND : ticks == HANGOVER_TICKS ? BRIDGE_TURN_NOISE : BRIDGE_TURN_NOTHING;
}

void bridge_noise_write(parley_bridge *bridge, int32_t index, bridge_leg *leg, int32_t place) {
    bridge_transmit *to = bridge_transmit_at(bridge, place);
    to->packet[1] = COMFORT_NOISE; /* without the marker: it opens no talkspurt (RFC 3551 section 4.1) */
    to->packet[PARLEY_RTP_HEADER_BYTES] = (uint8_t)leg->noise_level;
    to->octets = PARLEY_RTP_HEADER_BYTES + NOISE_OCTETS;
    leg->leg.marker_out = 1; /* the next sound does */
    bridge_side_of(bridge, index)->octets_more += NOISE_OCTETS - PARLEY_LEG_FRAME_SAMPLES;
}

int32_t parley_bridge_noise(parley_bridge *bridge, int32_t leg, int32_t level) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL || level < 0 || level > PARLEY_LEVEL_SILENCE) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    named->noise_level = level;
    named->silent_ticks = 0;
    bridge_set_special(bridge, named, level > 0 ? named->flags | BRIDGE_NOISY : named->flags & ~BRIDGE_NOISY);
    bridge_end_tick(bridge);
    return 0;
}
