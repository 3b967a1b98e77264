/** @file bridge_special.c Packets of legs with keys, or watched; the contract stands in parley_bridge_side.h. */
#include <stddef.h>

#include "bridge_linear.h"
#include "bridge_names.h"
#include "bridge_shape.h"
#include "bridge_side.h"
#include "octets.h"
#include "parley_rtp.h"

enum {
    RTCP_FIRST = 192, /* RFC 5761 section 4 */
    RTCP_LAST = 223,
    RTCP_LEAST_OCTETS = 8,
    EVENT_OCTETS = 4, /* RFC 4733 section 2.3 */
    EVENT_LATE = 32000 /* ticks: who sends recorded keys goes back further between two of them */
};

static int32_t index_of(const parley_bridge *bridge, const bridge_leg *leg) {
    return (int32_t)(leg - bridge_leg_at(bridge, 0));
}

static int is_rtcp(const uint8_t *packet, int32_t length) { /* one that is too short for a header is none */
    return length >= 2 && packet[1] >= RTCP_FIRST && packet[1] <= RTCP_LAST;
}

/** Keeps an RTCP packet for the caller; the next free place, or none. */
static int32_t keep_report(parley_bridge *bridge, int32_t leg, const uint8_t *packet, int32_t length) {
    bridge_side *side = bridge_side_of(bridge, leg);
    bridge_report *place = bridge_report_at(bridge, bridge->report_in);
    if (length < RTCP_LEAST_OCTETS || length > BRIDGE_REPORT_OCTETS || place->octets != 0) {
        bridge_count(bridge, PARLEY_BRIDGE_STAT_REPORTS_DROPPED, 1);
        return PARLEY_LEG_BAD;
    }
    place->leg = leg;
    place->octets = length;
    for (int32_t i = 0; i < length; i++) {
        place->packet[i] = packet[i];
    }
    side->reports = (side->reports + 1) & STAT_MASK;
    bridge->report_in = (bridge->report_in + 1) % bridge->report_places;
    return PARLEY_LEG_TAKEN;
}

int32_t parley_bridge_take_report(parley_bridge *bridge, int32_t *leg, uint8_t *packet, int32_t size) {
    bridge_report *place = bridge_report_at(bridge, bridge->report_out);
    int32_t octets = place->octets;
    if (octets == 0) {
        return 0;
    }
    place->octets = 0;
    bridge->report_out = (bridge->report_out + 1) % bridge->report_places;
    if (octets > size) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    *leg = place->leg;
    for (int32_t i = 0; i < octets; i++) {
        packet[i] = place->packet[i];
    }
    return octets;
}

/** Reports a key pressed, once: all packets of one press have its timestamp (RFC 4733 section 2.5.1.2). */
static void note_event(parley_bridge *bridge, int32_t leg, const int32_t *fields, const uint8_t *payload) {
    bridge_side *side = bridge_side_of(bridge, leg);
    uint32_t timestamp = (uint32_t)fields[PARLEY_RTP_TIMESTAMP];
    int32_t *place = bridge->events[bridge->event_in];
    if (side->event_known && side->event_timestamp - timestamp < EVENT_LATE &&
        side->event_ssrc == (uint32_t)fields[PARLEY_RTP_SSRC]) {
        return; /* the same press, or one that came too late */
    }
    if (place[0] != 0) {
        bridge_count(bridge, PARLEY_BRIDGE_STAT_EVENTS_DROPPED, 1);
        return;
    }
    side->event_known = 1;
    side->event_timestamp = timestamp;
    side->event_ssrc = (uint32_t)fields[PARLEY_RTP_SSRC];
    place[0] = leg + 1;
    place[1] = payload[0];
    bridge->event_in = (bridge->event_in + 1) % BRIDGE_EVENTS;
}

int32_t parley_bridge_take_event(parley_bridge *bridge, int32_t *leg) {
    int32_t *place = bridge->events[bridge->event_out];
    if (place[0] == 0) {
        return PARLEY_BRIDGE_NOTHING;
    }
    *leg = place[0] - 1;
    place[0] = 0;
    bridge->event_out = (bridge->event_out + 1) % BRIDGE_EVENTS;
    return place[1];
}

/** Counts what a watched leg's packet tells; it was taken, or is one of the stream's. */
static void watch(parley_bridge *bridge, int32_t leg, const uint8_t *packet, int32_t length) {
    int32_t fields[PARLEY_RTP_FIELDS];
    bridge_side *side = bridge_side_of(bridge, leg);
    const bridge_leg *watched = bridge_leg_at(bridge, leg);
    uint32_t ticks_a_ms = (uint32_t)bridge_slot_ticks(watched->leg.law) / SLOT_MS;
    int32_t start = parley_rtp_read(packet, length, fields);
    if (start < 0) {
        return;
    }
    if (fields[PARLEY_RTP_PAYLOAD_TYPE] == watched->leg.event_payload_type) {
        if (fields[PARLEY_RTP_PAYLOAD_END] - start >= EVENT_OCTETS) {
            note_event(bridge, leg, fields, packet + start);
        }
        side->source.packets += side->source.heard; /* its sequence number is counted when the next one comes */
    } else if (fields[PARLEY_RTP_PAYLOAD_TYPE] != watched->leg.payload_type) {
        return;
    } else {
        rtp_source_note(&side->source, (uint32_t)fields[PARLEY_RTP_SSRC], (uint32_t)fields[PARLEY_RTP_SEQUENCE],
                        (uint32_t)fields[PARLEY_RTP_TIMESTAMP], (uint32_t)bridge->clock * ticks_a_ms);
    }
    side->heard_clock = bridge->clock;
}

/** Opens a packet into the bridge's scratch. @return its octets, or why it does not pass */
static int32_t open_packet(parley_bridge *bridge, int32_t leg, const uint8_t *packet, int32_t length, int rtcp) {
    bridge_side *side = bridge_side_of(bridge, leg);
    if (length > BRIDGE_OPENED_OCTETS) {
        side->forged = (side->forged + 1) & STAT_MASK;
        return PARLEY_BRIDGE_FORGED;
    }
    parley_srtp *keys = bridge_keys_of(bridge, bridge_leg_at(bridge, leg));
    int32_t octets = rtcp ? parley_srtcp_unprotect(keys, packet, length, bridge->opened)
                          : parley_srtp_unprotect(keys, packet, length, bridge->opened);
    if (octets == PARLEY_SRTP_REPLAYED) {
        side->replayed = (side->replayed + 1) & STAT_MASK;
        return PARLEY_BRIDGE_REPLAYED;
    }
    if (octets < 0) {
        side->forged = (side->forged + 1) & STAT_MASK;
        return PARLEY_BRIDGE_FORGED;
    }
    return octets;
}

int32_t bridge_receive_special(parley_bridge *bridge, bridge_leg *leg, const uint8_t *packet, int32_t length) {
    int32_t index = index_of(bridge, leg);
    int rtcp = is_rtcp(packet, length);
    if (leg->flags & BRIDGE_SECURED) {
        length = open_packet(bridge, index, packet, length, rtcp);
        packet = bridge->opened;
        if (length < 0) {
            return length;
        }
    }
    if (rtcp && leg->flags & BRIDGE_WATCHED) {
        return keep_report(bridge, index, packet, length);
    }
    if (!(leg->flags & PARLEY_BRIDGE_SPEAKS)) { /* muted he still presses keys, and is there */
        leg->unwanted = (leg->unwanted + 1) & STAT_MASK;
        if (leg->flags & BRIDGE_WATCHED) {
            watch(bridge, index, packet, length);
        }
        return PARLEY_BRIDGE_UNWANTED;
    }
    int32_t result = leg->linear != 0 ? bridge_linear_receive(bridge, leg, packet, length)
                                      : leg_receive_at(&leg->leg, packet, length, bridge_before_tick(bridge, leg));
    if (leg->flags & BRIDGE_WATCHED &&
        (result == PARLEY_LEG_TAKEN || result == PARLEY_LEG_LATE || result == PARLEY_LEG_DUPLICATE)) {
        watch(bridge, index, packet, length);
    }
    if (leg->flags & BRIDGE_LEVELLED && result == PARLEY_LEG_TAKEN) {
        bridge_names_hear(leg, packet, length);
    }
    bridge_count(bridge, PARLEY_BRIDGE_STAT_TAKEN, result == PARLEY_LEG_TAKEN);
    return result;
}

void bridge_send_special(parley_bridge *bridge, int32_t made) {
    for (int32_t place = 0; place < made; place++) {
        int32_t leg = bridge_recipients(bridge)[place];
        bridge_transmit *to = bridge_transmit_at(bridge, place);
        int32_t flags = bridge_leg_at(bridge, leg)->flags;
        if (flags & BRIDGE_SECURED) {
            parley_srtp *keys = bridge_keys_of(bridge, bridge_leg_at(bridge, leg));
            int32_t room = flags & BRIDGE_PARCELLED ? to->octets + PARCEL_TAG_ROOM : PACKET_ROOM;
            int32_t octets = parley_srtp_protect(keys, bridge_packet_of(bridge, place), to->octets, room);
            to->octets = octets < 0 ? 0 : octets; /* never in the clear */
        }
    }
}

void bridge_set_special(parley_bridge *bridge, bridge_leg *leg, int32_t flags) {
    bridge->special_legs += ((flags & BRIDGE_SPECIAL_OUT) != 0) - ((leg->flags & BRIDGE_SPECIAL_OUT) != 0);
    leg->flags = flags;
}

void bridge_side_clear(parley_bridge *bridge, int32_t leg) {
    static const bridge_side nothing;
    bridge_keys_leave(bridge, bridge_leg_at(bridge, leg));
    bridge_set_special(bridge, bridge_leg_at(bridge, leg), 0);
    *bridge_side_of(bridge, leg) = nothing;
}

int32_t parley_bridge_watch(parley_bridge *bridge, int32_t leg, int32_t watched) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    bridge_set_special(bridge, named, watched ? named->flags | BRIDGE_WATCHED : named->flags & ~BRIDGE_WATCHED);
    return 0;
}

int32_t parley_bridge_clock(parley_bridge *bridge, int32_t now_ms) {
    bridge->clock = now_ms;
    return 0;
}

int32_t parley_bridge_protect_report(parley_bridge *bridge, int32_t leg, uint8_t *packet, int32_t length,
                                     int32_t size) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL || length < 0 || length > size) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    if (!(named->flags & BRIDGE_SECURED)) {
        return length;
    }
    int32_t octets = parley_srtcp_protect(bridge_keys_of(bridge, named), packet, length, size);
    return octets < 0 ? PARLEY_BRIDGE_ARGUMENT : octets;
}

int32_t parley_bridge_open_report(parley_bridge *bridge, int32_t leg, const uint8_t *packet, int32_t length,
                                  uint8_t *plain) {
    bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL || length < 0) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    int32_t octets = length;
    if (named->flags & BRIDGE_SECURED) {
        octets = open_packet(bridge, leg, packet, length, 1);
        packet = bridge->opened;
    }
    for (int32_t i = 0; i < octets; i++) {
        plain[i] = packet[i];
    }
    return octets;
}

int32_t parley_bridge_figures(const parley_bridge *bridge, int32_t leg, int32_t *figures) {
    const bridge_leg *named = bridge_leg_in_use(bridge, leg);
    if (named == NULL) {
        return PARLEY_BRIDGE_ARGUMENT;
    }
    const bridge_side *side = bridge_side_of(bridge, leg);
    figures[PARLEY_BRIDGE_FIGURE_SSRC_OUT] = (int32_t)named->leg.ssrc_out;
    figures[PARLEY_BRIDGE_FIGURE_PACKETS_OUT] = named->leg.stat[PARLEY_LEG_STAT_SENT];
    figures[PARLEY_BRIDGE_FIGURE_TIMESTAMP_OUT] = (int32_t)(named->leg.timestamp_out + bridge_parcel_held(bridge, named));
    figures[PARLEY_BRIDGE_FIGURE_OCTETS_OUT] =
        (int32_t)((uint32_t)named->leg.stat[PARLEY_LEG_STAT_SENT] * PARLEY_LEG_FRAME_SAMPLES + (uint32_t)side->octets_more);
    figures[PARLEY_BRIDGE_FIGURE_HEARD] = side->source.heard;
    figures[PARLEY_BRIDGE_FIGURE_SSRC_IN] = (int32_t)side->source.ssrc;
    figures[PARLEY_BRIDGE_FIGURE_FIRST_SEQUENCE] = (int32_t)side->source.first;
    figures[PARLEY_BRIDGE_FIGURE_HIGHEST_SEQUENCE] = (int32_t)side->source.highest;
    figures[PARLEY_BRIDGE_FIGURE_PACKETS_IN] = (int32_t)side->source.packets;
    figures[PARLEY_BRIDGE_FIGURE_JITTER] = (int32_t)(side->source.jitter >> 4);
    figures[PARLEY_BRIDGE_FIGURE_HEARD_MS] = side->heard_clock;
    figures[PARLEY_BRIDGE_FIGURE_GAIN] = bridge_gain_of(named);
    return 0;
}
