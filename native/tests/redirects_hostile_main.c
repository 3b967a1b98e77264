/**
 * @file redirects_hostile_main.c
 * Plain INVITEs and ACKs at random into a small table of transactions, repeated, copied, damaged, answered or forgotten:
 * redirects_hostile_main SEED STEPS. The sanitizers watch; so does the count of those that must be there.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "hostile.h"
#include "parley_sip.h"

#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>

enum { MOST = 100, BRANCHES = 300, TAGS = 32, GRANTS = 5, REQUEST_MAX = 700 };

static const char offer[] = "v=0\r\no=u 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                            "m=audio 6000 RTP/AVP 0\r\n";
static parley_redirects *redirects;
static parley_sip_place place;
static int32_t waiting[MOST], waiting_count; /* transactions without an answer */
static int64_t now_ms = 1;
static uint8_t tags[TAGS * PARLEY_SIP_TAG + 1];
static int32_t kinds[PARLEY_SIP_FULL + 1];

/** A request from one of a few phones; @return its length. */
static int32_t make(char *text) {
    uint32_t branch = below(BRANCHES), call = branch % 40; /* eight branches of a call: copies by other paths */
    if (below(3) == 0) {
        return snprintf(text, REQUEST_MAX, "ACK sip:c@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-%u;rport\r\n"
                        "CSeq: 1 ACK\r\n\r\n", branch);
    }
    return snprintf(text, REQUEST_MAX, "INVITE sip:conference@127.0.0.1:5060 SIP/2.0\r\n"
                    "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-%u;rport\r\nFrom: <sip:a@127.0.0.1:9>;tag=%u\r\n"
                    "To: <sip:conference@127.0.0.1>\r\nCall-ID: %u@127.0.0.1\r\nCSeq: 1 INVITE\r\n"
                    "Contact: <sip:a@127.0.0.1:9>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\n"
                    "Content-Length: %d\r\n\r\n%s", branch, call, call, (int32_t)sizeof offer - 1, offer);
}

static void receive(int32_t fd) {
    char text[REQUEST_MAX];
    int32_t octets = make(text), number = -1, ends[PARLEY_SIP_PIECES] = {0};
    uint8_t *scratch = malloc(PARLEY_SIP_SCRATCH), *data;
    if (below(16) == 0) {
        text[below((uint32_t)octets)] = (char)below(256);
    }
    octets = below(32) == 0 ? (int32_t)below((uint32_t)octets + 1) : octets;
    data = malloc(octets > 0 ? (size_t)octets : 1);
    check(scratch != NULL && data != NULL, "memory");
    memcpy(data, text, (size_t)octets);
    int32_t kind = parley_redirects_take(redirects, data, octets, 0x7F000001, 9, fd, now_ms, below(20) != 0, scratch, ends,
                                         &number);
    check(kind >= 0 && kind <= PARLEY_SIP_FULL, "kind");
    kinds[kind]++;
    if (kind == PARLEY_SIP_INVITE || kind == PARLEY_SIP_MERGED) {
        check(number >= 0 && number < MOST && waiting_count < MOST, "room");
        check(parley_redirects_knows(redirects, scratch, ends[0]), "what has begun is known");
        waiting[waiting_count++] = number;
    }
    check(kind != PARLEY_SIP_FULL || parley_redirects_held(redirects) == MOST, "full is full");
    free(scratch);
    free(data);
}

/** Takes one that waits for its answer; -1 for none. */
static int32_t waiting_one(void) {
    if (waiting_count == 0) {
        return -1;
    }
    uint32_t at = below((uint32_t)waiting_count);
    int32_t number = waiting[at];
    waiting[at] = waiting[--waiting_count];
    return number;
}

static void decide(void) {
    uint32_t way = below(8);
    int32_t number = waiting_one(), left = TAGS;
    if (number < 0) {
        return;
    }
    if (way == 0) {
        parley_redirects_forget(redirects, number);
    } else if (way == 1) {
        static const uint8_t busy[] = "503 Service Unavailable", later[] = "\r\nRetry-After: 2";
        left = parley_redirects_answer(redirects, number, busy, sizeof busy - 1, later, sizeof later - 1);
    } else {
        parley_sip_grant grants[GRANTS];
        int32_t count = 0, answered = 0;
        do {
            parley_sip_grant one = {&place, number, (int32_t)below(65536), 2, 32, below(1U << 31), below(1U << 31)};
            grants[count++] = one;
        } while (count < GRANTS && (number = waiting_one()) >= 0);
        left = parley_redirects_grant(redirects, grants, count, &answered);
        check(answered == count || left == 0, "all are answered while there are tags");
        for (int32_t rest = answered; rest < count; rest++) {
            waiting[waiting_count++] = grants[rest].number;
        }
    }
    check(left >= 0, "there are tags");
    if (left == 0) {
        parley_redirects_tags(redirects, tags, TAGS);
    }
}

static void send_some(void) {
    int32_t octets = 0, port = 0;
    uint32_t address = 0;
    const uint8_t *response;
    (void)parley_redirects_send(redirects);
    while ((response = parley_redirects_pop(redirects, &octets, &address, &port)) != NULL) {
        check(octets > 12 && memcmp(response, "SIP/2.0 ", 8) == 0, "a response");
        check(memcmp(response + octets - 4, "\r\n\r\n", 4) == 0 && address == 0x7F000001 && port == 9, "its end");
    }
}

int main(int argc, char **argv) {
    static const uint8_t seed[16] = {1, 2, 3}, key[32] = {7}, server[] = "\r\nServer: x", where[] = "@127.0.1.1:5060>;isfocus";
    int32_t steps = argc > 2 ? atoi(argv[2]) : 1000, fd = socket(AF_INET, SOCK_DGRAM, 0);
    state = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    memset(tags, 'a', sizeof tags - 1);
    redirects = parley_redirects_new(MOST, seed, server, sizeof server - 1);
    check(redirects != NULL && fd >= 0, "a table and a socket");
    parley_redirects_tags(redirects, tags, TAGS);
    parley_sip_place_at(&place, key, sizeof key, where, sizeof where - 1);
    for (int32_t step = 0; step < steps; step++) {
        receive(below(2) ? fd : -1);
        if (below(3) != 0) {
            decide();
        }
        now_ms += below(50) == 0 ? below(40000) : below(20);
        if (below(4) == 0) {
            parley_redirects_tick(redirects, now_ms);
            send_some();
        }
        check(parley_redirects_held(redirects) >= waiting_count, "none is lost before it is answered");
    }
    parley_redirects_tick(redirects, now_ms + 100000);
    parley_redirects_tick(redirects, now_ms + 200000);
    check(parley_redirects_held(redirects) == waiting_count, "what was answered has ended");
    check(parley_redirects_deadline(redirects) == -1, "nothing is due");
    parley_redirects_free(redirects);
    for (int32_t kind = 0; kind <= PARLEY_SIP_FULL; kind++) {
        printf("%d ", kinds[kind]);
    }
    return 0;
}
