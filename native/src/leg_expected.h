/**
 * @file leg_expected.h
 * The packet a leg expects: 20 ms, plain header, right after the newest one held. Nearly all are; for them the
 * full way of leg_receive.c comes to exactly this. Private to the leg kernels.
 */
#ifndef PARLEY_LEG_EXPECTED_H
#define PARLEY_LEG_EXPECTED_H

#include "leg_state.h"
#include "octets.h"
#include "parley_rtp.h"

enum {
    PLAIN_HEADER = 0x80 /* RFC 3550 section 5.1: version 2, no padding, no extension, no CSRC */
};

/** Takes the packet if it is the one expected and there is ample room. @return 1 if so, 0 nothing was done */
static inline int leg_take_expected(parley_leg *leg, const uint8_t *packet, int32_t length, int32_t arrival) {
    uint32_t sequence = (leg->sequence_in + 1) & 0xFFFF;
    int32_t span = leg->span + FRAME_SLOTS;
    if (length != PARLEY_LEG_PACKET_BYTES || (octets_word_at(packet) & 0xFF7FFFFFU) !=
            ((uint32_t)PLAIN_HEADER << 24 | (uint32_t)leg->payload_type << 16 | sequence)) {
        return 0;
    }
    if (!leg->synced || octets_word_at(packet + 8) != leg->ssrc_in || span > CEILING_SLOTS || leg->attention ||
        octets_word_at(packet + 4) != leg->play_timestamp + (uint32_t)(leg->span * SLOT_SAMPLES)) {
        return 0;
    }
    int32_t first = leg_slot(leg, leg->span);
    if (first % FRAME_SLOTS != 0) {
        return 0; /* not side by side, perhaps */
    }
    leg->filled[first] = leg->filled[first + 1] = 1;
    octets_copy(leg->codes[first], packet + PARLEY_RTP_HEADER_BYTES, FRAME_SLOTS * SLOT_SAMPLES);
    leg_note_slack(leg, leg->span, arrival);
    leg->span = span;
    leg->packet_slots = FRAME_SLOTS;
    leg->sequence_in = sequence;
    leg_count(leg, PARLEY_LEG_STAT_RECEIVED, 1);
    return 1;
}

#endif
