/** @file rtp_extension.h Elements of RTP's header extension (RFC 8285); private to the kernels. */
#ifndef PARLEY_RTP_EXTENSION_H
#define PARLEY_RTP_EXTENSION_H

#include <stdint.h>

enum {
    RTP_EXTENSION_ONE_BYTE = 0xBEDE,       /* section 4.2 */
    RTP_EXTENSION_ONE_BYTE_ID_MAX = 14,    /* 15 is reserved */
    RTP_EXTENSION_TWO_BYTE = 0x1000,       /* section 4.3; its last four bits are the application's */
    RTP_EXTENSION_TWO_BYTE_MASK = 0xFFF0,
    RTP_EXTENSION_NONE = -1
};

/**
 * Looks for an element, in either form.
 *
 * @param packet  [length] wholly untrusted
 * @param id      1..255
 * @param octets  result: of its data
 * @return where in the packet its data begins, all of it within the extension, or RTP_EXTENSION_NONE
 */
int32_t rtp_extension_find(const uint8_t *packet, int32_t length, int32_t id, int32_t *octets);

#endif
