/**
 * @file fuzz_bridge.c
 * A bridge with a plain, a watched and two protected legs, and a wideband one and two with L16, of several packet times, some that
 * are told names and say how loud they are, takes what the fuzzer makes of datagrams; ticks go on between. Input: datagrams, each behind one octet that says to which leg and one of its length.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "bridge_linear.h"
#include "bridge_side.h"
#include "parley_g711.h"
#include "parley_g722.h"

enum { LEGS = 4, WIDE = LEGS, LINEAR, LINEAR_WIDE, ALL, KEYED = 3, LONGEST = 1500 };

static parley_bridge *fresh(void) {
    static parley_bridge *bridge;
    static const uint8_t master[PARLEY_SRTP_MASTER_BYTES] = {1, 2, 3};
    static const int32_t laws[ALL] = {[WIDE] = PARLEY_LAW_G722, [LINEAR] = PARLEY_LAW_L16_8000,
                                      [LINEAR_WIDE] = PARLEY_LAW_L16_16000};
    int32_t size = (parley_bridge_size(ALL, 1) + 63) / 64 * 64 + (parley_bridge_key_octets(KEYED) + 63) / 64 * 64 +
                   (parley_bridge_wide_octets(3, 1) + 63) / 64 * 64 + (parley_bridge_parcel_octets(ALL) + 63) / 64 * 64 +
                   parley_bridge_linear_octets(2);
    if (bridge == NULL && (bridge = malloc((size_t)size)) == NULL) {
        abort();
    }
    parley_bridge_init(bridge, size, ALL, 1, 0);
    parley_bridge_key_places(bridge, size, KEYED);
    parley_bridge_widen(bridge, size, 3);
    parley_bridge_parcel_places(bridge, size, ALL);
    parley_bridge_linear_places(bridge, size, 2);
    for (int32_t leg = 0; leg < ALL; leg++) {
        const int32_t seed[3] = {leg + 1, 1, 1};
        uint8_t address[16] = {127, 0, 0, 1, 16, (uint8_t)(2 * leg + 2)};
        parley_bridge_add_leg(bridge, leg, 0, laws[leg], 0, 101, 2, 3, seed, address);
    }
    for (int32_t leg = 1; leg < ALL; leg++) {
        parley_bridge_ptime(bridge, leg, 10 * leg);
    }
    parley_bridge_ptime(bridge, LINEAR_WIDE, 30);
    parley_bridge_names(bridge, 1, 15, 3, 1);
    parley_bridge_names(bridge, 2, 15, 200, 2);
    parley_bridge_names(bridge, WIDE, 2, 1, 200);
    parley_bridge_names(bridge, LINEAR, 4, 0, 3);
    parley_bridge_noise(bridge, 2, 60);
    parley_bridge_noise(bridge, WIDE, 60);
    parley_bridge_watch(bridge, 1, 1);
    parley_bridge_watch(bridge, 2, 1);
    parley_bridge_gain(bridge, 1, 300);
    parley_bridge_channels(bridge, 3, 1, 2);
    parley_bridge_secure(bridge, 2, PARLEY_SRTP_AES_CM_80, master, master, 3);
    parley_bridge_secure(bridge, 3, PARLEY_SRTP_AES_GCM, master, master, 4);
    parley_bridge_secure(bridge, LINEAR_WIDE, PARLEY_SRTP_AES_CM_80, master, master, 5);
    return bridge;
}

static void attend(parley_bridge *bridge) {
    uint8_t report[PARLEY_BRIDGE_REPORT_BYTES_MAX];
    int32_t leg, figures[PARLEY_BRIDGE_FIGURES];
    parley_bridge_begin(bridge, 0, 1);
    while (parley_bridge_mix(bridge, ALL) > 0) {
    }
    while (parley_bridge_take_report(bridge, &leg, report, (int32_t)sizeof report) > 0) {
    }
    while (parley_bridge_take_event(bridge, &leg) >= 0) {
    }
    parley_bridge_figures(bridge, 1, figures);
    parley_bridge_tell(bridge, 0, PARLEY_BRIDGE_TONE_JOIN, 1);
}

/** Under the peer's keys if the fuzzer says so: what is behind the tag is looked at, too. */
static int32_t protect(uint8_t *packet, int32_t length, int32_t room, int32_t suite, int rtcp) {
    static const uint8_t master[PARLEY_SRTP_MASTER_BYTES] = {1, 2, 3};
    static parley_srtp peer;
    parley_srtp_init(&peer, (int32_t)sizeof peer, suite, master, master);
    int32_t made = rtcp ? parley_srtcp_protect(&peer, packet, length, room)
                        : parley_srtp_protect(&peer, packet, length, room);
    return made < 0 ? length : made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    parley_bridge *bridge = fresh();
    for (size_t at = 0; at + 2 <= size;) {
        int32_t how = data[at], length = data[at + 1] * 6;
        at += 2;
        length = length < (int32_t)(size - at) ? length : (int32_t)(size - at);
        length = length < LONGEST ? length : LONGEST;
        int32_t room = length + PARLEY_SRTP_GROWTH_BYTES;
        uint8_t *packet = malloc((size_t)room);
        if (packet == NULL) {
            abort();
        }
        memcpy(packet, data + at, (size_t)length);
        at += (size_t)length;
        if (how & 8) {
            length = protect(packet, length, room, how & 1 ? PARLEY_SRTP_AES_GCM : PARLEY_SRTP_AES_CM_80, how & 16);
        }
        uint8_t *exact = malloc(length > 0 ? (size_t)length : 1);
        if (exact == NULL) {
            abort();
        }
        memcpy(exact, packet, (size_t)length);
        parley_bridge_clock(bridge, (int32_t)at);
        parley_bridge_receive_leg(bridge, how & 32 ? WIDE + (how & 3) % (ALL - WIDE) : how % LEGS, exact, length);
        free(exact), free(packet);
        if (how & 4) {
            attend(bridge);
        }
    }
    attend(bridge);
    return 0;
}
