/** @file srtp.c RTP under protection; the contract stands in parley_srtp.h. */
#include "srtp_state.h"

#include "octets.h"
#include "parley_rtp.h"

static int32_t tag_bytes(const parley_srtp *srtp) {
    return srtp->suite == PARLEY_SRTP_AES_GCM     ? GCM_TAG_BYTES
           : srtp->suite == PARLEY_SRTP_AES_CM_32 ? SRTP_SHORT_TAG_BYTES
                                                  : SRTP_HMAC_TAG_BYTES;
}

/** Octets of header, CSRC list and extension, which stay readable; or below 0. */
static int32_t header_of(const uint8_t *packet, int32_t length) {
    int32_t start = PARLEY_RTP_HEADER_BYTES;
    if (length < start || length > PARLEY_SRTP_PACKET_BYTES_MAX || packet[0] >> 6 != 2) {
        return PARLEY_SRTP_BAD;
    }
    start += 4 * (packet[0] & 0x0F);
    if (packet[0] & 0x10) { /* RFC 3550 section 5.3.1 */
        if (start + 4 > length) {
            return PARLEY_SRTP_BAD;
        }
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3]);
    }
    return start <= length ? start : PARLEY_SRTP_BAD;
}

/** RFC 3711 section 3.3.1 and appendix A: the index nearest to the highest one seen. */
static srtp_index guess(const srtp_window *window, uint32_t sequence) {
    srtp_index index = {window->high, sequence};
    if (!window->known) {
        index.high = 0;
    } else if (window->low < 0x8000 && sequence > window->low + 0x8000 && window->high > 0) {
        index.high--;
    } else if (window->low >= 0x8000 && sequence + 0x8000 < window->low) {
        index.high++;
    }
    return index;
}

static uint32_t sequence_at(const uint8_t *packet) {
    return (uint32_t)packet[2] << 8 | packet[3];
}

int32_t parley_srtp_protect(parley_srtp *srtp, uint8_t *packet, int32_t length, int32_t size) {
    uint8_t tag[SHA1_BYTES], rollover[4];
    if (srtp->magic != SRTP_MAGIC) {
        return PARLEY_SRTP_UNUSABLE;
    }
    int32_t header = header_of(packet, length);
    if (header < 0 || length + tag_bytes(srtp) > size) {
        return PARLEY_SRTP_BAD;
    }
    uint32_t ssrc = octets_word_at(packet + 8);
    srtp_index index = guess(&srtp->sent, sequence_at(packet));
    int ahead = index.high > srtp->sent.high || (index.high == srtp->sent.high && index.low > srtp->sent.low);
    if (srtp->sent.known && (ssrc != srtp->ssrc_out || !ahead)) {
        return PARLEY_SRTP_SPENT;
    }
    srtp_job job = {srtp, &srtp->rtp_out, 0, ssrc, index};
    srtp_crypt(&job, packet + header, packet + header, length - header);
    octets_put_word(rollover, index.high);
    srtp_tag(&job, packet, header, length, rollover, tag);
    for (int32_t i = 0; i < tag_bytes(srtp); i++) {
        packet[length + i] = tag[i];
    }
    srtp->ssrc_out = ssrc;
    srtp->sent.known = 1;
    srtp->sent.high = index.high;
    srtp->sent.low = index.low;
    return length + tag_bytes(srtp);
}

int32_t parley_srtp_unprotect(parley_srtp *srtp, const uint8_t *packet, int32_t length, uint8_t *plain) {
    uint8_t tag[SHA1_BYTES], rollover[4];
    if (srtp->magic != SRTP_MAGIC) {
        return PARLEY_SRTP_UNUSABLE;
    }
    int32_t octets = length - tag_bytes(srtp);
    int32_t header = length > PARLEY_SRTP_PACKET_BYTES_MAX ? PARLEY_SRTP_BAD : header_of(packet, octets);
    if (header < 0) {
        return PARLEY_SRTP_BAD;
    }
    uint32_t ssrc = octets_word_at(packet + 8);
    srtp_stream *place = srtp_stream_of(srtp, ssrc);
    srtp_stream stream = srtp_stream_copy(place, ssrc);
    srtp_job job = {srtp, &srtp->rtp_in, 0, ssrc, guess(&stream.rtp, sequence_at(packet))};
    if (!srtp_window_open(&stream.rtp, job.index)) {
        return PARLEY_SRTP_REPLAYED;
    }
    octets_put_word(rollover, job.index.high);
    srtp_tag(&job, packet, header, octets, rollover, tag);
    if (!srtp_equal(tag, packet + octets, tag_bytes(srtp))) {
        return PARLEY_SRTP_FORGED;
    }
    srtp_window_note(&stream.rtp, job.index);
    srtp_stream_keep(srtp, place, &stream);
    for (int32_t i = 0; i < header; i++) {
        plain[i] = packet[i];
    }
    srtp_crypt(&job, packet + header, plain + header, octets - header);
    return octets;
}
