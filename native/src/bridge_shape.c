/** @file bridge_shape.c Gain of a leg, and who hears whom; the contract stands in parley_bridge_side.h. */
#include <stddef.h>

#include "bridge_limit.h"
#include "bridge_shape.h"
#include "bridge_wide.h"
#include "frame.h"
#include "kernel_form.h"
#include "parley_mix.h"

enum {
    FORM_BITS = PARLEY_ARM ? 2 : 0, /* frames of G.711 are kept in steps of 4 there (kernel_form.h) */
    GAINED = 1,
    SELECTS = 1 << 16,
    USUAL_CHANNEL = 1,
    GAIN_MASK = 0x1FFF, /* of a leg's `gain`; the gate's frames are from QUIET_AT on */
    GAIN_AUTO = 1 << 30,
    QUIET_AT = 16,
    QUIET_MASK = 0xFF,
    GATE_FRAMES = 15,
    GATE_DBOV = 60,
    SPEECH_DBOV = 48,
    TARGET_DBOV = 24,
    DOWN_DB = 12,
    UP_DB = 18
};

/** Gains of -12 to 18 dB. */
static const int16_t GAINS[DOWN_DB + UP_DB + 1] = {
    64, 72, 81, 91, 102, 114, 128, 144, 162, 181, 203,
    228, 256, 287, 322, 362, 406, 455, 511, 573, 643, 722,
    810, 908, 1019, 1144, 1283, 1440, 1615, 1812, 2033,
};

int bridge_is_for(const bridge_leg *listener, const bridge_leg *talker) {
    return ((listener->hears ^ PARLEY_BRIDGE_CHANNELS_ALL) & (talker->says ^ USUAL_CHANNEL)) != 0;
}

/** Counts in the leg's conference; the bit in `wide` is what the tick looks at. */
static void note(parley_bridge *bridge, const bridge_leg *leg, int32_t by) {
    bridge_conference *conference = bridge_conference_at(bridge, leg->conference);
    conference->shaped += by;
    conference->wide &= ~BRIDGE_SHAPED;
    conference->wide |= conference->shaped != 0 ? BRIDGE_SHAPED : 0;
}

static void set_gain(parley_bridge *bridge, bridge_leg *leg, int32_t gain) {
    int32_t before = leg->gain;
    leg->gain = gain == PARLEY_BRIDGE_GAIN_AUTO ? GAIN_AUTO : gain ^ PARLEY_MIX_GAIN_ONE;
    note(bridge, leg, ((leg->gain != 0) - (before != 0)) * GAINED);
}

static void set_hears(parley_bridge *bridge, bridge_leg *leg, int32_t hears) {
    int32_t before = leg->hears;
    leg->hears = hears ^ PARLEY_BRIDGE_CHANNELS_ALL;
    leg->told = (leg->told & ~BRIDGE_SELECTS) | (leg->hears != 0 ? BRIDGE_SELECTS : 0);
    note(bridge, leg, ((leg->hears != 0) - (before != 0)) * SELECTS);
}

int32_t parley_bridge_gain(parley_bridge *bridge, int32_t leg, int32_t gain) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL || gain < PARLEY_BRIDGE_GAIN_AUTO || gain > PARLEY_MIX_GAIN_MAX) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    set_gain(bridge, named, gain);
    return 0;
}

int32_t parley_bridge_channels(parley_bridge *bridge, int32_t leg, int32_t says, int32_t hears) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL || says < 1 || says > PARLEY_BRIDGE_CHANNELS_ALL || hears < 0 ||
        hears > PARLEY_BRIDGE_CHANNELS_ALL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    named->says = says ^ USUAL_CHANNEL;
    set_hears(bridge, named, hears);
    bridge->next_conference = bridge->conferences; /* the tick at hand may have one voice stand for several */
    bridge->member = NOBODY;
    return 0;
}

void bridge_shape_clear(parley_bridge *bridge, bridge_leg *leg) {
    set_gain(bridge, leg, PARLEY_MIX_GAIN_ONE);
    set_hears(bridge, leg, PARLEY_BRIDGE_CHANNELS_ALL);
}

int32_t bridge_gain_of(const bridge_leg *leg) {
    return (leg->gain & GAIN_MASK) ^ PARLEY_MIX_GAIN_ONE;
}

/** The automatic gain after this frame. */
static int32_t follow(bridge_leg *leg) {
    int32_t level = leg->leg.stat[PARLEY_LEG_STAT_LEVEL_IN];
    int32_t gain = bridge_gain_of(leg);
    int32_t quiet = (leg->gain >> QUIET_AT & QUIET_MASK) + 1;
    quiet = level <= GATE_DBOV ? 0 : quiet > QUIET_MASK ? QUIET_MASK : quiet;
    if (level <= SPEECH_DBOV) {
        int32_t wanted = level - TARGET_DBOV + DOWN_DB;
        wanted = GAINS[wanted < 0 ? 0 : wanted > DOWN_DB + UP_DB ? DOWN_DB + UP_DB : wanted];
        gain += gain < wanted ? (wanted - gain + 127) >> 7 : -((gain - wanted + 7) >> 3);
    }
    leg->gain = GAIN_AUTO | quiet << QUIET_AT | (gain ^ PARLEY_MIX_GAIN_ONE);
    return quiet > GATE_FRAMES ? 0 : gain;
}

static void amplify(parley_bridge *bridge, bridge_leg *leg) {
    int32_t gain = leg->gain & GAIN_AUTO ? follow(leg) : leg->gain ^ PARLEY_MIX_GAIN_ONE;
    if (leg->wide) {
        bridge_wide *wide = bridge_wide_at(bridge, leg->wide - 1);
        parley_mix_scale(wide->frame, gain, bridge_wideband(leg) ? WIDE_SAMPLES : PARLEY_LEG_FRAME_SAMPLES);
        wide->exact = 0;
        if (!bridge_wideband(leg)) {
            bridge_wide_narrow(bridge, leg, leg->voice);
        }
        return;
    }
    int16_t *frame = bridge_frame(bridge, leg->voice);
    frame_to_pcm(frame);
    parley_mix_scale(frame, gain, PARLEY_LEG_FRAME_SAMPLES);
    for (int32_t i = 0; i < PARLEY_LEG_FRAME_SAMPLES; i++) {
        frame[i] = (int16_t)(frame[i] >> FORM_BITS);
    }
    if (!PARLEY_ARM && leg->voice < COPIED_VOICES) {
        frame_encode(leg->leg.law, frame, bridge->coded[leg->voice]);
    }
}

void bridge_amplify(parley_bridge *bridge) {
    for (int32_t i = 0; i < bridge->voices; i++) {
        bridge_leg *leg = bridge_leg_at(bridge, bridge_voices(bridge)[i]);
        if (leg->gain != 0) {
            amplify(bridge, leg);
        }
    }
}

void bridge_hear_some(parley_bridge *bridge, bridge_leg *leg, uint8_t *codes) {
    int32_t sum[PARLEY_LEG_FRAME_SAMPLES];
    int32_t shape = 0;
    for (int32_t i = 0; i < bridge->voices; i++) {
        const bridge_leg *talker = bridge_leg_at(bridge, bridge_voices(bridge)[i]);
        if (talker != leg && bridge_is_for(leg, talker)) {
            const int16_t *frame = bridge_frame(bridge, talker->voice);
            shape = frame_sum(sum, shape, &frame, 1);
        }
    }
    if (shape == 0) {
        frame_silence(leg->leg.law, codes);
        bridge_limit_rest(leg);
    } else if ((leg->told & BRIDGE_LIMITED) || !frame_mix(leg->leg.law, sum, shape, NULL, codes)) {
        bridge_limit_mix(leg, sum, shape, NULL, codes);
    }
    bridge_count(bridge, shape == 0 ? PARLEY_BRIDGE_STAT_SILENCE : PARLEY_BRIDGE_STAT_ENCODED, 1);
}
