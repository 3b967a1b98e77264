/** @file rtp.c RTP header; the contract stands in parley_rtp.h. */
#include "parley_rtp.h"

enum {
    VERSION = 2, /* RFC 3550 section 5.1 */
    EXTENSION_HEADER_BYTES = 4
};

static uint32_t word_at(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_word(uint8_t *p, uint32_t word) {
    p[0] = (uint8_t)(word >> 24);
    p[1] = (uint8_t)(word >> 16);
    p[2] = (uint8_t)(word >> 8);
    p[3] = (uint8_t)word;
}

/** Where the payload begins, past CSRC list and extension (sections 5.1 and 5.3.1); `length` >= 12. */
static int32_t payload_start(const uint8_t *packet, int32_t length) {
    int32_t start = PARLEY_RTP_HEADER_BYTES + 4 * (packet[0] & 0x0F);
    if (start > length) {
        return PARLEY_RTP_CSRC;
    }
    if (packet[0] & 0x10) {
        if (length - start < EXTENSION_HEADER_BYTES) {
            return PARLEY_RTP_EXTENSION;
        }
        start += EXTENSION_HEADER_BYTES + 4 * (packet[start + 2] << 8 | packet[start + 3]);
        if (start > length) {
            return PARLEY_RTP_EXTENSION;
        }
    }
    return start;
}

/** Where the payload ends, before the padding, whose last octet counts all of it (section 5.1). */
static int32_t payload_end(const uint8_t *packet, int32_t start, int32_t length) {
    if (!(packet[0] & 0x20)) {
        return length;
    }
    int32_t padding = packet[length - 1]; /* of an empty payload it is a header's octet, and too much */
    return padding == 0 || padding > length - start ? PARLEY_RTP_PADDING : length - padding;
}

int32_t parley_rtp_read(const uint8_t *packet, int32_t length, int32_t *fields) {
    if (length < PARLEY_RTP_HEADER_BYTES) {
        return PARLEY_RTP_SHORT;
    }
    if (packet[0] >> 6 != VERSION) {
        return PARLEY_RTP_VERSION;
    }
    int32_t start = payload_start(packet, length);
    int32_t end = start < 0 ? start : payload_end(packet, start, length);
    if (end < 0) {
        return end;
    }
    fields[PARLEY_RTP_PAYLOAD_TYPE] = packet[1] & 0x7F;
    fields[PARLEY_RTP_MARKER] = packet[1] >> 7;
    fields[PARLEY_RTP_SEQUENCE] = packet[2] << 8 | packet[3];
    fields[PARLEY_RTP_TIMESTAMP] = (int32_t)word_at(packet + 4);
    fields[PARLEY_RTP_SSRC] = (int32_t)word_at(packet + 8);
    fields[PARLEY_RTP_CSRC_COUNT] = packet[0] & 0x0F;
    fields[PARLEY_RTP_PAYLOAD_END] = end;
    fields[PARLEY_RTP_SPARE] = 0;
    return start;
}

int32_t parley_rtp_write(uint8_t *packet, int32_t size, const int32_t *fields) {
    if (size < PARLEY_RTP_HEADER_BYTES) {
        return PARLEY_RTP_SHORT;
    }
    packet[0] = VERSION << 6;
    packet[1] = (uint8_t)((fields[PARLEY_RTP_MARKER] ? 0x80 : 0) | (fields[PARLEY_RTP_PAYLOAD_TYPE] & 0x7F));
    packet[2] = (uint8_t)(fields[PARLEY_RTP_SEQUENCE] >> 8);
    packet[3] = (uint8_t)fields[PARLEY_RTP_SEQUENCE];
    put_word(packet + 4, (uint32_t)fields[PARLEY_RTP_TIMESTAMP]);
    put_word(packet + 8, (uint32_t)fields[PARLEY_RTP_SSRC]);
    return PARLEY_RTP_HEADER_BYTES;
}
