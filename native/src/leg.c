/** @file leg.c A leg's state and its way out; the contract stands in parley_leg.h. */
#include <stddef.h>

#include "leg_state.h"
#include "octets.h"
#include "parley_g711.h"
#include "parley_level.h"
#include "parley_rtp.h"

int32_t leg_prefill_slots(const parley_leg *leg) {
    int32_t slots = FRAME_SLOTS * leg->depth_frames + leg->packet_slots - FRAME_SLOTS;
    slots += leg->packet_slots > 1 ? leg->packet_slots % FRAME_SLOTS : 0; /* packets and ticks are not in step */
    return slots < FRAME_SLOTS ? FRAME_SLOTS : slots;
}

int32_t leg_advance(parley_leg *leg, int32_t slots) {
    int32_t held = 0;
    for (int32_t i = 0; i < slots; i++) {
        int32_t index = leg_slot(leg, i);
        held += leg->filled[index] != 0;
        leg->filled[index] = 0;
    }
    leg->play_index = leg_slot(leg, slots);
    leg->play_timestamp += (uint32_t)(slots * SLOT_SAMPLES);
    leg->span -= slots;
    return held;
}

void leg_forget_slack(parley_leg *leg) {
    leg->shift = 0;
    leg->least = FAR_AWAY;
    for (int32_t i = 0; i < WINDOWS; i++) {
        leg->lows[i] = FAR_AWAY;
    }
}

void leg_forget(parley_leg *leg) {
    leg->held_slots = leg->offset = leg->move = 0;
    leg_forget_slack(leg);
    leg_attend(leg);
}

void leg_quiet(parley_leg *leg) {
    uint8_t silence[SLOT_SAMPLES];
    leg_silence(leg, silence);
    for (int32_t i = 0; i < SLOTS; i++) {
        octets_copy(leg->codes[i], silence, SLOT_SAMPLES);
    }
}

int32_t parley_leg_size(void) {
    return (int32_t)sizeof(parley_leg);
}

int leg_types_fit(int32_t payload_type, int32_t event_payload_type) {
    return payload_type >= 0 && payload_type <= 127 && event_payload_type >= -1 &&
           event_payload_type <= 127 && event_payload_type != payload_type;
}

static int arguments_fit(int32_t size, int32_t law, int32_t depth_frames) {
    return size >= parley_leg_size() && parley_g711_known(law) && depth_frames >= 1 &&
           depth_frames <= PARLEY_LEG_DEPTH_FRAMES_MAX;
}

int32_t parley_leg_init(parley_leg *leg, int32_t size, int32_t law, int32_t payload_type,
                        int32_t event_payload_type, int32_t depth_frames, const int32_t *seed) {
    if (!arguments_fit(size, law, depth_frames) || !leg_types_fit(payload_type, event_payload_type)) {
        return PARLEY_LEG_ARGUMENT;
    }
    for (int32_t i = 0; i < parley_leg_size(); i++) {
        ((uint8_t *)leg)[i] = 0;
    }
    leg->magic = LEG_MAGIC;
    leg->law = law;
    leg->payload_type = payload_type;
    leg->event_payload_type = event_payload_type;
    leg->depth_frames = depth_frames;
    leg->ssrc_out = (uint32_t)seed[0];
    leg->sequence_out = (uint32_t)seed[1] & 0xFFFF;
    leg->timestamp_out = (uint32_t)seed[2];
    leg->marker_out = 1;
    leg->packet_slots = FRAME_SLOTS;
    leg->filling = leg->attention = 1;
    leg_forget(leg);
    leg_quiet(leg);
    leg->stat[PARLEY_LEG_STAT_LEVEL_IN] = PARLEY_LEVEL_SILENCE;
    return 0;
}

void leg_header(parley_leg *leg, uint8_t *packet) { /* RFC 3550 section 5.1, version 2 */
    octets_put_word(packet, 0x80000000U | (uint32_t)leg->marker_out << 23 | (uint32_t)leg->payload_type << 16 |
                         leg->sequence_out);
    octets_put_word(packet + 4, leg->timestamp_out);
    octets_put_word(packet + 8, leg->ssrc_out);
    leg->timestamp_out += PARLEY_LEG_FRAME_SAMPLES;
    leg->sequence_out = (leg->sequence_out + 1) & 0xFFFF;
    leg->marker_out = 0;
    leg_count(leg, PARLEY_LEG_STAT_SENT, 1);
}

void leg_pause(parley_leg *leg, int32_t ticks) {
    leg->timestamp_out += (uint32_t)ticks * PARLEY_LEG_FRAME_SAMPLES; /* RFC 3550 section 5.1 */
    leg->marker_out = 1;                                              /* RFC 3551 section 4.1 */
}

void leg_flush(parley_leg *leg) {
    leg_count(leg, PARLEY_LEG_STAT_DROPPED, leg_advance(leg, leg->span));
    leg->synced = 0;
    leg->filling = 1;
    leg->waited = 0;
    leg->stray_known = 0;
    leg->noise = leg->lost_slots = 0;
    leg_forget(leg);
    leg_quiet(leg);
}

int32_t parley_leg_packetise(parley_leg *leg, const int16_t *pcm, uint8_t *packet, int32_t size) {
    if (!leg_usable(leg)) {
        return PARLEY_LEG_UNUSABLE;
    }
    if (size < PARLEY_LEG_PACKET_BYTES) {
        return PARLEY_LEG_ARGUMENT;
    }
    if (pcm == NULL) {
        leg_pause(leg, 1);
        return 0;
    }
    leg_header(leg, packet);
    parley_g711_encode(leg->law, pcm, packet + PARLEY_RTP_HEADER_BYTES, PARLEY_LEG_FRAME_SAMPLES);
    return PARLEY_LEG_PACKET_BYTES;
}

int32_t parley_leg_stat(const parley_leg *leg, int32_t index) {
    if (!leg_usable(leg)) {
        return PARLEY_LEG_UNUSABLE;
    }
    if (index < 0 || index >= PARLEY_LEG_STAT_COUNT) {
        return PARLEY_LEG_ARGUMENT;
    }
    return index == PARLEY_LEG_STAT_DEPTH ? leg->span * SLOT_MS : leg->stat[index] & STAT_MASK;
}
