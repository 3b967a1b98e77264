/** @file rtp_source.h What a receiver counts of a sender for its reports (RFC 3550 section 6.4); private to the kernels. */
#ifndef PARLEY_RTP_SOURCE_H
#define PARLEY_RTP_SOURCE_H

#include <stdint.h>

typedef struct rtp_source {
    int32_t heard; /* 0: nothing yet */
    uint32_t ssrc;
    uint32_t first;   /* sequence number of the first packet */
    uint32_t highest; /* cycles << 16 | highest sequence number */
    uint32_t packets;
    uint32_t transit; /* of the last packet: arrival - timestamp, RTP clock ticks */
    uint32_t jitter;  /* 16 times the interarrival jitter */
    uint32_t restart; /* sequence number that would confirm a restart, or RTP_SOURCE_NO_RESTART */
} rtp_source;

enum {
    RTP_SOURCE_NO_RESTART = 0x10000
};

/**
 * Counts a packet of a sender the leg believes (RFC 3550 A.1, A.8).
 *
 * @param arrival  when it came, RTP clock ticks from anywhere
 */
void rtp_source_note(rtp_source *source, uint32_t ssrc, uint32_t sequence, uint32_t timestamp, uint32_t arrival);

#endif
