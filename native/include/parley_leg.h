/**
 * @file parley_leg.h
 * One participant's media: RTP in, jitter buffer, decoder; encoder, RTP out. G.711 at 8000 Hz.
 *
 * The state is memory the caller owns (parley_leg_size() octets, aligned to 4); nothing is allocated.
 *
 * Jitter buffer. A ring of 32 slots of 10 ms holds the payload as it came, placed by RTP timestamp: so
 * re-ordering, duplicates and any ptime of 10 to 80 ms need no special case. A timestamp between two
 * slots goes to the nearer one. Every 20 ms playout takes two slots.
 *
 * Prefill. Playing starts when as much is queued as leaves (depth - 1) frames at the moment the next
 * packet is due: 2 * depth + packet - 2 slots, which at 20 ms is `depth` frames; or when the first
 * packet has waited `depth` ticks. When nothing (or half a frame) is left and a frame is due, silence
 * is played and the buffer fills again; play time stands still, so nothing is lost by being late once.
 * A gap after that (a pause of the sender) is not waited for.
 *
 * Overrun. When more than 8 frames above the prefill are queued (or the ring could not take another
 * packet) the oldest are dropped down to the prefill.
 *
 * Strangers. A packet with another SSRC, or a timestamp outside the ring, takes the leg over at once when
 * nothing is queued, else when a second one follows it in sequence (RFC 3550 A.1); until then it is stray.
 */
#ifndef PARLEY_LEG_H
#define PARLEY_LEG_H

#include <stdint.h>

enum {
    PARLEY_LEG_FRAME_SAMPLES = 160,
    PARLEY_LEG_PACKET_BYTES = 172,
    PARLEY_LEG_DEPTH_FRAMES = 2,
    PARLEY_LEG_DEPTH_FRAMES_MAX = 8
};

/** What became of a packet; PARLEY_LEG_UNUSABLE and PARLEY_LEG_ARGUMENT are the caller's own mistakes. */
enum {
    PARLEY_LEG_TAKEN = 0,
    PARLEY_LEG_BAD = -1,
    PARLEY_LEG_WRONG_TYPE = -2,
    PARLEY_LEG_LATE = -3,
    PARLEY_LEG_DUPLICATE = -4,
    PARLEY_LEG_STRAY = -5,
    PARLEY_LEG_UNUSABLE = -100,
    PARLEY_LEG_ARGUMENT = -101
};

/** Statistics, by index. Counters start at 0 and wrap below 2^30. */
enum {
    PARLEY_LEG_STAT_RECEIVED = 0,    /* packets taken into the buffer */
    PARLEY_LEG_STAT_LOST = 1,        /* slots of 10 ms missing inside what was played */
    PARLEY_LEG_STAT_LATE = 2,        /* packets that came after their time */
    PARLEY_LEG_STAT_DUPLICATE = 3,   /* packets already held */
    PARLEY_LEG_STAT_PLAYED = 4,      /* frames of 20 ms played */
    PARLEY_LEG_STAT_SILENT = 5,      /* ticks of 20 ms with nothing to play */
    PARLEY_LEG_STAT_DEPTH = 6,       /* ms queued now */
    PARLEY_LEG_STAT_BAD = 7,         /* packets that are not RTP, or not 1 to 8 times 10 ms */
    PARLEY_LEG_STAT_LEVEL_IN = 8,    /* -dBov of the last tick's frame, 127 silence */
    PARLEY_LEG_STAT_WRONG_TYPE = 9,  /* packets of another payload type */
    PARLEY_LEG_STAT_EVENT = 10,      /* telephone-event packets (RFC 4733), not played */
    PARLEY_LEG_STAT_STRAY = 11,      /* packets of a stranger not yet believed */
    PARLEY_LEG_STAT_RESYNC = 12,     /* times a stranger took over */
    PARLEY_LEG_STAT_UNDERRUN = 13,   /* times the buffer ran dry while playing */
    PARLEY_LEG_STAT_DROPPED = 14,    /* slots of 10 ms dropped by an overrun */
    PARLEY_LEG_STAT_SENT = 15,       /* packets made */
    PARLEY_LEG_STAT_COUNT = 16
};

typedef struct parley_leg parley_leg;

/** Octets of state one leg needs. */
int32_t parley_leg_size(void);

/**
 * Prepares a leg.
 *
 * @param leg                 memory aligned to 4
 * @param size                its octets
 * @param law                 PARLEY_LAW_PCMU or PARLEY_LAW_PCMA, both ways
 * @param payload_type        0..127, both ways
 * @param event_payload_type  0..127 of telephone-event, or -1 for none
 * @param depth_frames        prefill, 1..8 frames of 20 ms
 * @param seed                [3] first SSRC, sequence and timestamp to send (random, RFC 3550 section 5.1)
 * @return 0, or PARLEY_LEG_ARGUMENT (memory untouched)
 */
int32_t parley_leg_init(parley_leg *leg, int32_t size, int32_t law, int32_t payload_type,
                        int32_t event_payload_type, int32_t depth_frames, const int32_t *seed);

/**
 * Takes one datagram.
 *
 * @param packet  [length] wholly untrusted
 * @return PARLEY_LEG_TAKEN (played later, or an event) or the reason it was not
 */
int32_t parley_leg_receive(parley_leg *leg, const uint8_t *packet, int32_t length);

/**
 * Plays 20 ms; to be called once a tick.
 *
 * @param pcm  [160] result, 16-bit linear, written whole in every case
 * @return 1 a frame (slots lost inside it are silence), 0 nothing was there (silence), or PARLEY_LEG_UNUSABLE
 */
int32_t parley_leg_playout(parley_leg *leg, int16_t *pcm);

/**
 * Makes the packet of this tick; to be called once a tick. The timestamp advances by 160 every time, the
 * sequence number with each packet made. The first packet, and the first after a pause, carries the
 * marker (RFC 3551 section 4.1).
 *
 * @param pcm     [160] what to send, 16-bit linear; NULL sends nothing this tick
 * @param packet  [172] result: header and payload
 * @param size    octets there is room for
 * @return 172, 0 with NULL, PARLEY_LEG_UNUSABLE or PARLEY_LEG_ARGUMENT
 */
int32_t parley_leg_packetise(parley_leg *leg, const int16_t *pcm, uint8_t *packet, int32_t size);

/** Statistic `index`, 0..2^30-1; PARLEY_LEG_UNUSABLE or PARLEY_LEG_ARGUMENT. */
int32_t parley_leg_stat(const parley_leg *leg, int32_t index);

#endif
