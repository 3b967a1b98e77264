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
 * Delay. A stream's first packet is played at the next tick, once `depth` frames are queued (2 * depth + packet
 * - 2 slots) or it has waited `depth` ticks. From then on the delay follows the network: the slack of a packet
 * is the time from its arrival to the tick that plays its first sample, and of the least slack in each of the
 * last 6 windows of 32 ticks the second lowest counts (so one packet in some 200 may be late). Below 3 ms of it
 * the delay grows by a frame; a stream that begins with less waits a tick more. The delay shrinks when no packet
 * of these windows had less slack than a frame and 8 ms: by a single frame only in a pause, where nobody hears
 * it; half frames where packets are such. The arrival within a tick is known where the caller has a clock
 * (parley_bridge.h). More than 200 ms are never queued: the oldest are dropped.
 *
 * Moves. The delay changes little by little, by stretching frames: 16 samples of 160 in pauses (below -48 dBov),
 * 1 in speech, more when there is far to go. To shrink it waits up to 8 s for a pause. In speech it grows so only
 * under a clock that runs slow, when the slack falls from window to window; else a late packet makes it grow. A
 * sender's clock that runs fast or slow is followed so too: nothing is dropped or repeated, and all other frames
 * stay to the bit as they were sent.
 *
 * Loss. A slot that is missing is concealed (parley_plc.h), in codes, so that what is heard of it is the same
 * for all. When nothing is left and a frame is due the same is done and play time stands still for up to 60
 * ms: a late packet loses nothing, and if a later one comes first, time goes on over what was concealed. Then
 * silence is played until packets come; a pause of the sender is not waited for.
 *
 * Comfort noise. Payload type 13 (RFC 3389) opens a pause: until the next voice packet white noise of its
 * level is played.
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
    PARLEY_LEG_DEPTH_FRAMES = 1,
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
    PARLEY_LEG_STAT_LOST = 1,        /* slots of 10 ms that never came in time, inside what was played */
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
    PARLEY_LEG_STAT_CONCEALED = 16,  /* slots of 10 ms made up */
    PARLEY_LEG_STAT_STRETCHED = 17,  /* frames stretched or pressed together */
    PARLEY_LEG_STAT_NOISE = 18,      /* packets of comfort noise */
    PARLEY_LEG_STAT_COUNT = 19
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
 * @param depth_frames        prefill at first, 1..8 frames of 20 ms
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
 * @return 1 a frame, 0 nothing was there (silence), or PARLEY_LEG_UNUSABLE
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
