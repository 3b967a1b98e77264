/** @file leg_receive.c From a datagram into the jitter buffer; the contract stands in parley_leg.h. */
#include <stddef.h>

#include "leg_expected.h"
#include "leg_state.h"
#include "octets.h"
#include "parley_rtp.h"

enum {
    COMFORT_NOISE = 13, /* payload type, RFC 3551 table 4 */
    CLOCK_SET = 4000    /* samples: half a second off what is known of the network */
};

static int32_t refuse(parley_leg *leg, int32_t stat, int32_t reason) {
    leg_count(leg, stat, 1);
    return reason;
}

/** Slots from the play point to `timestamp`, to the nearest, at most AT_MAX; modulo 2^32 as timestamps are. */
static int32_t position(const parley_leg *leg, uint32_t timestamp) {
    int32_t samples = (int32_t)(timestamp - leg->play_timestamp);
    int32_t slots = samples / SLOT_SAMPLES;
    int32_t rest = samples % SLOT_SAMPLES;
    slots += (rest >= SLOT_SAMPLES / 2) - (rest < -SLOT_SAMPLES / 2);
    slots = slots > AT_MAX ? AT_MAX : slots;
    return slots < -AT_MAX ? -AT_MAX : slots;
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
           (at + slots > SPAN_MAX && !dry);
}

/** Starts anew with the stream whose packet this is. */
static void resync(parley_leg *leg, const int32_t *fields) {
    leg_count(leg, PARLEY_LEG_STAT_RESYNC, leg->synced);
    leg_count(leg, PARLEY_LEG_STAT_DROPPED, leg_advance(leg, leg->span));
    leg->synced = 1;
    leg->ssrc_in = (uint32_t)fields[PARLEY_RTP_SSRC];
    leg->sequence_in = (uint32_t)fields[PARLEY_RTP_SEQUENCE];
    leg->play_timestamp = (uint32_t)fields[PARLEY_RTP_TIMESTAMP];
    leg->room = SPAN_MAX;
    leg->filling = 1;
    leg->waited = 0;
    leg->stray_known = 0;
    leg_forget(leg);
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
    if (leg->span == 0 && at > 0) {
        leg->play_timestamp = timestamp;
        leg->room = leg->room + at > SPAN_MAX ? SPAN_MAX : leg->room + at;
        leg_shift(leg, -at * SLOT_SAMPLES);
        return 0;
    }
    if (at < 0 && -at <= leg->room && leg->span - at <= SPAN_MAX) {
        leg->play_index = leg_slot(leg, at);
        leg->play_timestamp -= (uint32_t)(-at * SLOT_SAMPLES);
        leg->span -= at;
        leg->room += at;
        leg_shift(leg, -at * SLOT_SAMPLES);
        return 0;
    }
    return at;
}

/** What was held for packets that were lost and not late: time goes on over it. @return the position then */
static int32_t close_gap(parley_leg *leg, int32_t at) {
    int32_t gap = at - leg->span < leg->held_slots ? at - leg->span : leg->held_slots;
    if (gap > 0) {
        leg->play_timestamp += (uint32_t)(gap * SLOT_SAMPLES);
        leg_shift(leg, -gap * SLOT_SAMPLES);
        leg_count(leg, PARLEY_LEG_STAT_LOST, gap);
        at -= gap;
    }
    return at;
}

/** A sender that set its clock, as some do over a pause, says nothing of the network. */
static void note_slack(parley_leg *leg, int32_t at, int32_t arrival) {
    int32_t known = leg_slack(leg);
    int32_t slack = at * SLOT_SAMPLES + arrival;
    if (leg->offset != 0 || (leg->move != 0 && at % FRAME_SLOTS != 0)) {
        return; /* slots and ticks are not in step */
    }
    if (known != FAR_AWAY && (slack < known - CLOCK_SET || slack > known + CLOCK_SET)) {
        leg_forget(leg);
    }
    leg_note_slack(leg, at, arrival);
}

/** Copies what is neither past nor held. @return slots copied */
static int32_t store(parley_leg *leg, const leg_store *to, const uint8_t *codes, int32_t at, int32_t slots) {
    int32_t stored = 0;
    for (int32_t i = at < 0 ? -at : 0; i < slots && at + i < SLOTS; i++) {
        int32_t index = leg_slot(leg, at + i);
        if (leg->filled[index]) {
            continue;
        }
        for (int32_t part = 0; part < to->slot_octets; part += SLOT_SAMPLES) {
            octets_copy(to->slots + index * to->slot_octets + part, codes + i * to->slot_octets + part, SLOT_SAMPLES);
        }
        leg->filled[index] = 1;
        stored++;
    }
    leg->span = at + slots > leg->span ? at + slots : leg->span;
    return stored;
}

/** Drops the oldest when more is queued than may ever be. */
static void trim(parley_leg *leg) {
    int32_t prefill = leg_prefill_slots(leg);
    int32_t most = CEILING_SLOTS < SPAN_MAX - leg->packet_slots ? CEILING_SLOTS : SPAN_MAX - leg->packet_slots;
    if (leg->span > most) {
        int32_t dropped = leg->span - prefill;
        leg_shift(leg, leg->offset - dropped * SLOT_SAMPLES);
        leg->offset = leg->move = 0;
        leg_count(leg, PARLEY_LEG_STAT_DROPPED, leg_advance(leg, dropped));
        leg_attend(leg);
    }
}

static int32_t take(parley_leg *leg, const leg_store *to, const int32_t *fields, const uint8_t *codes, int32_t slots,
                    int32_t arrival) {
    uint32_t timestamp = (uint32_t)fields[PARLEY_RTP_TIMESTAMP];
    int32_t at = position(leg, timestamp);
    if (stranger(leg, fields, at, slots)) {
        if (!believe(leg, fields)) {
            return refuse(leg, PARLEY_LEG_STAT_STRAY, PARLEY_LEG_STRAY);
        }
        at = 0;
    }
    at = leg->filling ? anchor(leg, timestamp, at) : close_gap(leg, at);
    leg->held_slots = at >= leg->span ? 0 : leg->held_slots;
    note_slack(leg, at, arrival);
    if (at + slots <= 0) {
        return refuse(leg, PARLEY_LEG_STAT_LATE, PARLEY_LEG_LATE);
    }
    if (store(leg, to, codes, at, slots) == 0) {
        return refuse(leg, PARLEY_LEG_STAT_DUPLICATE, PARLEY_LEG_DUPLICATE);
    }
    leg->packet_slots = slots;
    leg->noise = 0;
    leg_attend(leg);
    if (sequence_ahead(leg, fields) > 0) {
        leg->sequence_in = (uint32_t)fields[PARLEY_RTP_SEQUENCE];
    }
    leg_count(leg, PARLEY_LEG_STAT_RECEIVED, 1);
    trim(leg);
    return PARLEY_LEG_TAKEN;
}

/** RFC 3389 section 3: the first octet is the level; what may follow, a spectrum, is let go. */
static int32_t take_noise(parley_leg *leg, const uint8_t *payload, int32_t octets) {
    if (octets < 1) {
        return refuse(leg, PARLEY_LEG_STAT_BAD, PARLEY_LEG_BAD);
    }
    leg_count(leg, PARLEY_LEG_STAT_NOISE, 1);
    if (!leg_opaque(leg)) {
        leg->noise = LEVEL_FLOOR - (payload[0] & LEVEL_FLOOR);
        leg_attend(leg);
    }
    return PARLEY_LEG_TAKEN;
}

int32_t parley_leg_receive(parley_leg *leg, const uint8_t *packet, int32_t length) {
    return leg_usable(leg) ? leg_receive_at(leg, packet, length, HALF_TICK) : PARLEY_LEG_UNUSABLE;
}

/** Apart, for nearly all packets are the one expected. */
static __attribute__((noinline)) int32_t receive_other(parley_leg *leg, const uint8_t *packet, int32_t length,
                                                       int32_t arrival) {
    leg_store own = {leg->codes[0], SLOT_SAMPLES, NULL};
    return leg_receive_to(leg, packet, length, arrival, &own);
}

int32_t leg_receive_at(parley_leg *leg, const uint8_t *packet, int32_t length, int32_t arrival) {
    return leg_take_expected(leg, packet, length, arrival) ? PARLEY_LEG_TAKEN
                                                           : receive_other(leg, packet, length, arrival);
}

/** A timestamp of 16000 Hz at 8000; the way from one to the next is halved, so that its wrap is none. */
static uint32_t halved(leg_clock *clock, uint32_t timestamp) {
    uint32_t way = timestamp - clock->ticks;
    uint32_t half = way >> 1 | (way & 0x80000000U);
    clock->samples += half;
    clock->ticks += half << 1;
    return clock->samples;
}

int32_t leg_receive_to(parley_leg *leg, const uint8_t *packet, int32_t length, int32_t arrival, const leg_store *store) {
    int32_t fields[PARLEY_RTP_FIELDS];
    int32_t start = parley_rtp_read(packet, length, fields);
    if (start < 0) {
        return refuse(leg, PARLEY_LEG_STAT_BAD, PARLEY_LEG_BAD);
    }
    int32_t octets = fields[PARLEY_RTP_PAYLOAD_END] - start;
    if (fields[PARLEY_RTP_PAYLOAD_TYPE] == leg->event_payload_type) {
        leg_count(leg, PARLEY_LEG_STAT_EVENT, 1);
        return PARLEY_LEG_TAKEN;
    }
    if (fields[PARLEY_RTP_PAYLOAD_TYPE] != leg->payload_type) {
        return fields[PARLEY_RTP_PAYLOAD_TYPE] == COMFORT_NOISE
                   ? take_noise(leg, packet + start, octets)
                   : refuse(leg, PARLEY_LEG_STAT_WRONG_TYPE, PARLEY_LEG_WRONG_TYPE);
    }
    if (octets <= 0 || octets % store->slot_octets != 0 || octets > PACKET_SLOTS_MAX * store->slot_octets) {
        return refuse(leg, PARLEY_LEG_STAT_BAD, PARLEY_LEG_BAD);
    }
    if (store->clock != NULL) {
        fields[PARLEY_RTP_TIMESTAMP] = (int32_t)halved(store->clock, (uint32_t)fields[PARLEY_RTP_TIMESTAMP]);
    }
    return take(leg, store, fields, packet + start, octets / store->slot_octets, arrival);
}
