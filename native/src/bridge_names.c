/** @file bridge_names.c Who is heard in a packet, by name; see bridge_names.h. */
#include "bridge_names.h"

#include <stddef.h>

#include "bridge_parcel.h"
#include "bridge_shape.h"
#include "bridge_side.h"
#include "bridge_wide.h"
#include "octets.h"
#include "parley_rtp.h"
#include "rtp_extension.h"

enum {
    MOST_MASK = 0xF,
    OUT_AT = 8,
    IN_AT = 16,
    ID_MASK = 0xFF,
    TOLD_AT = 24,
    NOTHING_TOLD = 127,
    EXTENSION_BIT = 0x10,
    EXTENSION_HEAD = 4
};

static int32_t out_id(const bridge_leg *leg) {
    return (int32_t)(leg->names >> OUT_AT & ID_MASK);
}

static int is_heard(const parley_bridge *bridge, const bridge_leg *leg) {
    int wide = leg->wide != 0 && bridge_wideband(leg); /* of several such voices one may stand for all */
    return leg->voice != NOBODY || (wide && bridge_wide_at(bridge, leg->wide - 1)->heard);
}

/** Notes whose voices are in the mix of the conference at hand: the first ones, as many as anybody may be told. */
static void note_contributors(parley_bridge *bridge, int32_t conference) {
    bridge->contributors = 0;
    for (int32_t i = bridge_conference_at(bridge, conference)->first;
         i != NOBODY && bridge->contributors < CONTRIBUTORS_MAX; i = bridge_leg_at(bridge, i)->next) {
        if (is_heard(bridge, bridge_leg_at(bridge, i))) {
            bridge->contributor[bridge->contributors++] = i;
        }
    }
}

static void add(bridge_names *names, const bridge_leg *talker, int32_t most) {
    uint8_t level = (uint8_t)talker->leg.stat[PARLEY_LEG_STAT_LEVEL_IN];
    if (!talker->leg.synced) {
        return; /* comfort noise before any sound: no SSRC was believed yet */
    }
    for (int32_t i = 0; i < names->count; i++) {
        if (names->ssrc[i] == talker->leg.ssrc_in) {
            names->level[i] = level < names->level[i] ? level : names->level[i];
            return;
        }
    }
    if (names->count < most) {
        names->ssrc[names->count] = talker->leg.ssrc_in;
        names->level[names->count++] = level;
    }
}

int bridge_names_hears(parley_bridge *bridge, int32_t index, const bridge_leg *leg) {
    if (bridge->contributors == NOBODY) {
        note_contributors(bridge, leg->conference);
    }
    return bridge->contributors > 1 || (bridge->contributors == 1 && bridge->contributor[0] != index);
}

void bridge_names_add(parley_bridge *bridge, int32_t index, const bridge_leg *leg, bridge_names *names) {
    if (!bridge_names_hears(bridge, index, leg)) {
        return;
    }
    for (int32_t i = 0; i < bridge->contributors; i++) {
        const bridge_leg *talker = bridge_leg_at(bridge, bridge->contributor[i]);
        if (bridge->contributor[i] != index && (!(leg->told & BRIDGE_SELECTS) || bridge_is_for(leg, talker))) {
            add(names, talker, (int32_t)(leg->names & MOST_MASK));
        }
    }
}

/** Octets of the element with the levels. */
static int32_t element_octets(const bridge_leg *leg, const bridge_names *names) {
    return names->count + (out_id(leg) > RTP_EXTENSION_ONE_BYTE_ID_MAX ? 2 : 1);
}

int32_t bridge_names_octets(const bridge_leg *leg, const bridge_names *names) {
    int32_t octets = PARLEY_RTP_HEADER_BYTES + 4 * names->count;
    if (out_id(leg) == 0 || names->count == 0) {
        return octets;
    }
    return octets + EXTENSION_HEAD + (element_octets(leg, names) + 3) / 4 * 4;
}

/** RFC 6465 section 3: a level for each CSRC, in their order; in the form that the ID needs (RFC 8285 section 4). */
static void write_levels(const bridge_leg *leg, const bridge_names *names, uint8_t *at) {
    int32_t id = out_id(leg), words = (element_octets(leg, names) + 3) / 4;
    int two_byte = id > RTP_EXTENSION_ONE_BYTE_ID_MAX;
    octets_put_word(at, (uint32_t)(two_byte ? RTP_EXTENSION_TWO_BYTE : RTP_EXTENSION_ONE_BYTE) << 16 | (uint32_t)words);
    at += EXTENSION_HEAD;
    octets_put_word(at + 4 * words - 4, 0); /* padding, as far as there is any */
    *at++ = (uint8_t)(two_byte ? id : id << 4 | (names->count - 1));
    if (two_byte) {
        *at++ = (uint8_t)names->count;
    }
    for (int32_t i = 0; i < names->count; i++) {
        at[i] = names->level[i];
    }
}

void bridge_names_write(const bridge_leg *leg, const bridge_names *names, uint8_t *packet) {
    uint8_t *at = packet + PARLEY_RTP_HEADER_BYTES;
    for (int32_t i = 0; i < names->count; i++, at += 4) {
        octets_put_word(at, names->ssrc[i]);
    }
    packet[0] |= (uint8_t)names->count; /* RFC 3550 section 5.1 */
    if (out_id(leg) != 0 && names->count > 0) {
        packet[0] |= EXTENSION_BIT;
        write_levels(leg, names, at);
    }
}

uint8_t *bridge_names_open(parley_bridge *bridge, int32_t index, const bridge_leg *leg, int32_t place) {
    bridge_transmit *to = bridge_transmit_at(bridge, place);
    bridge_names names;
    names.count = 0;
    bridge_names_add(bridge, index, leg, &names);
    bridge_names_write(leg, &names, to->packet);
    int32_t header = bridge_names_octets(leg, &names);
    to->octets = header + PARLEY_LEG_FRAME_SAMPLES;
    return to->packet + header;
}

void bridge_names_hear(bridge_leg *leg, const uint8_t *packet, int32_t length) {
    int32_t octets, at = rtp_extension_find(packet, length, (int32_t)(leg->names >> IN_AT & ID_MASK), &octets);
    if (at >= 0 && octets == 1) { /* RFC 6464 section 3 */
        leg->names = (leg->names & ((1U << TOLD_AT) - 1)) | (uint32_t)(packet[at] ^ NOTHING_TOLD) << TOLD_AT;
    }
}

static int fits(int32_t most, int32_t level_id_out, int32_t level_id_in) {
    return most >= 0 && most <= PARLEY_BRIDGE_NAMES_MAX && level_id_out >= 0 && level_id_out <= ID_MASK &&
           level_id_in >= 0 && level_id_in <= ID_MASK && (level_id_out == 0 || most > 0);
}

int32_t parley_bridge_names(parley_bridge *bridge, int32_t leg, int32_t most, int32_t level_id_out, int32_t level_id_in) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL || !fits(most, level_id_out, level_id_in)) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    named->names = (uint32_t)most | (uint32_t)level_id_out << OUT_AT | (uint32_t)level_id_in << IN_AT;
    int32_t flags = named->flags & ~(BRIDGE_NAMED | BRIDGE_LEVELLED);
    flags |= (most > 0 ? BRIDGE_NAMED : 0) | (level_id_in > 0 ? BRIDGE_LEVELLED : 0);
    bridge_set_special(bridge, named, flags);
    if (named->parcel != 0) {
        bridge_parcel_of(bridge, named)->names.count = 0;
    }
    bridge_end_tick(bridge);
    return 0;
}
