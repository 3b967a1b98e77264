/** @file bridge_mix.c A tick: everybody's packet; the contract stands in parley_bridge.h. */
#include <stddef.h>

#include "bridge_limit.h"
#include "bridge_names.h"
#include "bridge_noise.h"
#include "bridge_parcel.h"
#include "bridge_shape.h"
#include "bridge_side.h"
#include "bridge_tone.h"
#include "bridge_wide.h"
#include "frame.h"
#include "octets.h"
#include "parley_rtp.h"

/* The usual way stays short. */
#define IN_LINE inline __attribute__((always_inline))
#define OUT_OF_LINE __attribute__((noinline))

static void copy(uint8_t *to, const uint8_t *from) {
    octets_copy(to, from, PARLEY_LEG_FRAME_SAMPLES);
}

/** The sum of all voices, made when it is first asked for. */
static const int32_t *sum_of(parley_bridge *bridge) {
    for (int32_t i = 0; bridge->sum_ready == 0 || (i > 0 && i < bridge->voices);) {
        const int16_t *frames[FRAME_GROUP];
        int32_t count = 0;
        while (count < FRAME_GROUP && i < bridge->voices) {
            frames[count++] = bridge_frame(bridge, bridge_leg_at(bridge, bridge_voices(bridge)[i++])->voice);
        }
        bridge->sum_ready = frame_sum(bridge->sum, bridge->sum_ready, frames, count);
    }
    return bridge->sum;
}

/** The frame of all who are not in the mix is not made yet, or there is none. */
static OUT_OF_LINE void share_first(parley_bridge *bridge, bridge_leg *leg, int32_t index, uint8_t *codes) {
    const int32_t *sum = sum_of(bridge);
    if (bridge->limit != 0 || bridge->shared_laws & SHARED_LIMITED << index ||
        !frame_mix(leg->leg.law, sum, bridge->sum_ready, NULL, bridge->shared[index])) {
        bridge_limit_shared(bridge, leg, sum, codes);
        return;
    }
    bridge->shared_laws |= 1 << index;
    bridge_count(bridge, PARLEY_BRIDGE_STAT_SHARED, 1);
    copy(codes, bridge->shared[index]);
}

/** Writes what a leg hears. */
static IN_LINE void write_payload(parley_bridge *bridge, int32_t index, bridge_leg *leg, uint8_t *codes) {
    int32_t law = leg->leg.law;
    int32_t others = bridge->voices - (leg->voice != NOBODY);
    if (others == 0) {
        frame_silence(law, codes);
        bridge_count(bridge, PARLEY_BRIDGE_STAT_SILENCE, 1);
        return;
    }
    if (others == 1) {
        int32_t other = leg->voice != NOBODY && bridge_voices(bridge)[0] == index;
        if (bridge_leg_at(bridge, bridge_voices(bridge)[other])->leg.law == law) {
            copy(codes, bridge->coded[other]);
            bridge_count(bridge, PARLEY_BRIDGE_STAT_COPIED, 1);
            return;
        }
    }
    if (leg->voice == NOBODY) {
        int32_t index = bridge_law_index(law);
        if (bridge->shared_laws & 1 << index) {
            copy(codes, bridge->shared[index]);
        } else {
            share_first(bridge, leg, index, codes);
        }
        return;
    }
    const int32_t *sum = sum_of(bridge);
    const int16_t *own = bridge_frame(bridge, leg->voice);
    if (!frame_mix(law, sum, bridge->sum_ready, own, codes)) {
        bridge_limit_mix(leg, sum, bridge->sum_ready, own, codes);
    }
    bridge_count(bridge, PARLEY_BRIDGE_STAT_ENCODED, 1);
}

/** The same for a narrowband leg whose limiter is at work. */
static void write_limited(parley_bridge *bridge, bridge_leg *leg, uint8_t *codes) {
    if (bridge->voices == (leg->voice != NOBODY)) {
        bridge_limit_rest(leg);
        frame_silence(leg->leg.law, codes);
        bridge_count(bridge, PARLEY_BRIDGE_STAT_SILENCE, 1);
    } else if (leg->voice == NOBODY) {
        bridge_limit_shared(bridge, leg, sum_of(bridge), codes);
    } else {
        const int32_t *sum = sum_of(bridge);
        bridge_limit_mix(leg, sum, bridge->sum_ready, bridge_frame(bridge, leg->voice), codes);
        bridge_count(bridge, PARLEY_BRIDGE_STAT_ENCODED, 1);
    }
}

/** What a leg hears that is wideband, chose whom to hear, is told something by a tone, or heard too much. */
static OUT_OF_LINE void write_other(parley_bridge *bridge, int32_t index, bridge_leg *leg, uint8_t *codes) {
    int32_t tone = leg->told & BRIDGE_TONE;
    if (leg->wide) {
        bridge_wide_payload(bridge, leg, codes);
    } else if (leg->told & BRIDGE_SELECTS) {
        bridge_hear_some(bridge, leg, codes);
    } else if (leg->told & BRIDGE_LIMITED) {
        write_limited(bridge, leg, codes);
    } else {
        write_payload(bridge, index, leg, codes);
    }
    if (tone != 0) {
        if (!leg->wide) {
            bridge_tone_mix(tone, leg->leg.law, codes);
        }
        leg->told = (leg->told & ~BRIDGE_TONE) | bridge_tone_next(tone);
    }
}

/** Writes 20 ms of what a leg of any kind hears. */
static IN_LINE void write_heard(parley_bridge *bridge, int32_t index, bridge_leg *leg, uint8_t *codes) {
    if (leg->wide | leg->told) {
        write_other(bridge, index, leg, codes);
    } else {
        write_payload(bridge, index, leg, codes);
    }
}

/** Writes all of a packet before its payload. @return where that begins */
static inline uint8_t *open_packet(parley_bridge *bridge, int32_t index, bridge_leg *leg, int32_t place) {
    bridge_transmit *to = bridge_transmit_at(bridge, place);
    octets_put_word(to->address, leg->address);
    to->port[0] = (uint8_t)(leg->port >> 8);
    to->port[1] = (uint8_t)leg->port;
    leg_header(&leg->leg, to->packet);
    bridge_recipients(bridge)[place] = index;
    return to->packet + PARLEY_RTP_HEADER_BYTES;
}

/** The same of a leg of any kind: with the names of who is heard where it wants them. */
static uint8_t *open_any(parley_bridge *bridge, int32_t index, bridge_leg *leg, int32_t place) {
    uint8_t *payload = open_packet(bridge, index, leg, place);
    if (leg->flags & BRIDGE_SPECIAL_OUT) {
        bridge_transmit_at(bridge, place)->octets = PARLEY_LEG_PACKET_BYTES;
    }
    return leg->flags & BRIDGE_NAMED ? bridge_names_open(bridge, index, leg, place) : payload;
}

/** Writes a leg's packets of this tick, as far as places go. @return how many, from `place` on, before `places` */
static int32_t write_any(parley_bridge *bridge, int32_t index, bridge_leg *leg, int32_t place, int32_t places) {
    int32_t own = leg->flags & BRIDGE_PARCELLED, written = 0;
    if (bridge->parcels_due == 0) {
        write_heard(bridge, index, leg,
                    own ? bridge_parcel_next(bridge, leg) : open_any(bridge, index, leg, place));
        if (!own) {
            return 1;
        }
        bridge->parcels_due = bridge_parcel_close(bridge, index, leg);
    }
    while (bridge->parcels_due > 0 && place + written < places) {
        bridge_parcel_send(bridge, index, leg, bridge->parcels_due--, place + written);
        written++;
    }
    if (bridge->parcels_due > 0) {
        bridge->member = index; /* goes on with him */
    }
    return written;
}

static enum bridge_turn turn_of(parley_bridge *bridge, int32_t index, bridge_leg *leg) {
    if (!(leg->flags & PARLEY_BRIDGE_HEARS)) {
        return BRIDGE_TURN_NOTHING;
    }
    return leg->flags & BRIDGE_NOISY ? bridge_noise_turn(bridge, index, leg) : BRIDGE_TURN_SOUND;
}

static int next_special(parley_bridge *bridge) {
    bridge->contributors = NOBODY;
    return bridge_next_conference(bridge);
}

/** Goes on with a tick in which some legs' packets are more than plain. @return packets written */
static int32_t mix_special(parley_bridge *bridge, int32_t places) {
    int32_t made = 0;
    while (made < places && (bridge->member != NOBODY || next_special(bridge))) {
        int32_t index = bridge->member;
        bridge_leg *leg = bridge_leg_at(bridge, index);
        bridge->member = leg->next;
        enum bridge_turn turn = turn_of(bridge, index, leg);
        if (turn == BRIDGE_TURN_SOUND) {
            made += write_any(bridge, index, leg, made, places);
        } else if (turn == BRIDGE_TURN_NOISE) {
            open_packet(bridge, index, leg, made);
            bridge_noise_write(bridge, index, leg, made++);
        } else {
            bridge_pause(bridge, leg, 1);
        }
    }
    bridge_send_special(bridge, made);
    return made;
}

int32_t parley_bridge_begin(parley_bridge *bridge, int32_t phase, int32_t phases) {
    if (phases < 1 || phases > PARLEY_BRIDGE_PHASES_MAX || phase < 0 || phase >= phases) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    bridge->next_conference = 0;
    bridge->phases = phases;
    bridge->phase_next = phase + 1 < phases ? phase + 1 : 0;
    bridge->member = NOBODY;
    bridge->parcels_due = 0;
    return 0;
}

int32_t parley_bridge_mix(parley_bridge *bridge, int32_t most) {
    int32_t places = most < bridge->legs ? most : bridge->legs;
    int32_t made = 0;
    if (bridge->special_legs > 0) {
        made = mix_special(bridge, places);
        places = 0;
    }
    while (made < places && (bridge->member != NOBODY || bridge_next_conference(bridge))) {
        int32_t index = bridge->member;
        bridge_leg *leg = bridge_leg_at(bridge, index);
        bridge->member = leg->next;
        if (leg->flags & PARLEY_BRIDGE_HEARS) {
            write_heard(bridge, index, leg, open_packet(bridge, index, leg, made++));
        } else {
            leg_pause(&leg->leg, 1);
        }
    }
    bridge_count(bridge, PARLEY_BRIDGE_STAT_SENT, made);
    return made;
}
