/** @file bridge_linear.c L16 in, and out at 8000 Hz; the contract stands in bridge_linear.h. */
#include "bridge_linear.h"

#include <stddef.h>

#include "bridge_limit.h"
#include "bridge_shape.h"
#include "bridge_tone.h"
#include "frame.h"
#include "parley_mix.h"

int32_t parley_bridge_linear_octets(int32_t places) {
    return bridge_pool_octets(places, (int32_t)sizeof(bridge_linear));
}

int32_t parley_bridge_linear_places(parley_bridge *bridge, int32_t size, int32_t places) {
    return bridge_pool_make(bridge, size, places, (int32_t)sizeof(bridge_linear), &bridge->linear_at);
}

int32_t bridge_linear_receive(parley_bridge *bridge, bridge_leg *leg, const uint8_t *packet, int32_t length) {
    bridge_linear *linear = bridge_linear_of(bridge, leg);
    leg_store store = {
        linear->slots[0],
        bridge_slot_octets(leg->leg.law),
        leg->leg.law == PARLEY_LAW_L16_16000 ? &linear->clock : NULL,
    };
    return leg_receive_to(&leg->leg, packet, length, bridge_before_tick(bridge, leg), &store);
}

const uint8_t *bridge_linear_slot(const parley_bridge *bridge, const bridge_leg *leg, const uint8_t *slot) {
    int32_t index = (int32_t)(slot - leg->leg.codes[0]) / SLOT_SAMPLES;
    return bridge_linear_of(bridge, leg)->slots[0] + index * bridge_slot_octets(leg->leg.law);
}

/** pcm [160] = a voice for narrowband ears. */
static void voice_of(const parley_bridge *bridge, const bridge_leg *talker, int16_t *pcm) {
    int own = talker->leg.law == PARLEY_LAW_L16_8000; /* frames of the mix may have less than 16 bits */
    const int16_t *frame = own ? bridge_wide_at(bridge, talker->wide - 1)->frame : bridge_frame(bridge, talker->voice);
    for (int32_t i = 0; i < PARLEY_LEG_FRAME_SAMPLES; i++) {
        pcm[i] = frame[i];
    }
    if (!own) {
        frame_to_pcm(pcm);
    }
}

void bridge_linear_payload(parley_bridge *bridge, bridge_leg *leg, uint8_t *octets) {
    int32_t sum[PARLEY_LEG_FRAME_SAMPLES], heard = 0;
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES];
    int32_t selects = leg->told & BRIDGE_SELECTS, tone = leg->told & BRIDGE_TONE;
    int limited = (leg->told & BRIDGE_LIMITED) != 0;
    parley_mix_clear(sum, PARLEY_LEG_FRAME_SAMPLES);
    for (int32_t i = 0; i < bridge->voices; i++) {
        const bridge_leg *talker = bridge_leg_at(bridge, bridge_voices(bridge)[i]);
        if (talker != leg && (!selects || bridge_is_for(leg, talker))) {
            voice_of(bridge, talker, pcm);
            parley_mix_add(sum, pcm, PARLEY_LEG_FRAME_SAMPLES);
            heard++;
        }
    }
    if (tone) {
        bridge_tone_add(tone, sum, PARLEY_LEG_FRAME_SAMPLES);
    }
    if (heard != 1 || tone || limited) { /* one voice alone is passed on to the bit */
        bridge_limit_keep(leg, parley_mix_minus(sum, NULL, pcm, PARLEY_LEG_FRAME_SAMPLES, LIMIT_ONE - leg->limit));
    }
    linear_write(pcm, octets, PARLEY_LEG_FRAME_SAMPLES);
    bridge_count(bridge, tone || heard > 1 || (heard == 1 && limited) ? PARLEY_BRIDGE_STAT_ENCODED
                         : heard == 1      ? PARLEY_BRIDGE_STAT_COPIED
                                           : PARLEY_BRIDGE_STAT_SILENCE, 1);
}
