/** @file leg_receive.c From a datagram into the jitter buffer; the contract stands in parley_leg.h. */
#include "leg_expected.h"
#include "leg_state.h"
#include "octets.h"
#include "parley_rtp.h"

static int32_t refuse(parley_leg *leg, int32_t stat, int32_t reason) {
    leg_count(leg, stat, 1);
    return reason;
}

/** Slots from the play point to `timestamp`, to the nearest; modulo 2^32 as timestamps are. */
static int32_t position(const parley_leg *leg, uint32_t timestamp) {
    int32_t samples = (int32_t)(timestamp - leg->play_timestamp);
    int32_t slots = samples / SLOT_SAMPLES;
    int32_t rest = samples % SLOT_SAMPLES;
    return slots + (rest >= SLOT_SAMPLES / 2) - (rest < -SLOT_SAMPLES / 2);
}

/** How far a packet is ahead (behind: negative) of the newest one taken, modulo 2^16. */
static int32_t sequence_ahead(const parley_leg *leg, const int32_t *fields) {
    return (int16_t)(uint16_t)((uint32_t)fields[PARLEY_RTP_SEQUENCE] - leg->sequence_in);
}

/** 1 if the packet does not belong to the stream being played. */
static int stranger(const parley_leg *leg, const int32_t *fields, int32_t at, int32_t slots) {
    int dry = leg->filling && leg->span == 0;
    int32_t ahead = sequence_ahead(leg, fields);
    int late = ahead < 0 && ahead >= -MISORDER_MAX; /* old by sequence too: no restart, just very late */
    return !leg->synced || (uint32_t)fields[PARLEY_RTP_SSRC] != leg->ssrc_in || (at < -SLOTS && !late) ||
           (at + slots > SLOTS && !dry);
}

/** Starts anew with the stream whose packet this is. */
static void resync(parley_leg *leg, const int32_t *fields) {
    leg_count(leg, PARLEY_LEG_STAT_RESYNC, leg->synced);
    leg_count(leg, PARLEY_LEG_STAT_DROPPED, leg_advance(leg, leg->span));
    leg->synced = 1;
    leg->ssrc_in = (uint32_t)fields[PARLEY_RTP_SSRC];
    leg->sequence_in = (uint32_t)fields[PARLEY_RTP_SEQUENCE];
    leg->play_timestamp = (uint32_t)fields[PARLEY_RTP_TIMESTAMP];
    leg->room = SLOTS;
    leg->filling = 1;
    leg->waited_ticks = 0;
    leg->stray_known = 0;
}

/** RFC 3550 A.1: believes a stranger's second packet in sequence, or its first when nobody else is there. */
static int believe(parley_leg *leg, const int32_t *fields) {
    uint32_t ssrc = (uint32_t)fields[PARLEY_RTP_SSRC];
    uint32_t sequence = (uint32_t)fields[PARLEY_RTP_SEQUENCE];
    int second = leg->stray_known && leg->stray_ssrc == ssrc && leg->stray_sequence == sequence;
    if (leg->span == 0 || second) {
        resync(leg, fields);
        return 1;
    }
    leg->stray_known = 1;
    leg->stray_ssrc = ssrc;
    leg->stray_sequence = (sequence + 1) & 0xFFFF;
    return 0;
}

/** While filling, moves the play point to an earlier packet, or over a pause. @return its position then */
static int32_t anchor(parley_leg *leg, uint32_t timestamp, int32_t at) {
    if (!leg->filling) {
        return at;
    }
    if (leg->span == 0 && at > 0) {
        leg->play_timestamp = timestamp;
        leg->room = leg->room + at > SLOTS ? SLOTS : leg->room + at;
        return 0;
    }
    if (at < 0 && -at <= leg->room && leg->span - at <= SLOTS) {
        leg->play_index = leg_slot(leg, at);
        leg->play_timestamp -= (uint32_t)(-at * SLOT_SAMPLES);
        leg->span -= at;
        leg->room += at;
        return 0;
    }
    return at;
}

/** Copies what is neither past nor held. @return slots copied */
static int32_t store(parley_leg *leg, const uint8_t *codes, int32_t at, int32_t slots) {
    int32_t stored = 0;
    for (int32_t i = at < 0 ? -at : 0; i < slots && at + i < SLOTS; i++) {
        int32_t index = leg_slot(leg, at + i);
        if (leg->filled[index]) {
            continue;
        }
        octets_copy(leg->codes[index], codes + i * SLOT_SAMPLES, SLOT_SAMPLES);
        leg->filled[index] = 1;
        stored++;
    }
    leg->span = at + slots > leg->span ? at + slots : leg->span;
    return stored;
}

/** Drops the oldest when so much is queued that the delay would be heard, or the ring could overflow. */
static void trim(parley_leg *leg) {
    int32_t prefill = leg_prefill_slots(leg);
    int32_t most = prefill + OVERRUN_SLOTS;
    if (most > SLOTS - leg->packet_slots) {
        most = SLOTS - leg->packet_slots;
    }
    if (leg->span > most) {
        leg_count(leg, PARLEY_LEG_STAT_DROPPED, leg_advance(leg, leg->span - prefill));
    }
}

static int32_t take(parley_leg *leg, const int32_t *fields, const uint8_t *codes, int32_t slots) {
    uint32_t timestamp = (uint32_t)fields[PARLEY_RTP_TIMESTAMP];
    int32_t at = position(leg, timestamp);
    if (stranger(leg, fields, at, slots)) {
        if (!believe(leg, fields)) {
            return refuse(leg, PARLEY_LEG_STAT_STRAY, PARLEY_LEG_STRAY);
        }
        at = 0;
    }
    at = anchor(leg, timestamp, at);
    if (at + slots <= 0) {
        return refuse(leg, PARLEY_LEG_STAT_LATE, PARLEY_LEG_LATE);
    }
    if (store(leg, codes, at, slots) == 0) {
        return refuse(leg, PARLEY_LEG_STAT_DUPLICATE, PARLEY_LEG_DUPLICATE);
    }
    leg->packet_slots = slots;
    if (sequence_ahead(leg, fields) > 0) {
        leg->sequence_in = (uint32_t)fields[PARLEY_RTP_SEQUENCE];
    }
    leg_count(leg, PARLEY_LEG_STAT_RECEIVED, 1);
    trim(leg);
    return PARLEY_LEG_TAKEN;
}

int32_t parley_leg_receive(parley_leg *leg, const uint8_t *packet, int32_t length) {
    int32_t fields[PARLEY_RTP_FIELDS];
    if (!leg_usable(leg)) {
        return PARLEY_LEG_UNUSABLE;
    }
    if (leg_take_expected(leg, packet, length)) {
        return PARLEY_LEG_TAKEN;
    }
    int32_t start = parley_rtp_read(packet, length, fields);
    if (start < 0) {
        return refuse(leg, PARLEY_LEG_STAT_BAD, PARLEY_LEG_BAD);
    }
    if (fields[PARLEY_RTP_PAYLOAD_TYPE] == leg->event_payload_type) {
        leg_count(leg, PARLEY_LEG_STAT_EVENT, 1);
        return PARLEY_LEG_TAKEN;
    }
    if (fields[PARLEY_RTP_PAYLOAD_TYPE] != leg->payload_type) {
        return refuse(leg, PARLEY_LEG_STAT_WRONG_TYPE, PARLEY_LEG_WRONG_TYPE);
    }
    int32_t octets = fields[PARLEY_RTP_PAYLOAD_END] - start;
    if (octets <= 0 || octets % SLOT_SAMPLES != 0 || octets > PACKET_SLOTS_MAX * SLOT_SAMPLES) {
        return refuse(leg, PARLEY_LEG_STAT_BAD, PARLEY_LEG_BAD);
    }
    return take(leg, fields, packet + start, octets / SLOT_SAMPLES);
}
