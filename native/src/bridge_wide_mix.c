/** @file bridge_wide_mix.c Wideband and narrowband voices in one mix; the contract stands in bridge_wide.h. */
#include <stddef.h>

#include "bridge_tone.h"
#include "bridge_wide.h"
#include "frame.h"
#include "kernel_form.h"
#include "octets.h"
#include "parley_level.h"
#include "parley_mix.h"

enum {
    FORM_BITS = PARLEY_ARM ? 2 : 0 /* frames of G.711 are kept in steps of 4 there (kernel_form.h) */
};

static int any(const int16_t *pcm, int32_t samples) {
    int32_t all = 0;
    for (int32_t i = 0; i < samples; i++) {
        all |= pcm[i];
    }
    return all != 0;
}

/** The narrowband voices at 16000 Hz. */
static void mix_up(parley_bridge *bridge, bridge_rates *rates) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    int32_t sum[PARLEY_LEG_FRAME_SAMPLES];
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES];
    parley_mix_clear(sum, PARLEY_LEG_FRAME_SAMPLES);
    for (int32_t i = 0; i < bridge->voices; i++) {
        const bridge_leg *leg = bridge_leg_at(bridge, bridge_voices(bridge)[i]);
        const int16_t *frame = bridge_frame(bridge, leg->voice);
        for (int32_t sample = 0; sample < PARLEY_LEG_FRAME_SAMPLES; sample++) {
            pcm[sample] = frame[sample];
        }
        frame_to_pcm(pcm);
        parley_mix_add(sum, pcm, PARLEY_LEG_FRAME_SAMPLES);
    }
    parley_mix_minus(sum, NULL, pcm, PARLEY_LEG_FRAME_SAMPLES);
    parley_resample_up(rates->up, pcm, head->up, PARLEY_LEG_FRAME_SAMPLES);
    head->narrow = any(head->up, WIDE_SAMPLES);
}

/** Takes the wideband voices out of the list and sums them. @return the first one's leg, or NOBODY; its frame free */
static int32_t mix_wide(parley_bridge *bridge) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    int32_t *voices = bridge_voices(bridge);
    int32_t kept = 0, first = NOBODY;
    head->voices = 0;
    parley_mix_clear(head->sum, WIDE_SAMPLES);
    for (int32_t i = 0; i < bridge->voices; i++) {
        bridge_leg *leg = bridge_leg_at(bridge, voices[i]);
        if (leg->wide == 0) {
            voices[kept++] = voices[i];
            continue;
        }
        bridge_wide *wide = bridge_wide_at(bridge, leg->wide - 1);
        parley_mix_add(head->sum, wide->frame, WIDE_SAMPLES);
        wide->heard = 1;
        if (head->voices < 2) {
            head->first[head->voices] = leg->wide - 1;
        }
        head->voices++;
        if (first == NOBODY) {
            first = voices[i];
        } else {
            leg->voice = NOBODY;
        }
    }
    bridge->voices = kept;
    return first;
}

void bridge_wide_mix(parley_bridge *bridge, int32_t conference) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    bridge_rates *rates = bridge_rates_of(bridge, conference);
    int16_t pcm[WIDE_SAMPLES], *frame = pcm;
    int32_t first = mix_wide(bridge);
    mix_up(bridge, rates);
    parley_mix_minus(head->sum, NULL, pcm, WIDE_SAMPLES);
    if (first != NOBODY) {
        frame = bridge_frame(bridge, bridge_leg_at(bridge, first)->voice);
        bridge_voices(bridge)[bridge->voices++] = first; /* one voice stands for all of them */
    }
    parley_resample_down(rates->down, pcm, frame, PARLEY_LEG_FRAME_SAMPLES);
    for (int32_t i = 0; i < PARLEY_LEG_FRAME_SAMPLES; i++) {
        frame[i] = (int16_t)(frame[i] >> FORM_BITS);
    }
}

void bridge_wide_payload(parley_bridge *bridge, const bridge_leg *leg, uint8_t *codes) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    bridge_wide *wide = bridge_wide_at(bridge, leg->wide - 1);
    parley_g722 *encoder = (parley_g722 *)(void *)wide->encoder;
    if (head->voices - wide->heard == 1 && !head->narrow && !leg->told) {
        int32_t second = wide->heard && head->first[0] == leg->wide - 1;
        const bridge_wide *other = bridge_wide_at(bridge, head->first[second]);
        if (other->exact) {
            octets_copy(codes, other->codes, PARLEY_LEG_FRAME_SAMPLES);
            parley_g722_follow(encoder, codes, PARLEY_LEG_FRAME_SAMPLES,
                               other->frame + WIDE_SAMPLES - PARLEY_G722_FILTER_SAMPLES);
            bridge_count(bridge, PARLEY_BRIDGE_STAT_COPIED, 1);
            return;
        }
    }
    int32_t sum[WIDE_SAMPLES];
    int16_t pcm[WIDE_SAMPLES];
    for (int32_t i = 0; i < WIDE_SAMPLES; i++) {
        sum[i] = head->sum[i] + head->up[i];
    }
    if (leg->told) {
        bridge_tone_add(leg->told, sum, WIDE_SAMPLES);
    }
    parley_mix_minus(sum, wide->heard ? wide->frame : NULL, pcm, WIDE_SAMPLES);
    parley_g722_encode(encoder, pcm, codes, PARLEY_LEG_FRAME_SAMPLES);
    bridge_count(bridge, PARLEY_BRIDGE_STAT_ENCODED, 1);
}
