/**
 * @file srtp_hostile_main.c
 * Random, truncated, changed and repeated datagrams into SRTP: srtp_hostile_main SEED PACKETS. Each lies in heap
 * memory of exactly its length, and so does what comes of it; the sanitizers watch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "srtp_state.h"

enum { PACKET_MAX = 400, RESULTS = 5, GROWTH = PARLEY_SRTP_GROWTH_BYTES };

static int32_t seen[RESULTS]; /* how often each result came: passed, and each refusal */

static void *copy_of(const void *octets, int32_t length) {
    void *made = malloc(length > 0 ? (size_t)length : 1);
    check(made != NULL, "memory");
    memcpy(made, octets, (size_t)length);
    return made;
}

/** A packet as a phone makes it, or something else; @return its length. */
static int32_t make(uint8_t *packet, int rtcp) {
    static uint32_t sequence;
    int32_t length = (int32_t)below(PACKET_MAX - GROWTH);
    for (int32_t i = 0; i < length; i++) {
        packet[i] = (uint8_t)below(256);
    }
    if (length >= 12 && below(8) != 0) {
        sequence += below(64) == 0 ? below(40000) : 1;
        packet[0] = (uint8_t)(below(8) == 0 ? 0x90 | below(16) : 0x80);
        packet[1] = rtcp ? 200 : 0;
        packet[2] = (uint8_t)(sequence >> 8), packet[3] = (uint8_t)sequence;
        packet[rtcp ? 4 : 8] = packet[rtcp ? 5 : 9] = packet[rtcp ? 6 : 10] = 0;
        packet[rtcp ? 7 : 11] = 5;
    }
    return length;
}

static void receive(parley_srtp *to, const uint8_t *packet, int32_t length, int rtcp, int genuine) {
    uint8_t *exact = copy_of(packet, length), *plain = copy_of(packet, length);
    parley_srtp *before = copy_of(to, parley_srtp_size());
    int32_t result = rtcp ? parley_srtcp_unprotect(to, exact, length, plain)
                          : parley_srtp_unprotect(to, exact, length, plain);
    check(result <= length && result >= PARLEY_SRTP_REPLAYED, "result");
    check(genuine || result < 0, "what was changed is refused");
    if (result < 0) {
        check(memcmp(plain, packet, (size_t)length) == 0, "nothing is written when it is refused");
        check(memcmp(before, to, (size_t)parley_srtp_size()) == 0, "nothing is remembered of what is refused");
    }
    seen[result >= 0 ? 0 : -result]++;
    free(exact), free(plain), free(before);
}

static void attack(parley_srtp *from, parley_srtp *to) {
    uint8_t packet[PACKET_MAX];
    int rtcp = below(4) == 0;
    int32_t length = make(packet, rtcp);
    int32_t room = length + (int32_t)below(GROWTH + 1);
    uint8_t *exact = malloc(room > 0 ? (size_t)room : 1);
    check(exact != NULL, "memory");
    memcpy(exact, packet, (size_t)length);
    int32_t made = rtcp ? parley_srtcp_protect(from, exact, length, room)
                        : parley_srtp_protect(from, exact, length, room);
    check(made <= room && made >= PARLEY_SRTP_SPENT, "protected");
    if (made == PARLEY_SRTP_SPENT) {
        seen[4]++;
    }
    if (made < 0) {
        check(memcmp(exact, packet, (size_t)length) == 0, "nothing is written when it is not protected");
        receive(to, packet, length, rtcp, 0);
    } else {
        check(made < length + GROWTH + 1, "growth");
        if (below(3) == 0) {
            int32_t at = (int32_t)below((uint32_t)made);
            exact[at] ^= (uint8_t)(1 + below(255));
            receive(to, exact, made, rtcp, 0);
        } else if (below(3) == 0) {
            receive(to, exact, made - 1 - (int32_t)below((uint32_t)made), rtcp, 0);
        } else {
            receive(to, exact, made, rtcp, 1);
            receive(to, exact, made, rtcp, 0);
        }
    }
    free(exact);
}

int main(int count, char **words) {
    parley_srtp *from = malloc((size_t)parley_srtp_size()), *to = malloc((size_t)parley_srtp_size());
    uint8_t master[2 * PARLEY_SRTP_MASTER_BYTES];
    state = count > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 1;
    int32_t packets = count > 2 ? atoi(words[2]) : 1;
    check(from != NULL && to != NULL, "memory");
    for (size_t i = 0; i < sizeof master; i++) {
        master[i] = (uint8_t)below(256);
    }
    for (int32_t suite = PARLEY_SRTP_AES_CM_80; suite <= PARLEY_SRTP_AES_GCM; suite++) {
        const uint8_t *other = master + PARLEY_SRTP_MASTER_BYTES;
        check(parley_srtp_init(from, parley_srtp_size(), suite, master, other) == 0, "init");
        check(parley_srtp_init(to, parley_srtp_size(), suite, other, master) == 0, "init");
        for (int32_t i = 0; i < packets; i++) {
            attack(from, to);
        }
    }
    for (int32_t i = 0; i < RESULTS; i++) {
        printf("%d ", (int)seen[i]);
        check(seen[i] > 0, "every result was reached");
    }
    parley_srtp_wipe(from);
    check(!parley_srtp_usable(from, parley_srtp_size()), "wiped");
    check(parley_srtp_unprotect(from, master, 20, master) == PARLEY_SRTP_UNUSABLE, "unusable");
    free(from), free(to);
    return 0;
}
