/**
 * @file leg_state.h
 * What a leg's memory holds; private to the leg kernels. Words first, so that no padding arises: the
 * plain-Python twin keeps the same octets, and the tests compare them.
 */
#ifndef PARLEY_LEG_STATE_H
#define PARLEY_LEG_STATE_H

#include "parley_leg.h"
#include "parley_g722.h"
#include "parley_plc.h"

enum {
    LEG_MAGIC = 0x5041524C, /* "PARL": this memory went through parley_leg_init */
    SLOT_SAMPLES = 80,      /* 10 ms at 8000 Hz; G.711 has one octet a sample */
    SLOT_MS = 10,
    FILLED_EMPTY = 2,       /* of a slot: played, but without codes */
    SLOTS = 32,
    FRAME_SLOTS = 2,
    PACKET_SLOTS_MAX = 8,
    MISORDER_MAX = 100, /* RFC 3550 A.1 MAX_MISORDER: older than this by sequence is a restart */
    SLOT_FRAME_MASK = ~1,  /* slot to the first of its frame */
    KEPT_SLOTS = 8,        /* behind the play point, for concealment: 6 of a loss, 3 before it, less the one at hand */
    SPAN_MAX = SLOTS - KEPT_SLOTS,
    CEILING_SLOTS = 20,    /* 200 ms: more is never queued */
    LOST_MAX = PARLEY_PLC_SILENT / SLOT_SAMPLES,
    WINDOW_TICKS = 32,     /* power of 2 */
    WINDOWS = 6,
    HALF_TICK = PARLEY_LEG_FRAME_SAMPLES / 2, /* arrival before the tick, where nobody looked at the clock */
    FAR_AWAY = 0x3FFFFFFF, /* slack of a window without packets */
    SLACK_LEAST = 24,      /* samples, 3 ms: who has less needs a frame more */
    AT_MAX = 1 << 20,      /* slots: who is farther off is no nearer than this */
    SHIFT_MAX = 1 << 28,   /* samples: nine hours of silence, or a sender that leaps about */
    LEVEL_FLOOR = 127,
    LEG_QUIET_DBOV = 48,   /* a pause: nobody hears what is done to it */
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
    int32_t waited;          /* ticks of filling since something is queued; windows that a move waits for a pause */

    int32_t stray_known; /* 1: a stranger was seen, and its next packet would be: */
    uint32_t stray_ssrc;
    uint32_t stray_sequence;

    int32_t attention;  /* 0: packets and ticks are as nearly all are */
    int32_t lost_slots; /* concealed in a row */
    int32_t held_slots; /* of them, put in while play time stood still */
    int32_t pitch;      /* of what was heard before them */
    int32_t offset;     /* samples of the first slot that were played already */
    int32_t move;       /* samples to put in (above 0) or to leave out, little by little */
    int32_t shift;      /* samples put in since the stream began: its delay */
    int32_t noise;      /* comfort noise: 127 - its level in -dBov; 0 none */
    uint32_t noise_state;
    int32_t least; /* of this window: smallest slack, less the shift */
    int32_t window;
    int32_t lows[WINDOWS];

    int32_t stat[PARLEY_LEG_STAT_COUNT];
    uint8_t filled[SLOTS];
    uint8_t codes[SLOTS][SLOT_SAMPLES];
};

/** An RTP clock of 16000 Hz, counted at 8000: what its last timestamp came to. All zero at first. */
typedef struct leg_clock {
    uint32_t ticks;
    uint32_t samples;
} leg_clock;

/** Where a leg's payload is kept, 10 ms a slot. */
typedef struct leg_store {
    uint8_t *slots;
    int32_t slot_octets; /* a multiple of SLOT_SAMPLES */
    leg_clock *clock;    /* NULL: the RTP clock runs at 8000 Hz */
} leg_store;

/** 1 if the leg's codes are not G.711: they are not touched, but concealed after decoding (bridge_wide.c). */
static inline int leg_opaque(const parley_leg *leg) {
    return leg->law >= PARLEY_LAW_G722;
}

/** 1 if the memory holds a leg. */
static inline int leg_usable(const parley_leg *leg) {
    return leg->magic == LEG_MAGIC;
}

/** Ring index of the slot `ahead` of the play point (negative: behind); always within the ring. */
static inline int32_t leg_slot(const parley_leg *leg, int32_t ahead) {
    return (int32_t)(((uint32_t)leg->play_index + (uint32_t)ahead) % SLOTS);
}

/** Counts; who reads cuts the count with STAT_MASK, so that it fits a 31-bit MicroPython integer. */
static inline void leg_count(parley_leg *leg, int32_t stat, int32_t by) {
    leg->stat[stat] = (int32_t)((uint32_t)leg->stat[stat] + (uint32_t)by);
}

/** Nothing is known yet of a stream's jitter, and nothing is to be made good. */
void leg_forget(parley_leg *leg);

/** Nothing is known yet of a stream's jitter. */
void leg_forget_slack(parley_leg *leg);

/** At the end of a window: takes stock of the packets' slack and decides on a move. */
void leg_review(parley_leg *leg);

/** Slack of nearly all packets at the delay of now, in samples; FAR_AWAY when too little is known. */
int32_t leg_slack(const parley_leg *leg);

/** Slack of all packets of late at the delay of now, in samples; FAR_AWAY when nothing is known. */
int32_t leg_slack_of_all(const parley_leg *leg);

/** Play time stood still for `by` samples (below 0: went on by more than was heard). */
static inline void leg_shift(parley_leg *leg, int32_t by) {
    leg->shift += by;
    if (leg->shift > SHIFT_MAX || leg->shift < -SHIFT_MAX) {
        leg_forget_slack(leg);
    }
}

/** Notes how long before its time a packet came. at: its first slot's place; arrival: samples before the tick */
static inline void leg_note_slack(parley_leg *leg, int32_t at, int32_t arrival) {
    int32_t slack = (at & SLOT_FRAME_MASK) * SLOT_SAMPLES + arrival - leg->shift;
    leg->least = slack < leg->least ? slack : leg->least;
}

/** Sets `attention` from what it stands for. */
static inline void leg_attend(parley_leg *leg) {
    leg->attention = leg->filling | leg->lost_slots | leg->offset | leg->move | leg->noise;
}

/** One slot of silence, in codes. */
void leg_silence(const parley_leg *leg, uint8_t *codes);

/** Makes silence of what stands in the ring: it is what concealment starts from. */
void leg_quiet(parley_leg *leg);

/** Samples to put in (above 0) or leave out in this frame. */
int32_t leg_pace(const parley_leg *leg);

/** Shortens or leaves an opaque leg's delay, which is not stretched: a slot less in a pause. */
void leg_step(parley_leg *leg);

/** made [160] = the samples of the ring from the play point on, `taken` of them stretched to 160, as codes. */
void leg_stretch(const parley_leg *leg, int32_t taken, uint8_t *made);

/** Fills the empty slot `ahead` with what continues the sound before it. */
void leg_conceal(parley_leg *leg, int32_t ahead);

/** Crosses over from what was concealed to the slot `ahead`. */
void leg_recover(parley_leg *leg, int32_t ahead);

/** Comfort noise [160] as codes (RFC 3389). */
void leg_noise(parley_leg *leg, uint8_t *codes);

/** parley_leg_receive of a packet that came `arrival` samples (0..160) before the coming tick. */
int32_t leg_receive_at(parley_leg *leg, const uint8_t *packet, int32_t length, int32_t arrival);

/** The same, but for the packet that is expected, of a leg whose payload is kept in `store`. */
int32_t leg_receive_to(parley_leg *leg, const uint8_t *packet, int32_t length, int32_t arrival, const leg_store *store);

/** Slots that must be queued before playing starts. */
int32_t leg_prefill_slots(const parley_leg *leg);

/** Moves the play point on by `slots`, emptying what it passes. @return how many of them were held */
int32_t leg_advance(parley_leg *leg, int32_t slots);

/**
 * Plays 20 ms without decoding; to be called once a tick. The level is the caller's to note.
 *
 * @param slots  [2] result: 10 ms of codes each, in the ring until the next packet or in `made`; NULL: silence
 * @param made   [160] room for codes that are not those of the packets
 * @return 1 a frame, 0 nothing was there (slots untouched)
 */
int32_t leg_next(parley_leg *leg, const uint8_t **slots, uint8_t *made);

/** Writes the header of this tick's packet to packet [12] and counts the packet. */
void leg_header(parley_leg *leg, uint8_t *packet);

/** Lets `ticks` pass without a packet. */
void leg_pause(parley_leg *leg, int32_t ticks);

/** Empties the jitter buffer; the stream in is known no more. */
void leg_flush(parley_leg *leg);

/** 1 if the payload types are such as parley_leg_init takes. */
int leg_types_fit(int32_t payload_type, int32_t event_payload_type);

#endif
