/**
 * @file hostile_main.c
 * Random, truncated and half-valid packets into rtp_read and leg_receive: hostile_main SEED PACKETS.
 * Each packet lies in heap memory of exactly its length; the sanitizers watch, and so do the invariants
 * of the leg's state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "leg_state.h"
#include "parley_rtp.h"

enum { PACKET_MAX = 700, DEPTH_FRAMES = 2 };

/** A header that is right more often than not, so that packets get past the first checks. */
static void disguise(uint8_t *packet, int32_t length) {
    static const uint8_t FIRST[] = {0x80, 0x80, 0x80, 0x80, 0x90, 0xA0, 0xB1, 0x8F};
    static uint32_t timestamp, sequence;
    int32_t fields[PARLEY_RTP_FIELDS] = {0, 0, (int32_t)(sequence & 0xFFFF), (int32_t)timestamp, 7};
    if (length < PARLEY_RTP_HEADER_BYTES || below(16) == 0) {
        return;
    }
    sequence += below(8) == 0 ? below(65536) : 1;
    timestamp += below(32) == 0 ? below(1U << 31) * 2 : 80 * below(5);
    fields[PARLEY_RTP_PAYLOAD_TYPE] = below(16) == 0 ? (int32_t)below(128) : 0;
    fields[PARLEY_RTP_SSRC] = below(16) == 0 ? (int32_t)below(4) : 7;
    parley_rtp_write(packet, length, fields);
    packet[0] = FIRST[below(sizeof FIRST)];
    if (below(4) == 0) {
        packet[length - 1] = (uint8_t)below(40); /* plausible padding */
    }
}

static int32_t random_length(void) {
    return below(2) ? PARLEY_RTP_HEADER_BYTES + 80 * (int32_t)below(9) : (int32_t)below(PACKET_MAX);
}

static void check_header(const uint8_t *packet, int32_t length) {
    int32_t fields[PARLEY_RTP_FIELDS] = {0};
    int32_t start = parley_rtp_read(packet, length, fields);
    check(start >= PARLEY_RTP_PADDING && start <= length, "offset within the packet");
    check(start < 0 || start >= PARLEY_RTP_HEADER_BYTES, "offset past the header");
    check(start < 0 || (fields[PARLEY_RTP_PAYLOAD_END] >= start && fields[PARLEY_RTP_PAYLOAD_END] <= length),
          "payload within the packet");
}

static void check_state(const parley_leg *leg) {
    int32_t held = 0;
    check(leg->span >= 0 && leg->span <= SLOTS, "span");
    check(leg->room >= 0 && leg->room <= SLOTS, "room");
    check(leg->play_index >= 0 && leg->play_index < SLOTS, "play index");
    for (int32_t i = 0; i < SLOTS; i++) {
        int32_t filled = leg->filled[leg_slot(leg, i)];
        check(i < leg->span || !filled, "nothing held beyond the newest");
        held += filled;
    }
    check((held == 0) == (leg->span == 0), "span ends at a slot held");
}

static void attack(parley_leg *leg) {
    int32_t length = random_length();
    uint8_t *packet = malloc(length > 0 ? (size_t)length : 1);
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES];
    check(packet != NULL, "memory");
    for (int32_t i = 0; i < length; i++) {
        packet[i] = (uint8_t)below(256);
    }
    disguise(packet, length);
    check_header(packet, length);
    int32_t result = parley_leg_receive(leg, packet, length);
    check(result <= PARLEY_LEG_TAKEN && result >= PARLEY_LEG_STRAY, "result");
    check_state(leg);
    free(packet);
    if (below(3) == 0) {
        int32_t played = parley_leg_playout(leg, pcm);
        check(played == 0 || played == 1, "played");
        check_state(leg);
    }
}

/** A sender whose clock is off by 1 in 256, fast and then slow: what random packets do not come to, stretching. */
static void drift(parley_leg *leg, int32_t ticks) {
    uint8_t packet[PARLEY_RTP_HEADER_BYTES + 160];
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES];
    int32_t fields[PARLEY_RTP_FIELDS] = {0, 0, 0, 0, 7};
    for (int32_t i = 0, sent = 0; i < ticks; i++) {
        int32_t packets = i % 256 == 0 ? (i < ticks / 2 ? 2 : 0) : 1;
        for (; packets > 0; packets--, sent++) {
            for (uint32_t k = PARLEY_RTP_HEADER_BYTES; k < sizeof packet; k++) {
                packet[k] = (uint8_t)below(256);
            }
            fields[PARLEY_RTP_SEQUENCE] = sent & 0xFFFF;
            fields[PARLEY_RTP_TIMESTAMP] = 160 * sent;
            parley_rtp_write(packet, (int32_t)sizeof packet, fields);
            parley_leg_receive(leg, packet, (int32_t)sizeof packet);
            check_state(leg);
        }
        parley_leg_playout(leg, pcm);
        check_state(leg);
    }
}

int main(int count, char **words) {
    static const int32_t seed[3] = {1, 2, 3};
    parley_leg *leg = malloc(sizeof *leg);
    state = count > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 1;
    int32_t packets = count > 2 ? atoi(words[2]) : 1;
    check(leg != NULL, "memory");
    check(parley_leg_init(leg, (int32_t)sizeof *leg, 0, 0, 101, DEPTH_FRAMES, seed) == 0, "init");
    drift(leg, 8192);
    for (int32_t i = 0; i < packets; i++) {
        attack(leg);
    }
    for (int32_t i = 0; i < PARLEY_LEG_STAT_COUNT; i++) {
        printf("%d ", (int)parley_leg_stat(leg, i));
        check(i == PARLEY_LEG_STAT_SENT || parley_leg_stat(leg, i) > 0, "every counter was reached");
    }
    free(leg);
    return 0;
}
