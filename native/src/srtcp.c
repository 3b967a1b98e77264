/** @file srtcp.c RTCP under protection; the contract stands in parley_srtp.h. */
#include "srtp_state.h"

#include "octets.h"

#define ENCRYPTED 0x80000000U /* the E bit, before the 31 bits of the index */

enum {
    RTCP_FIRST = 192, /* RFC 5761 section 4: packet types of RTCP */
    RTCP_LAST = 223
};

/** RFC 3711 section 5.2: the tag of RTCP has 80 bits even where RTP's has 32. */
static int32_t tag_bytes(const parley_srtp *srtp) {
    return srtp->suite == PARLEY_SRTP_AES_GCM ? GCM_TAG_BYTES : SRTP_HMAC_TAG_BYTES;
}

static int is_rtcp(const uint8_t *packet, int32_t length) {
    return length >= SRTCP_HEADER_BYTES && length <= PARLEY_SRTP_PACKET_BYTES_MAX && packet[0] >> 6 == 2 &&
           packet[1] >= RTCP_FIRST && packet[1] <= RTCP_LAST;
}

static srtp_index index_of(uint32_t trailer) {
    srtp_index index = {(trailer & ~ENCRYPTED) >> 16, trailer & 0xFFFF};
    return index;
}

/** The tag goes behind the index, with GCM before it (RFC 7714 section 9.2). */
static void places(const parley_srtp *srtp, int32_t octets, int32_t *tag_at, int32_t *trailer_at) {
    int gcm = srtp->suite == PARLEY_SRTP_AES_GCM;
    *tag_at = octets + (gcm ? 0 : SRTCP_INDEX_BYTES);
    *trailer_at = octets + (gcm ? GCM_TAG_BYTES : 0);
}

int32_t parley_srtcp_protect(parley_srtp *srtp, uint8_t *packet, int32_t length, int32_t size) {
    uint8_t tag[SHA1_BYTES], trailer[SRTCP_INDEX_BYTES];
    int32_t tag_at, trailer_at;
    if (srtp->magic != SRTP_MAGIC) {
        return PARLEY_SRTP_UNUSABLE;
    }
    if (!is_rtcp(packet, length) || length + SRTCP_INDEX_BYTES + tag_bytes(srtp) > size) {
        return PARLEY_SRTP_BAD;
    }
    if (srtp->rtcp_index_out == ~ENCRYPTED) {
        return PARLEY_SRTP_SPENT;
    }
    uint32_t word = ++srtp->rtcp_index_out | ENCRYPTED;
    srtp_job job = {srtp, &srtp->rtcp_out, 1, octets_word_at(packet + 4), index_of(word)};
    srtp_crypt(&job, packet + SRTCP_HEADER_BYTES, packet + SRTCP_HEADER_BYTES, length - SRTCP_HEADER_BYTES);
    octets_put_word(trailer, word);
    srtp_tag(&job, packet, SRTCP_HEADER_BYTES, length, trailer, tag);
    places(srtp, length, &tag_at, &trailer_at);
    octets_put_word(packet + trailer_at, word);
    for (int32_t i = 0; i < tag_bytes(srtp); i++) {
        packet[tag_at + i] = tag[i];
    }
    return length + SRTCP_INDEX_BYTES + tag_bytes(srtp);
}

int32_t parley_srtcp_unprotect(parley_srtp *srtp, const uint8_t *packet, int32_t length, uint8_t *plain) {
    uint8_t tag[SHA1_BYTES], trailer[SRTCP_INDEX_BYTES];
    int32_t tag_at, trailer_at;
    if (srtp->magic != SRTP_MAGIC) {
        return PARLEY_SRTP_UNUSABLE;
    }
    int32_t octets = length - SRTCP_INDEX_BYTES - tag_bytes(srtp);
    if (length > PARLEY_SRTP_PACKET_BYTES_MAX || !is_rtcp(packet, octets)) {
        return PARLEY_SRTP_BAD;
    }
    places(srtp, octets, &tag_at, &trailer_at);
    uint32_t ssrc = octets_word_at(packet + 4), word = octets_word_at(packet + trailer_at);
    srtp_stream *place = srtp_stream_of(srtp, ssrc);
    srtp_stream stream = srtp_stream_copy(place, ssrc);
    srtp_job job = {srtp, &srtp->rtcp_in, 1, ssrc, index_of(word)};
    if (!srtp_window_open(&stream.rtcp, job.index)) {
        return PARLEY_SRTP_REPLAYED;
    }
    int32_t header = word & ENCRYPTED ? SRTCP_HEADER_BYTES : octets;
    octets_put_word(trailer, word);
    srtp_tag(&job, packet, header, octets, trailer, tag);
    if (!srtp_equal(tag, packet + tag_at, tag_bytes(srtp))) {
        return PARLEY_SRTP_FORGED;
    }
    srtp_window_note(&stream.rtcp, job.index);
    srtp_stream_keep(srtp, place, &stream);
    for (int32_t i = 0; i < header; i++) {
        plain[i] = packet[i];
    }
    srtp_crypt(&job, packet + header, plain + header, octets - header);
    return octets;
}
