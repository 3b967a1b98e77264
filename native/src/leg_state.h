/**
 * @file leg_state.h
 * What a leg's memory holds; private to the leg kernels. Words first, so that no padding arises: the
 * plain-Python twin keeps the same octets, and the tests compare them.
 */
#ifndef PARLEY_LEG_STATE_H
#define PARLEY_LEG_STATE_H

#include "parley_leg.h"

enum {
    LEG_MAGIC = 0x5041524C, /* "PARL": this memory went through parley_leg_init */
    SLOT_SAMPLES = 80,      /* 10 ms at 8000 Hz; G.711 has one octet a sample */
    SLOT_MS = 10,
    SLOTS = 32,
    FRAME_SLOTS = 2,
    PACKET_SLOTS_MAX = 8,
    MISORDER_MAX = 100, /* RFC 3550 A.1 MAX_MISORDER: older than this by sequence is a restart */
    OVERRUN_SLOTS = 16, /* 8 frames above the prefill */
    STAT_MASK = 0x3FFFFFFF
};

struct parley_leg {
    uint32_t magic;
    int32_t law;
    int32_t payload_type;
    int32_t event_payload_type; /* -1 none */
    int32_t depth_frames;

    uint32_t ssrc_out;
    uint32_t sequence_out; /* of the next packet, 16 bits */
    uint32_t timestamp_out;
    int32_t marker_out; /* 1: the next packet opens a talkspurt */

    int32_t synced; /* 0 until the first packet */
    uint32_t ssrc_in;
    uint32_t sequence_in;    /* newest taken */
    int32_t packet_slots;    /* ptime of the last packet taken */
    uint32_t play_timestamp; /* of the slot to be played next */
    int32_t play_index;      /* where that slot stands in the ring */
    int32_t span;            /* slots from it to the end of the newest one held */
    int32_t room;            /* slots before it that were never played: it may move back so far */
    int32_t filling;         /* 1: waiting for the prefill */
    int32_t waited_ticks;    /* while filling, since something is queued */

    int32_t stray_known; /* 1: a stranger was seen, and its next packet would be: */
    uint32_t stray_ssrc;
    uint32_t stray_sequence;

    int32_t stat[PARLEY_LEG_STAT_COUNT];
    uint8_t filled[SLOTS];
    uint8_t codes[SLOTS][SLOT_SAMPLES];
};

/** 1 if the memory holds a leg. */
static inline int leg_usable(const parley_leg *leg) {
    return leg->magic == LEG_MAGIC;
}

/** Ring index of the slot `ahead` of the play point (negative: behind); always within the ring. */
static inline int32_t leg_slot(const parley_leg *leg, int32_t ahead) {
    return (int32_t)(((uint32_t)leg->play_index + (uint32_t)ahead) % SLOTS);
}

/** Counts; counters wrap so that they fit a 31-bit MicroPython integer. */
static inline void leg_count(parley_leg *leg, int32_t stat, int32_t by) {
    leg->stat[stat] = (leg->stat[stat] + by) & STAT_MASK;
}

/** Slots that must be queued before playing starts. */
int32_t leg_prefill_slots(const parley_leg *leg);

/** Moves the play point on by `slots`, emptying what it passes. @return how many of them were held */
int32_t leg_advance(parley_leg *leg, int32_t slots);

/**
 * Plays 20 ms without decoding; to be called once a tick. The level is the caller's to note.
 *
 * @param slots  [2] result: 10 ms of codes each, in the ring until the next packet; NULL where none is held
 * @return 1 a frame, 0 nothing was there (slots untouched)
 */
int32_t leg_next(parley_leg *leg, const uint8_t **slots);

/** Writes the header of this tick's packet to packet [12] and counts the packet. */
void leg_header(parley_leg *leg, uint8_t *packet);

/** Lets `ticks` pass without a packet. */
void leg_pause(parley_leg *leg, int32_t ticks);

/** Empties the jitter buffer; the stream in is known no more. */
void leg_flush(parley_leg *leg);

/** 1 if the payload types are such as parley_leg_init takes. */
int leg_types_fit(int32_t payload_type, int32_t event_payload_type);

#endif
