/** @file bench_conference.c Whole ticks of a conference; the contract stands in bench_conference.h. */
#include "bench_conference.h"

#include <stdio.h>

#include "marks.h"
#include "noise.h"
#include "parley_bridge_side.h"
#include "parley_g711.h"
#include "parley_leg.h"
#include "parley_rtp.h"

enum {
    LEGS_MAX = 16,
    SAMPLES = PARLEY_LEG_FRAME_SAMPLES,
    WARM_TICKS = 10, /* until the jitter buffers play and the choice of the loudest rests */
    MURMUR = 40,
    MEMORY_WORDS = 40000
};

static uint32_t memory[MEMORY_WORDS];
static uint32_t packets[LEGS_MAX][PARLEY_LEG_PACKET_BYTES / 4]; /* aligned, as network buffers are */
static uint8_t addresses[LEGS_MAX][PARLEY_BRIDGE_ADDRESS_BYTES];

static void address_of(int32_t leg, uint8_t *address) {
    const uint8_t made[] = {10, 0, 0, (uint8_t)(leg + 1), 0x9C, 0x40};
    for (int32_t i = 0; i < PARLEY_BRIDGE_ADDRESS_BYTES; i++) {
        address[i] = made[i];
    }
}

static void write_packet(const bench_conference *conference, int32_t leg, int32_t tick) {
    int32_t fields[PARLEY_RTP_FIELDS] = {PARLEY_LAW_PCMU, 0, tick, tick * SAMPLES, 1000 + leg};
    int16_t pcm[SAMPLES] = {0};
    uint8_t *packet = (uint8_t *)packets[leg];
    if (leg < conference->sound) {
        int32_t peak = leg < conference->talk ? conference->peak : MURMUR;
        make_noise(pcm, SAMPLES, peak, (uint32_t)(leg + LEGS_MAX * tick));
    }
    parley_rtp_write(packet, PARLEY_LEG_PACKET_BYTES, fields);
    parley_g711_encode(PARLEY_LAW_PCMU, pcm, packet + PARLEY_RTP_HEADER_BYTES, SAMPLES);
}

static int prepare(parley_bridge *bridge, const bench_conference *conference) {
    int good = parley_bridge_init(bridge, (int32_t)sizeof memory, LEGS_MAX, 1, conference->loudest) == 0;
    for (int32_t leg = 0; leg < conference->legs; leg++) {
        int32_t seed[] = {leg, 0, 0};
        address_of(leg, addresses[leg]);
        good &= parley_bridge_add_leg(bridge, leg, 0, PARLEY_LAW_PCMU, 0, -1, PARLEY_LEG_DEPTH_FRAMES,
                                      PARLEY_BRIDGE_SPEAKS | PARLEY_BRIDGE_HEARS, seed, addresses[leg]) == 0;
        good &= parley_bridge_names(bridge, leg, conference->names, conference->names > 0, 0) == 0;
    }
    return good;
}

/** All packets in, all mixed, all out. @return packets made */
static int32_t tick(parley_bridge *bridge, int32_t legs) {
    for (int32_t leg = 0; leg < legs; leg++) {
        parley_bridge_receive(bridge, (const uint8_t *)packets[leg], PARLEY_LEG_PACKET_BYTES, addresses[leg]);
    }
    parley_bridge_begin(bridge, 0, 1);
    return parley_bridge_mix(bridge, legs);
}

int bench_conference_run(const bench_conference *conference) {
    parley_bridge *bridge = (parley_bridge *)(void *)memory;
    int32_t made = 0;
    if (!prepare(bridge, conference)) {
        return 0;
    }
    for (int32_t i = 0; i <= WARM_TICKS; i++) {
        for (int32_t leg = 0; leg < conference->legs; leg++) {
            write_packet(conference, leg, i);
        }
        if (i == WARM_TICKS) {
            printf("%s\n", conference->name);
            mark_begin();
        }
        made = tick(bridge, conference->legs);
    }
    mark_end();
    return made == conference->legs;
}
