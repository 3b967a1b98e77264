/** @file rtp_extension.c See rtp_extension.h. */
#include "rtp_extension.h"

#include "parley_rtp.h"

enum {
    EXTENSION_BIT = 0x10, /* RFC 3550 section 5.1 */
    HEAD_OCTETS = 4,      /* section 5.3.1: profile, words that follow */
    PADDING_ID = 0,
    STOP_ID = 15
};

static int32_t half_at(const uint8_t *p) {
    return p[0] << 8 | p[1];
}

/** Where the extension begins, with its head within the packet; or NONE. */
static int32_t extension_at(const uint8_t *packet, int32_t length) {
    if (length < PARLEY_RTP_HEADER_BYTES || !(packet[0] & EXTENSION_BIT)) {
        return RTP_EXTENSION_NONE;
    }
    int32_t at = PARLEY_RTP_HEADER_BYTES + 4 * (packet[0] & 0x0F);
    return length - at < HEAD_OCTETS ? RTP_EXTENSION_NONE : at;
}

/** RFC 8285 section 4.2: ID and length, less 1, share an octet. */
static int32_t find_one_byte(const uint8_t *packet, int32_t at, int32_t end, int32_t id, int32_t *octets) {
    while (at < end) {
        int32_t first = packet[at++], found = first >> 4;
        if (first == PADDING_ID) {
            continue;
        }
        *octets = (first & 0x0F) + 1;
        if (found == PADDING_ID || found == STOP_ID || *octets > end - at) {
            return RTP_EXTENSION_NONE; /* nothing behind it counts */
        }
        if (found == id) {
            return at;
        }
        at += *octets;
    }
    return RTP_EXTENSION_NONE;
}

/** Section 4.3: an octet each; there may be no data. */
static int32_t find_two_byte(const uint8_t *packet, int32_t at, int32_t end, int32_t id, int32_t *octets) {
    while (at < end) {
        int32_t found = packet[at++];
        if (found == PADDING_ID) {
            continue;
        }
        if (at == end || packet[at] > end - at - 1) {
            return RTP_EXTENSION_NONE;
        }
        *octets = packet[at++];
        if (found == id) {
            return at;
        }
        at += *octets;
    }
    return RTP_EXTENSION_NONE;
}

int32_t rtp_extension_find(const uint8_t *packet, int32_t length, int32_t id, int32_t *octets) {
    int32_t begin = extension_at(packet, length);
    if (begin < 0) {
        return RTP_EXTENSION_NONE;
    }
    int32_t profile = half_at(packet + begin);
    int32_t at = begin + HEAD_OCTETS, end = at + 4 * half_at(packet + begin + 2);
    if (end > length) {
        return RTP_EXTENSION_NONE;
    }
    if (profile == RTP_EXTENSION_ONE_BYTE) {
        return find_one_byte(packet, at, end, id, octets);
    }
    return (profile & RTP_EXTENSION_TWO_BYTE_MASK) == RTP_EXTENSION_TWO_BYTE ? find_two_byte(packet, at, end, id, octets)
                                                                             : RTP_EXTENSION_NONE;
}
