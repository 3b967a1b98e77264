/**
 * @file parley_rtp.h
 * The fixed RTP header of RFC 3550 section 5.1, read with full validation and written.
 *
 * Header fields cross as an array of PARLEY_RTP_FIELDS 32-bit words, because an integer of a 32-bit
 * MicroPython has 31 bits. 32-bit values (timestamp, SSRC) stand in it as two's complement bits.
 */
#ifndef PARLEY_RTP_H
#define PARLEY_RTP_H

#include <stdint.h>

enum {
    PARLEY_RTP_HEADER_BYTES = 12,
    PARLEY_RTP_FIELDS = 8
};

/** Index of each word of `fields`. */
enum {
    PARLEY_RTP_PAYLOAD_TYPE = 0,
    PARLEY_RTP_MARKER = 1,
    PARLEY_RTP_SEQUENCE = 2,
    PARLEY_RTP_TIMESTAMP = 3,
    PARLEY_RTP_SSRC = 4,
    PARLEY_RTP_CSRC_COUNT = 5,
    PARLEY_RTP_PAYLOAD_END = 6,
    PARLEY_RTP_SPARE = 7
};

/** Why a packet is not RTP. */
enum {
    PARLEY_RTP_SHORT = -1,
    PARLEY_RTP_VERSION = -2,
    PARLEY_RTP_CSRC = -3,
    PARLEY_RTP_EXTENSION = -4,
    PARLEY_RTP_PADDING = -5
};

/**
 * Validates a packet and takes its header apart (RFC 3550 sections 5.1, 5.3.1 and A.1).
 *
 * Checked: 12 octets at least, version 2, CSRC list, extension and padding within the packet. The
 * payload is packet[result .. fields[PARLEY_RTP_PAYLOAD_END]), and may be empty.
 *
 * @param packet  [length] a datagram, wholly untrusted
 * @param length  octets
 * @param fields  [8] result; untouched on an error
 * @return offset of the payload in octets, or one of the errors above
 */
int32_t parley_rtp_read(const uint8_t *packet, int32_t length, int32_t *fields);

/**
 * Writes a header without CSRC, extension or padding. Words are cut to their width on the wire.
 *
 * @param packet  [12] result
 * @param size    octets there is room for
 * @param fields  [8] payload type, marker, sequence, timestamp and SSRC are used
 * @return 12, or PARLEY_RTP_SHORT when there is no room
 */
int32_t parley_rtp_write(uint8_t *packet, int32_t size, const int32_t *fields);

#endif
