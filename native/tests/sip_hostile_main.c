/* Damages plain requests at random and reads each from memory of its exact size; the sanitizers judge. */
#include "parley_sip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char invite[] =
    "INVITE sip:conference@127.0.0.1:5060;size=2 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:5070;rport;branch=z9hG4bK-7\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\n"
    "From: \"A B\" <sip:alice@127.0.0.1:5070;x=y>;tag=7T\r\nTo: <sip:conference@a-b.example>\r\n"
    "Call-ID: 7@127.0.0.1\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@127.0.0.1>;expires=3\r\nMax-Forwards: 70\r\n"
    "User-Agent: x\r\nContent-Type: application/sdp\r\nContent-Length:   102\r\n\r\n"
    "v=0\r\no=u 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PC\r\n";
static const char ack[] = "ACK sip:c@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-7;rport\r\nCSeq: 1 ACK\r\n\r\n";
static const char marks[] = "\r\n;<>\"@:=. 0a-";

static uint32_t state = 1;

static uint32_t chance(uint32_t below) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

static int32_t read_copy(const uint8_t *text, int32_t octets) {
    uint8_t *data = malloc((size_t)octets), *scratch = malloc(PARLEY_SIP_SCRATCH);
    int32_t ends[PARLEY_SIP_PIECES] = {0}, port = 0, before = 0;
    memcpy(data, text, (size_t)octets);
    int32_t kind = parley_sip_read(data, octets, 0x7F000001, 5070, scratch, ends, &port);
    for (int32_t piece = 0; kind == PARLEY_SIP_INVITE && piece < PARLEY_SIP_PIECES; piece++) {
        if (ends[piece] < before || ends[piece] > PARLEY_SIP_SCRATCH) {
            abort();
        }
        before = ends[piece];
    }
    free(data);
    free(scratch);
    return kind;
}

int main(int argc, char **argv) {
    int32_t rounds = argc > 1 ? atoi(argv[1]) : 1000, kinds[3] = {0};
    static uint8_t text[8192];
    for (int32_t round = 0; round < rounds; round++) {
        const char *from = round % 4 ? invite : ack;
        int32_t octets = (int32_t)strlen(from);
        memcpy(text, from, (size_t)octets);
        for (uint32_t edits = chance(4); edits > 0; edits--) {
            text[chance((uint32_t)octets)] = chance(2) ? (uint8_t)chance(256) : (uint8_t)marks[chance(sizeof marks)];
        }
        if (chance(3) == 0) { /* one octet again and again: everything grows to its limit */
            int32_t at = (int32_t)chance((uint32_t)octets), more = (int32_t)chance(4000);
            memmove(text + at + more, text + at, (size_t)(octets - at));
            memset(text + at, text[at + more], (size_t)more);
            octets += more;
        }
        if (chance(3) == 0) {
            octets = (int32_t)chance((uint32_t)octets + 1);
        }
        kinds[read_copy(text, octets)]++;
    }
    printf("%d %d %d\n", kinds[0], kinds[1], kinds[2]);
    return 0;
}
