/**
 * @file bridge_state.h
 * What a bridge's memory holds; private to the bridge kernels. 32-bit words, no pointers, no padding but what
 * is named: the plain-Python twin keeps the same octets, and the tests compare them. The head, one block a
 * leg and the tables follow one another, each on a line of the cache when the memory begins on one.
 */
#ifndef PARLEY_BRIDGE_STATE_H
#define PARLEY_BRIDGE_STATE_H

#include "leg_state.h"
#include "parley_bridge_side.h"

enum {
    BRIDGE_MAGIC = 0x42524447, /* "BRDG": this memory went through parley_bridge_init */
    CACHE_LINE = 64,
    BRIDGE_LEG_LINES = 5, /* of a leg's block, that a plain packet and a tick need beside its codes */
    NOBODY = -1,
    LAWS = 2,
    COPIED_VOICES = 2, /* only of two voices can a leg hear but one */
    PACKET_AT = 16, /* of a place in the transmit area: behind the address */
    PACKET_ROOM = 288, /* of it: RTP header, CSRC list, extension, payload, tag */
    BRIDGE_REPORT_OCTETS = 504,
    BRIDGE_REPORTS_MAX = 64,
    BRIDGE_REPORTS_MIN = 16,
    BRIDGE_REPORT_LEGS = 8, /* that share a place */
    BRIDGE_EVENTS = 32,
    BRIDGE_SELECTS = 1 << 30, /* in a leg's `told`: it chooses whom it hears */
    BRIDGE_LIMITED = 1 << 29, /* there, and in a conference's `wide`: `limit` is not 0 */
    BRIDGE_TONE = 0xFFFFFF,   /* of `told`: what bridge_tone.c keeps */
    BRIDGE_SHAPED = 1 << 30,  /* in a conference's `wide`: `shaped` is not 0 */
    BRIDGE_WIDE_LEGS = 0xFFFF, /* of that word */
    BRIDGE_OPENED_OCTETS = 1440, /* of a protected packet; longer ones are none of ours */
    CONTRIBUTORS_MAX = PARLEY_BRIDGE_NAMES_MAX + 1 /* one of them may be who is told */
};

/** Bits of a leg's flags beside PARLEY_BRIDGE_SPEAKS and _HEARS: what makes it more than plain. */
enum {
    BRIDGE_SECURED = 4,
    BRIDGE_WATCHED = 8,
    BRIDGE_PARCELLED = 16, /* it has a place for packets of its own (bridge_parcel.h) */
    BRIDGE_NAMED = 32,     /* its packets name who is heard (bridge_names.h) */
    BRIDGE_LEVELLED = 64,  /* its peer says how loud it is */
    BRIDGE_NOISY = 128,    /* it takes comfort noise (bridge_noise.h) */
    BRIDGE_SPECIAL_OUT = BRIDGE_SECURED | BRIDGE_PARCELLED | BRIDGE_NAMED | BRIDGE_NOISY
};

/** What the bridge keeps of a leg, beside the leg; the first line of its block. */
typedef struct bridge_leg {
    int32_t conference; /* NOBODY: the leg is not in use */
    int32_t next;       /* in its conference, or NOBODY */
    int32_t previous;
    int32_t flags;
    uint32_t address; /* 0 none */
    uint32_t port;    /* 0 none */
    int32_t voice;    /* which of the tick's voices it is, NOBODY: not in the mix */
    int32_t loudness; /* 127 - level in -dBov, falling slowly */
    int32_t chosen;   /* 1: was in the mix in the last tick */
    int32_t unwanted; /* statistics */
    int32_t refused;
    int32_t wide; /* its place among the wideband legs, and 1; 0 none */
    int32_t told; /* tone | times << 8 | frames of it played << 16 | BRIDGE_SELECTS | BRIDGE_LIMITED; 0 none */
    int32_t keys; /* its place among the legs with keys, and 1; 0 none */
    int32_t gain; /* what differs from a gain of 1, and from the usual channels, bit by bit (bridge_shape.c) */
    int32_t says;
    parley_leg leg;
    int32_t hears; /* as `says` */
    int32_t parcel; /* its place among those with packets of their own, and 1; 0 none */
    int32_t linear; /* its place among those with L16, and 1; 0 none */
    int32_t limit; /* what its limiter's gain lacks to 1 (limit.h) */
    uint32_t names; /* whom its packets name, and what it says of itself (bridge_names.h) */
    int32_t noise_level;  /* of comfort noise to it, -dBov */
    int32_t silent_ticks; /* that it heard nobody, as far as bridge_noise.c counts */
    uint8_t padding[28];
} bridge_leg;

/** A conference is a chain of legs. */
typedef struct bridge_conference {
    int32_t first; /* NOBODY: not in use */
    int32_t last;
    int32_t members;
    int32_t wide; /* of them, wideband; BRIDGE_SHAPED, BRIDGE_LIMITED */
    int32_t phase; /* modulo `phases`: when it has its tick */
    int32_t wait;  /* 1: its next turn passes, for it comes sooner than a frame after the last */
    int32_t turns; /* since its phase was looked at */
    int32_t shaped; /* members with a gain, and from 1 << 16 those who choose whom they hear */
    int32_t limit;  /* as a leg's, of what all who are not in the mix hear */
    int32_t spare[3];
} bridge_conference;

/** Where a peer's packets go: open addressing, linear probing, no marks for the deleted. */
typedef struct bridge_source {
    uint32_t address;
    uint32_t port_leg; /* port << 16 | leg; 0 empty */
} bridge_source;

/** A place of the transmit area: struct sockaddr_in of Linux, then the packet. */
typedef struct bridge_transmit {
    uint16_t family; /* the sender's business */
    uint8_t port[2];
    uint8_t address[4];
    uint8_t zero[8];
    uint8_t packet[PACKET_ROOM];
    int32_t octets;    /* of the packet, of a leg with BRIDGE_SPECIAL_OUT; 0: it must not leave */
    int32_t packet_at; /* where it stands, of a leg with BRIDGE_PARCELLED: octets from the bridge */
    uint8_t padding[8];
} bridge_transmit;

struct parley_bridge {
    uint32_t magic;
    int32_t size;
    int32_t legs;
    int32_t conferences;
    int32_t loudest;
    uint32_t source_mask; /* places of the table of sources, less 1 */

    int32_t conferences_at; /* where the tables begin, in octets */
    int32_t sources_at;
    int32_t voices_at;
    int32_t recipients_at;
    int32_t frames_at;
    int32_t transmit_at;
    int32_t sides_at;
    int32_t reports_at;

    int32_t next_conference; /* of the tick: to be looked at next; `conferences`: none */
    int32_t phases;
    int32_t member;      /* of the conference being mixed: leg to be served next, or NOBODY */
    int32_t voices;      /* in the mix */
    int32_t sum_ready;   /* 1: `sum` holds all voices */
    int32_t shared_laws; /* bits 1 << law_index: `shared` holds that law's frame; SHARED_LIMITED << law_index: limited */

    int32_t legs_used;
    int32_t conferences_used;
    int32_t stat[PARLEY_BRIDGE_STAT_COUNT];
    int32_t report_places;
    int32_t report_in; /* where the next RTCP packet goes, and comes from */
    int32_t report_out;
    int32_t event_in; /* the same of telephone events */
    int32_t event_out;
    int32_t clock; /* ms from anywhere, as the caller set it last */
    int32_t special_legs; /* whose packets need more work before they go out */
    int32_t arrival; /* samples before the coming tick that packets come in now */
    int32_t phase_next; /* of the coming tick */
    int32_t wide_at; /* where their tables begin, 0: none */
    int32_t wide_places;

    int32_t sum[PARLEY_LEG_FRAME_SAMPLES];
    uint8_t coded[COPIED_VOICES][PARLEY_LEG_FRAME_SAMPLES]; /* of the first voices, as they came */
    uint8_t shared[LAWS][PARLEY_LEG_FRAME_SAMPLES];         /* for all who are not in the mix */
    int32_t events[BRIDGE_EVENTS][2];                       /* leg + 1, or 0: free; event */
    uint8_t opened[BRIDGE_OPENED_OCTETS];                   /* a protected packet in the clear */
    int32_t keys_at; /* where their table begins, 0: none */
    int32_t key_places;
    int32_t key_next; /* place that is looked at first */
    int32_t parcels_at; /* pool of places for packets of their own, 0: none */
    int32_t parcels_due; /* packets of `member`, made and without a place in the transmit area yet */
    int32_t linear_at;   /* pool of places for L16, 0: none */
    int32_t limit;       /* the conference's, when its tick began */
    int32_t contributors; /* legs heard in the conference at hand, as far as noted; NOBODY: to be looked for */
    int32_t contributor[CONTRIBUTORS_MAX];
};

/* Sizes that the twin counts on, checked by the compiler. */
typedef char bridge_leg_is_whole_lines[sizeof(bridge_leg) == 46 * CACHE_LINE ? 1 : -1];
typedef char bridge_transmit_is_whole_lines[sizeof(bridge_transmit) == 5 * CACHE_LINE ? 1 : -1];
typedef char bridge_head_is_whole_lines[sizeof(struct parley_bridge) == 51 * CACHE_LINE ? 1 : -1];

static inline void *bridge_at(const parley_bridge *bridge, int32_t offset) {
    return (uint8_t *)(uintptr_t)bridge + offset;
}

static inline bridge_leg *bridge_leg_at(const parley_bridge *bridge, int32_t leg) {
    return (bridge_leg *)bridge_at(bridge, (int32_t)sizeof *bridge) + leg;
}

/** Has what a packet or a tick touches of a leg fetched: of hundreds nothing is left in the cache from frame to frame. */
static inline void bridge_leg_fetch(const parley_bridge *bridge, int32_t leg) {
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
    const uint8_t *line = (const uint8_t *)bridge_leg_at(bridge, leg);
    for (int32_t i = 0; i < BRIDGE_LEG_LINES; i++) {
        __builtin_prefetch(line + i * CACHE_LINE, 1);
    }
#else
    (void)bridge, (void)leg;
#endif
}

static inline bridge_conference *bridge_conference_at(const parley_bridge *bridge, int32_t conference) {
    return (bridge_conference *)bridge_at(bridge, bridge->conferences_at) + conference;
}

static inline bridge_source *bridge_sources(const parley_bridge *bridge) {
    return bridge_at(bridge, bridge->sources_at);
}

/** [legs] leg of each voice. */
static inline int32_t *bridge_voices(const parley_bridge *bridge) {
    return bridge_at(bridge, bridge->voices_at);
}

/** [legs] leg of each packet in the transmit area. */
static inline int32_t *bridge_recipients(const parley_bridge *bridge) {
    return bridge_at(bridge, bridge->recipients_at);
}

/** Samples [160] of voice `voice`. */
static inline int16_t *bridge_frame(const parley_bridge *bridge, int32_t voice) {
    return (int16_t *)bridge_at(bridge, bridge->frames_at) + voice * PARLEY_LEG_FRAME_SAMPLES;
}

static inline bridge_transmit *bridge_transmit_at(const parley_bridge *bridge, int32_t place) {
    return (bridge_transmit *)bridge_at(bridge, bridge->transmit_at) + place;
}

/** The leg, or NULL when the index is out of the table or the leg not in use. */
bridge_leg *bridge_leg_in_use(const parley_bridge *bridge, int32_t leg);

static inline void bridge_count(parley_bridge *bridge, int32_t stat, int32_t by) {
    bridge->stat[stat] = (int32_t)((uint32_t)bridge->stat[stat] + (uint32_t)by);
}

/** Samples from now to the tick that mixes the leg's conference. */
int32_t bridge_before_tick(const parley_bridge *bridge, const bridge_leg *leg);

/** Gives up a tick: what was begun counted on the legs as they were. */
void bridge_end_tick(parley_bridge *bridge);

/** Begins the next conference of the tick that has members: plays its legs. @return 0 when there is none left */
int bridge_next_conference(parley_bridge *bridge);

/** Leg whose peer is there, or NOBODY. */
int32_t bridge_source_find(const parley_bridge *bridge, uint32_t address, uint32_t port);

/** Names the source of a leg; it must not be known yet. */
void bridge_source_add(parley_bridge *bridge, uint32_t address, uint32_t port, int32_t leg);

/** Forgets a source, if it is known. */
void bridge_source_remove(parley_bridge *bridge, uint32_t address, uint32_t port);

/** parley_bridge_receive with the address in the machine's order. */
int32_t bridge_receive_from(parley_bridge *bridge, uint32_t address, uint32_t port, const uint8_t *packet,
                            int32_t length);

/** Leaves the loudest of the voices in the mix, or all when no choice is wanted. */
void bridge_select(parley_bridge *bridge);

#endif
