/**
 * @file bridge_times.c
 * The bridge's own work, without a network: nanoseconds a participant and frame. Run by tick.py.
 *
 *     bridge_times PARTICIPANTS SIZE TALKERS SILENT LOUDEST FRAMES
 *
 * As in load.c the first TALKERS of each conference speak, the others send silence (1) or nothing (0).
 * Packets come in an order that has nothing to do with the legs'. Prints one JSON object.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parley_bridge.h"
#include "parley_io.h"

enum { SAMPLES = 160, PACKET = 172, BATCH = 64, STRIDE = 1088, WARM = 25, NOISES = 16 };

static double cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void address_of(uint8_t *address, int32_t i) {
    memcpy(address, (uint8_t[]){127, 16, (uint8_t)(i >> 8), (uint8_t)i, 0x9C, 0x40}, 6);
}

static parley_bridge *bridge_with(int32_t count, int32_t size, int32_t loudest) {
    int32_t conferences = (count + size - 1) / size, octets = parley_bridge_size(count, conferences);
    parley_bridge *bridge = (parley_bridge *)parley_io_map(octets);
    if (parley_bridge_init(bridge, octets, count, conferences, loudest) != 0) {
        exit(2);
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t seed[3] = {i, i, i};
        uint8_t address[6];
        address_of(address, i);
        if (parley_bridge_add_leg(bridge, i, i / size, 0, 0, 101, 2, 3, seed, address) != 0) {
            exit(2);
        }
    }
    return bridge;
}

static void fill(uint8_t *packet, int32_t i, int32_t frame, const uint8_t *codes) {
    uint32_t sequence = htons((uint16_t)frame), timestamp = htonl((uint32_t)frame * SAMPLES);
    memset(packet, 0, 12);
    packet[0] = 0x80;
    memcpy(packet + 2, &sequence, 2);
    memcpy(packet + 4, &timestamp, 4);
    memcpy(packet + 8, &i, 4);
    memcpy(packet + 12, codes, SAMPLES);
}

static int32_t count, size, talkers, silent;
static uint8_t noise[NOISES][SAMPLES], silence[SAMPLES];

static void make_voices(void) {
    memset(silence, 0xFF, sizeof silence);
    for (int32_t i = 0; i < NOISES * SAMPLES; i++) {
        noise[i / SAMPLES][i % SAMPLES] = (uint8_t)((0xA0 + rand() % 0x50) ^ (rand() & 0x80));
    }
}

/** One packet of everybody who sends. @return time it took */
static double everybody_in(parley_bridge *bridge, int32_t frame) {
    static uint8_t packets[BATCH][STRIDE], addresses[BATCH][6];
    double took = 0;
    int32_t got = 0;
    for (int32_t k = 0; k < count; k++) {
        int32_t i = (int32_t)((int64_t)k * 7919 % count); /* 7919: prime */
        if (i % size < talkers || silent) {
            fill(packets[got], i, frame, i % size < talkers ? noise[(i + frame) % NOISES] : silence);
            address_of(addresses[got++], i);
        }
        if (got == BATCH || k == count - 1) {
            double from = cpu_ns();
            for (int32_t m = 0; m < got; m++) {
                parley_bridge_receive(bridge, packets[m], PACKET, addresses[m]);
            }
            took += cpu_ns() - from;
            got = 0;
        }
    }
    return took;
}

/** A tick. @return time it took */
static double everybody_out(parley_bridge *bridge) {
    double from = cpu_ns();
    parley_bridge_begin(bridge, 0, 1);
    while (parley_bridge_mix(bridge, BATCH) > 0) {
    }
    return cpu_ns() - from;
}

int main(int words, char **word) {
    double in_ns = 1e18, out_ns = 1e18;
    if (words != 7) {
        return 2;
    }
    count = atoi(word[1]), size = atoi(word[2]), talkers = atoi(word[3]), silent = atoi(word[4]);
    parley_bridge *bridge = bridge_with(count, size, atoi(word[5]));
    make_voices();
    for (int32_t frame = 0; frame < atoi(word[6]); frame++) {
        double in = everybody_in(bridge, frame), out = everybody_out(bridge);
        if (frame >= WARM) {
            in_ns = in < in_ns ? in : in_ns;
            out_ns = out < out_ns ? out : out_ns;
        }
    }
    printf("{\"participants\": %d, \"receive_ns\": %.1f, \"mix_ns\": %.1f}\n", count, in_ns / count, out_ns / count);
    return 0;
}
