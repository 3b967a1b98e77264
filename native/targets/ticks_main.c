/**
 * @file ticks_main.c
 * Conferences of 1 to 20 on the bridge, both laws, quiet and loud, with losses, all mixed and the loudest three:
 * prints a CRC of all packets made. Every form of the kernels on every machine must print the same.
 */
#include <stdio.h>

#include "noise.h"
#include "parley_bridge.h"
#include "parley_g711.h"
#include "parley_leg.h"
#include "parley_rtp.h"

enum { LEGS_MAX = 20, SAMPLES = PARLEY_LEG_FRAME_SAMPLES, TICKS = 12, MEMORY_WORDS = 40000 };

static uint32_t memory[MEMORY_WORDS];
static uint32_t crc_of[256];

static uint32_t crc32(uint32_t crc, const uint8_t *octets, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        crc = crc >> 8 ^ crc_of[(crc ^ octets[i]) & 0xFF];
    }
    return crc;
}

/** CRC-32 of IEEE 802.3. */
static void make_table(void) {
    for (uint32_t octet = 0; octet < 256; octet++) {
        uint32_t crc = octet;
        for (int32_t bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0);
        }
        crc_of[octet] = crc;
    }
}

static int32_t law_of(int32_t leg, int32_t laws) {
    return leg % laws == 0 ? PARLEY_LAW_PCMU : PARLEY_LAW_PCMA;
}

static void receive(parley_bridge *bridge, int32_t leg, int32_t law, int32_t tick, int32_t peak) {
    int32_t fields[PARLEY_RTP_FIELDS] = {law, 0, tick, tick * SAMPLES, leg + 1};
    int16_t pcm[SAMPLES];
    uint8_t packet[PARLEY_LEG_PACKET_BYTES];
    make_noise(pcm, SAMPLES, peak, (uint32_t)(leg * 100 + tick));
    parley_rtp_write(packet, (int32_t)sizeof packet, fields);
    parley_g711_encode(law, pcm, packet + PARLEY_RTP_HEADER_BYTES, SAMPLES);
    parley_bridge_receive_leg(bridge, leg, packet, (int32_t)sizeof packet);
}

/** @return CRC with all packets and levels of a conference */
static uint32_t run(uint32_t crc, int32_t legs, int32_t laws, int32_t peak, int32_t loudest) {
    static const uint8_t nobody[PARLEY_BRIDGE_ADDRESS_BYTES] = {0};
    parley_bridge *bridge = (parley_bridge *)(void *)memory;
    parley_bridge_init(bridge, (int32_t)sizeof memory, LEGS_MAX, 1, loudest);
    for (int32_t leg = 0; leg < legs; leg++) {
        int32_t seed[] = {leg, leg, leg}, law = law_of(leg, laws);
        parley_bridge_add_leg(bridge, leg, 0, law, law, -1, 2, 3, seed, nobody);
    }
    for (int32_t tick = 0; tick < TICKS; tick++) {
        for (int32_t leg = 0; leg < legs; leg++) {
            if ((leg * 7 + tick * 5) % 11 != 0) {
                receive(bridge, leg, law_of(leg, laws), tick, leg % 5 == 3 ? 0 : peak);
            }
        }
        parley_bridge_begin(bridge, 0, 1);
        int32_t made = parley_bridge_mix(bridge, legs);
        for (int32_t place = 0; place < made; place++) {
            const uint8_t *packet = (const uint8_t *)memory + parley_bridge_packet(bridge, place);
            crc = crc32(crc, packet, PARLEY_LEG_PACKET_BYTES);
        }
        for (int32_t leg = 0; leg < legs; leg++) {
            uint8_t level = (uint8_t)parley_bridge_leg_stat(bridge, leg, PARLEY_LEG_STAT_LEVEL_IN);
            crc = crc32(crc, &level, 1);
        }
    }
    return crc;
}

int main(void) {
    static const int32_t PEAKS[] = {0, 1, 9, 120, 3000, 9000, 32767};
    uint32_t crc = 0xFFFFFFFFU;
    make_table();
    if (parley_bridge_size(LEGS_MAX, 1) > (int32_t)sizeof memory) {
        printf("too little memory\n");
        return 1;
    }
    for (int32_t legs = 1; legs <= LEGS_MAX; legs += legs < 10 ? 1 : 5) {
        for (int32_t laws = 1; laws <= 2; laws++) {
            for (int32_t i = 0; i < (int32_t)(sizeof PEAKS / sizeof PEAKS[0]); i++) {
                crc = run(crc, legs, laws, PEAKS[i], legs % 2 * 3);
            }
        }
    }
    printf("%08lx\n", (unsigned long)crc);
    return 0;
}
