/** @file bridge_wide_mix.c Wideband and narrowband voices in one mix; the contract stands in bridge_wide.h. */
#include <stddef.h>

#include "bridge_limit.h"
#include "bridge_linear.h"
#include "bridge_shape.h"
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

/** pcm = limit(sum); *limit: what the gain lacks to 1. */
static void narrow(const int32_t *sum, int16_t *pcm, int32_t samples, int32_t *limit) {
    *limit = LIMIT_ONE - parley_mix_minus(sum, NULL, pcm, samples, LIMIT_ONE - *limit);
}

/** sum [160] += a narrowband voice. */
static void add_frame(int32_t *sum, const int16_t *frame) {
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES];
    for (int32_t i = 0; i < PARLEY_LEG_FRAME_SAMPLES; i++) {
        pcm[i] = frame[i];
    }
    frame_to_pcm(pcm);
    parley_mix_add(sum, pcm, PARLEY_LEG_FRAME_SAMPLES);
}

/** frame [160] = a wideband voice for narrowband ears. */
static void bring_down(int16_t *state, const int16_t *pcm, int16_t *frame) {
    parley_resample_down(state, pcm, frame, PARLEY_LEG_FRAME_SAMPLES);
    for (int32_t i = 0; i < PARLEY_LEG_FRAME_SAMPLES; i++) {
        frame[i] = (int16_t)(frame[i] >> FORM_BITS);
    }
}

/** The narrowband voices at 16000 Hz. */
static void mix_up(parley_bridge *bridge, bridge_rates *rates) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    int32_t sum[PARLEY_LEG_FRAME_SAMPLES];
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES];
    parley_mix_clear(sum, PARLEY_LEG_FRAME_SAMPLES);
    for (int32_t i = 0; i < bridge->voices; i++) {
        const bridge_leg *leg = bridge_leg_at(bridge, bridge_voices(bridge)[i]);
        if (!bridge_wideband(leg)) {
            add_frame(sum, bridge_frame(bridge, leg->voice));
        }
    }
    narrow(sum, pcm, PARLEY_LEG_FRAME_SAMPLES, &rates->up_limit);
    parley_resample_up(rates->up, pcm, head->up, PARLEY_LEG_FRAME_SAMPLES);
    head->narrow = any(head->up, WIDE_SAMPLES);
}

/** Sums the wideband voices; unless `apart`, takes them out of the list. @return the first one's leg, or NOBODY */
static int32_t mix_wide(parley_bridge *bridge, int apart) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    int32_t *voices = bridge_voices(bridge);
    int32_t kept = 0, first = NOBODY;
    head->voices = 0;
    parley_mix_clear(head->sum, WIDE_SAMPLES);
    for (int32_t i = 0; i < bridge->voices; i++) {
        bridge_leg *leg = bridge_leg_at(bridge, voices[i]);
        if (!bridge_wideband(leg)) {
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
        if (apart) {
            voices[kept++] = voices[i];
            bring_down(wide->down, wide->frame, bridge_frame(bridge, leg->voice));
        } else if (first == NOBODY) {
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
    int apart = bridge_selects(bridge_conference_at(bridge, conference));
    int32_t first = mix_wide(bridge, apart);
    mix_up(bridge, rates);
    if (apart) {
        return;
    }
    narrow(head->sum, pcm, WIDE_SAMPLES, &rates->down_limit);
    if (first != NOBODY) {
        frame = bridge_frame(bridge, bridge_leg_at(bridge, first)->voice);
        bridge_voices(bridge)[bridge->voices++] = first; /* one voice stands for all of them */
    }
    bring_down(rates->down, pcm, frame);
}

/** sum [320] = the voices that a wideband leg chose to hear. */
static void sum_some(parley_bridge *bridge, const bridge_leg *leg, int32_t *sum) {
    bridge_wide *wide = bridge_wide_at(bridge, leg->wide - 1);
    int32_t frames[PARLEY_LEG_FRAME_SAMPLES];
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES], up[WIDE_SAMPLES];
    parley_mix_clear(sum, WIDE_SAMPLES);
    parley_mix_clear(frames, PARLEY_LEG_FRAME_SAMPLES);
    for (int32_t i = 0; i < bridge->voices; i++) {
        const bridge_leg *talker = bridge_leg_at(bridge, bridge_voices(bridge)[i]);
        if (talker == leg || !bridge_is_for(leg, talker)) {
            continue;
        }
        if (bridge_wideband(talker)) {
            parley_mix_add(sum, bridge_wide_at(bridge, talker->wide - 1)->frame, WIDE_SAMPLES);
        } else {
            add_frame(frames, bridge_frame(bridge, talker->voice));
        }
    }
    narrow(frames, pcm, PARLEY_LEG_FRAME_SAMPLES, &wide->limit);
    parley_resample_up(wide->up, pcm, up, PARLEY_LEG_FRAME_SAMPLES);
    parley_mix_add(sum, up, WIDE_SAMPLES);
}

/** What a leg hears of one voice alone, as it came. @return 0 if it is to be coded */
static int pass_on(parley_bridge *bridge, const bridge_leg *leg, uint8_t *codes) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    bridge_wide *wide = bridge_wide_at(bridge, leg->wide - 1);
    if (head->voices - wide->heard != 1 || head->narrow || leg->told) {
        return 0;
    }
    int32_t second = wide->heard && head->first[0] == leg->wide - 1;
    const bridge_wide *other = bridge_wide_at(bridge, head->first[second]);
    if (leg->leg.law == PARLEY_LAW_L16_16000) {
        linear_write(other->frame, codes, WIDE_SAMPLES);
    } else if (other->exact) {
        octets_copy(codes, other->codes, PARLEY_LEG_FRAME_SAMPLES);
        parley_g722_follow((parley_g722 *)(void *)wide->encoder, codes, PARLEY_LEG_FRAME_SAMPLES,
                           other->frame + WIDE_SAMPLES - PARLEY_G722_FILTER_SAMPLES);
    } else {
        return 0;
    }
    bridge_count(bridge, PARLEY_BRIDGE_STAT_COPIED, 1);
    return 1;
}

void bridge_wide_payload(parley_bridge *bridge, bridge_leg *leg, uint8_t *codes) {
    bridge_wide_head *head = bridge_wide_head_of(bridge);
    bridge_wide *wide = bridge_wide_at(bridge, leg->wide - 1);
    if (leg->leg.law == PARLEY_LAW_L16_8000) {
        bridge_linear_payload(bridge, leg, codes);
        return;
    }
    if (pass_on(bridge, leg, codes)) {
        return;
    }
    int32_t sum[WIDE_SAMPLES];
    int16_t pcm[WIDE_SAMPLES];
    int32_t selects = leg->told & BRIDGE_SELECTS;
    if (selects) {
        sum_some(bridge, leg, sum);
    } else {
        for (int32_t i = 0; i < WIDE_SAMPLES; i++) {
            sum[i] = head->sum[i] + head->up[i];
        }
    }
    if (leg->told & BRIDGE_TONE) {
        bridge_tone_add(leg->told & BRIDGE_TONE, sum, WIDE_SAMPLES);
    }
    const int16_t *own = wide->heard && !selects ? wide->frame : NULL;
    bridge_limit_keep(leg, parley_mix_minus(sum, own, pcm, WIDE_SAMPLES, LIMIT_ONE - leg->limit));
    if (leg->leg.law == PARLEY_LAW_L16_16000) {
        linear_write(pcm, codes, WIDE_SAMPLES);
    } else {
        parley_g722_encode((parley_g722 *)(void *)wide->encoder, pcm, codes, PARLEY_LEG_FRAME_SAMPLES);
    }
    bridge_count(bridge, PARLEY_BRIDGE_STAT_ENCODED, 1);
}
