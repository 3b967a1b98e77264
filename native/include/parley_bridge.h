/**
 * @file parley_bridge.h
 * A board's whole media: a table of legs (parley_leg.h) and a table of conferences in one memory, a packet
 * in at a time, all packets of a tick out. G.711 at 8000 Hz, G.722 at 16000, L16 at both, frames of 20 ms.
 *
 * The state is memory the caller owns (parley_bridge_size octets, aligned to 4), position-independent;
 * nothing is allocated. Legs and conferences are named by their index in the tables.
 *
 * Addresses are 6 octets in network order: IPv4 address, port. All zero stands for none.
 *
 * In. A packet belongs to the leg whose peer has its source address; from elsewhere it is dropped and
 * counted. Or the caller names the leg, where every leg has a connected socket of its own.
 *
 * Out. parley_bridge_begin opens a tick for the conferences whose phase is `phase` modulo `phases`: with
 * phases above 1 the caller spreads a frame's work over as many calls, 20 / phases ms apart. Then
 * parley_bridge_mix is called until it returns 0: each call writes packets for some legs to the transmit
 * area, place 0 and up.
 *
 * Phases. At first a conference's phase is its index. Every 32 of its ticks it goes by one to where the packets of
 * its legs, all together, wait least for their tick: earlier as long as each has its slack and 2 ms still, later
 * if a leg would else have to wait a whole frame more. Its next tick then is a phase less or more than 20 ms away;
 * the samples sent are the same.
 *
 * Mix. Each leg that hears gets everybody in the mix but himself (parley_mix.h). What is heard of one voice
 * alone is not decoded and encoded again, but copied, with the same octets as a result: mu-law's negative
 * zero becomes the positive one. What several hear is encoded once for each law. A leg that plays nothing
 * or digital silence costs no mixing.
 *
 * Wideband. Wideband legs hear each other at 16000 Hz, and the sum of the others from 8000 Hz up; narrowband
 * legs hear the sum of the wideband voices as one more voice, down from 16000 Hz. One wideband voice alone is
 * copied to wideband ears as it came.
 *
 * L16. At 16000 Hz a leg is as any wideband one, at 8000 Hz as any narrowband one; neither loses a bit of a voice that it
 * hears alone. Its RTP clock runs at its rate (RFC 3551 section 4.1); what is said below of 160 samples and 8000 Hz is
 * counted at 8000 Hz all the same.
 *
 * Loudest. With `loudest` above 0 no more than that many voices of a conference are mixed: those with the
 * highest level, which rises at once and falls by 1 dB a tick, with 6 dB in favour of who was in the mix in
 * the tick before; of equals the first in the conference.
 */
#ifndef PARLEY_BRIDGE_H
#define PARLEY_BRIDGE_H

#include <stdint.h>

#include "parley_leg.h"

/** Laws beside those of parley_g711.h and parley_g722.h: L16 (RFC 3551 section 4.5.11), whose payload types are dynamic. */
enum {
    PARLEY_LAW_L16_8000 = 128,
    PARLEY_LAW_L16_16000 = 129
};

enum {
    PARLEY_BRIDGE_LEGS_MAX = 16384,
    PARLEY_BRIDGE_CONFERENCES_MAX = 16384,
    PARLEY_BRIDGE_ADDRESS_BYTES = 6,
    PARLEY_BRIDGE_PHASES_MAX = 20,
    PARLEY_BRIDGE_PACKET_BYTES_MAX = 1392,
    PARLEY_BRIDGE_PTIME_MAX_MS = 60,
    PARLEY_BRIDGE_SKIP_TICKS_MAX = 1000000,
    PARLEY_BRIDGE_BEFORE_MAX = 8000
};

/** What a leg may do, as answered to its peer: bits of `flags`. */
enum {
    PARLEY_BRIDGE_SPEAKS = 1,
    PARLEY_BRIDGE_HEARS = 2
};

/** Beside PARLEY_LEG_TAKEN ... PARLEY_LEG_STRAY; the last two are the caller's own mistakes. */
enum {
    PARLEY_BRIDGE_UNKNOWN = -6,  /* the source is no leg's peer */
    PARLEY_BRIDGE_UNWANTED = -7, /* the leg does not speak, or is not in use */
    PARLEY_BRIDGE_IN_USE = -8,   /* the leg, or another leg has this address */
    PARLEY_BRIDGE_FORGED = -9,   /* of a leg with keys: not under them */
    PARLEY_BRIDGE_REPLAYED = -10,
    PARLEY_BRIDGE_NOTHING = -11, /* no event waits */
    PARLEY_BRIDGE_NO_PLACE = -12, /* for one more such leg */
    PARLEY_BRIDGE_UNUSABLE = -100,
    PARLEY_BRIDGE_ARGUMENT = -101
};

/** Statistics of a leg, beside those of parley_leg.h. Counters start at 0 and wrap below 2^30. */
enum {
    PARLEY_BRIDGE_LEG_STAT_UNWANTED = 19, /* packets that came while the leg did not speak */
    PARLEY_BRIDGE_LEG_STAT_REFUSED = 20,  /* packets the network did not take */
    PARLEY_BRIDGE_LEG_STAT_FORGED = 21,   /* packets that were not under the leg's keys */
    PARLEY_BRIDGE_LEG_STAT_REPLAYED = 22, /* packets that were, and had come before */
    PARLEY_BRIDGE_LEG_STAT_REPORTS = 23,  /* RTCP packets handed to the caller */
    PARLEY_BRIDGE_LEG_STAT_LEVEL_TOLD = 24, /* what the last packet said of itself (parley_bridge_names), not a count */
    PARLEY_BRIDGE_LEG_STAT_COUNT = 25
};

/** Statistics of the bridge. */
enum {
    PARLEY_BRIDGE_STAT_LEGS = 0,        /* in use now */
    PARLEY_BRIDGE_STAT_CONFERENCES = 1, /* with a leg in them now */
    PARLEY_BRIDGE_STAT_RECEIVED = 2,    /* packets of known sources */
    PARLEY_BRIDGE_STAT_TAKEN = 3,       /* of them, taken by their leg */
    PARLEY_BRIDGE_STAT_UNKNOWN = 4,     /* packets of unknown sources */
    PARLEY_BRIDGE_STAT_SENT = 5,        /* packets made */
    PARLEY_BRIDGE_STAT_REFUSED = 6,     /* of them, not taken by the network */
    PARLEY_BRIDGE_STAT_FRAMES = 7,      /* frames of conferences begun */
    PARLEY_BRIDGE_STAT_VOICES = 8,      /* frames that came into a mix */
    PARLEY_BRIDGE_STAT_ENCODED = 9,     /* frames encoded for one leg */
    PARLEY_BRIDGE_STAT_SHARED = 10,     /* frames encoded for all legs that are not in the mix */
    PARLEY_BRIDGE_STAT_COPIED = 11,     /* packets with the codes of the one voice heard */
    PARLEY_BRIDGE_STAT_SILENCE = 12,    /* packets of silence */
    PARLEY_BRIDGE_STAT_REPORTS_DROPPED = 13, /* RTCP packets that were too short, too long or too many */
    PARLEY_BRIDGE_STAT_EVENTS_DROPPED = 14,  /* keys pressed that nobody took in time */
    PARLEY_BRIDGE_STAT_COUNT = 15
};

typedef struct parley_bridge parley_bridge;

/** Octets of state, or PARLEY_BRIDGE_ARGUMENT; legs and conferences: 1 to their MAX. */
int32_t parley_bridge_size(int32_t legs, int32_t conferences);

/**
 * Prepares a bridge without legs.
 *
 * @param bridge       memory aligned to 4
 * @param size         its octets
 * @param legs         places in the table of legs
 * @param conferences  places in the table of conferences
 * @param loudest      voices mixed in a conference at most; 0 all
 * @return 0, or PARLEY_BRIDGE_ARGUMENT (memory untouched)
 */
int32_t parley_bridge_init(parley_bridge *bridge, int32_t size, int32_t legs, int32_t conferences,
                           int32_t loudest);

/** 1 if memory of `size` octets holds a bridge: to be asked before any other call below. */
int32_t parley_bridge_usable(const parley_bridge *bridge, int32_t size);

/** Octets that places for so many wideband legs take, or PARLEY_BRIDGE_ARGUMENT; both from 1 up. */
int32_t parley_bridge_wide_octets(int32_t places, int32_t conferences);

/**
 * Lets so many of the legs be wideband (PARLEY_LAW_G722), each in a conference with whom it likes.
 *
 * @param bridge  without legs
 * @param size    octets of its memory: parley_bridge_size and parley_bridge_wide_octets
 * @param places  wideband legs at a time, 1 and up
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_widen(parley_bridge *bridge, int32_t size, int32_t places);

/**
 * Puts a leg into a conference, as its last.
 *
 * @param leg                 index of a leg not in use
 * @param conference          index; a conference is there as soon as it has a leg
 * @param law                 PARLEY_LAW_PCMU, _PCMA, _G722, _L16_8000 or _L16_16000, both ways
 * @param payload_type        0..127, both ways
 * @param event_payload_type  0..127 of telephone-event, or -1 for none
 * @param depth_frames        prefill of the jitter buffer, 1..8
 * @param flags               PARLEY_BRIDGE_SPEAKS, PARLEY_BRIDGE_HEARS, both, or 0
 * @param seed                [3] first SSRC, sequence and timestamp to send (random)
 * @param address             [6] of the peer
 * @return 0, PARLEY_BRIDGE_IN_USE, _NO_PLACE or _ARGUMENT (state unchanged)
 */
int32_t parley_bridge_add_leg(parley_bridge *bridge, int32_t leg, int32_t conference, int32_t law,
                              int32_t payload_type, int32_t event_payload_type, int32_t depth_frames,
                              int32_t flags, const int32_t *seed, const uint8_t *address);

/**
 * Gives a leg other terms; its place, its SSRC and its clock stay. Another law, and the loss of SPEAKS, empty
 * the jitter buffer.
 *
 * @return 0, PARLEY_BRIDGE_IN_USE, _NO_PLACE or _ARGUMENT (state unchanged)
 */
int32_t parley_bridge_change(parley_bridge *bridge, int32_t leg, int32_t law, int32_t payload_type,
                             int32_t event_payload_type, int32_t flags, const uint8_t *address);

/** Octets that places for so many legs with packets of their own take, or PARLEY_BRIDGE_ARGUMENT; 1 and up. */
int32_t parley_bridge_parcel_octets(int32_t places);

/**
 * Lets so many of the legs have packets of their own at a time: of other times than 20 ms.
 *
 * @param bridge  without legs
 * @param size    octets of its memory: what it has, up to a multiple of 64, and parley_bridge_parcel_octets
 * @param places  1 and up
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_parcel_places(parley_bridge *bridge, int32_t size, int32_t places);

/**
 * Has a leg's packets hold so much sound from the next one on (RFC 8866 section 6.4); another law sets it back to 20. The
 * tick stays 20 ms: of 10 there are two packets in one, of 40 and 60 one in two and three, of 30 two in three.
 *
 * @param ptime_ms  10, 20 ... PTIME_MAX_MS, as far as 1280 octets of payload go
 * @return 0, PARLEY_BRIDGE_NO_PLACE or PARLEY_BRIDGE_ARGUMENT (nothing is changed)
 */
int32_t parley_bridge_ptime(parley_bridge *bridge, int32_t leg, int32_t ptime_ms);

/**
 * Where packets of such a leg stand: number 0, or 1 the second of a tick; or PARLEY_BRIDGE_ARGUMENT. What a header has beyond
 * 12 octets begins as much before.
 */
int32_t parley_bridge_parcel(const parley_bridge *bridge, int32_t leg, int32_t number);

/** Octets that places for so many legs with L16 take, or PARLEY_BRIDGE_ARGUMENT; 1 and up. */
int32_t parley_bridge_linear_octets(int32_t places);

/**
 * Lets so many of the legs have L16 at a time (PARLEY_LAW_L16_8000, PARLEY_LAW_L16_16000); each takes a place for a
 * wideband leg (parley_bridge_widen) and one for packets of its own, too.
 *
 * @param bridge  without legs
 * @param size    octets of its memory: what it has, up to a multiple of 64, and parley_bridge_linear_octets
 * @param places  1 and up
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_linear_places(parley_bridge *bridge, int32_t size, int32_t places);

/** Takes a leg out. @return 0, or PARLEY_BRIDGE_ARGUMENT if it is not in use */
int32_t parley_bridge_remove_leg(parley_bridge *bridge, int32_t leg);

/**
 * Takes one datagram.
 *
 * @param packet   [length] wholly untrusted
 * @param address  [6] where it came from
 * @return PARLEY_LEG_TAKEN or the reason it was not
 */
int32_t parley_bridge_receive(parley_bridge *bridge, const uint8_t *packet, int32_t length,
                              const uint8_t *address);

/** The same, of a datagram known to come from the peer of `leg`; PARLEY_BRIDGE_ARGUMENT for no such leg. */
int32_t parley_bridge_receive_leg(parley_bridge *bridge, int32_t leg, const uint8_t *packet, int32_t length);

/**
 * Says when packets come that are handed in from now on: the jitter buffers (parley_leg.h) look at it.
 *
 * @param before  samples (1/8 ms) before the coming tick, 0..PARLEY_BRIDGE_BEFORE_MAX; at first 80, the middle
 *                between two ticks, for callers without a clock. With phases it is before the very next one.
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_before(parley_bridge *bridge, int32_t before);

/**
 * Opens a tick; one that was not mixed to its end is given up. Legs that are added, changed or removed end
 * the tick.
 *
 * @param phase   0..phases - 1
 * @param phases  1..PARLEY_BRIDGE_PHASES_MAX
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_begin(parley_bridge *bridge, int32_t phase, int32_t phases);

/**
 * Goes on with the tick.
 *
 * @param most  packets to write to the transmit area, 1 and up; the area has a place for each leg
 * @return packets written, places 0 ... result - 1; 0 when the tick is over
 */
int32_t parley_bridge_mix(parley_bridge *bridge, int32_t most);

/** Moves the RTP clock of all legs on over `ticks` (0..SKIP_TICKS_MAX) that were not run. @return 0 or ARGUMENT */
int32_t parley_bridge_skip(parley_bridge *bridge, int32_t ticks);

/**
 * Where the packet at `place` of the transmit area begins, in octets from the memory's; or ARGUMENT. Of the 16 octets
 * before it the third to eighth are the peer's port and IPv4 address in network order, all 0 without one. Until the next
 * call of parley_bridge_mix it stands there: that of a leg with a packet time of its own, outside the area.
 */
int32_t parley_bridge_packet(const parley_bridge *bridge, int32_t place);

/** Octets of the packet at `place`: 172 of a plain leg, more with names, PARLEY_BRIDGE_PACKET_BYTES_MAX at most; or ARGUMENT. */
int32_t parley_bridge_packet_octets(const parley_bridge *bridge, int32_t place);

/** Which leg the packet at `place` is for: its index, or PARLEY_BRIDGE_ARGUMENT. */
int32_t parley_bridge_packet_leg(const parley_bridge *bridge, int32_t place);

/** Counts the packet at `place` as not taken by the network. @return 0 or PARLEY_BRIDGE_ARGUMENT */
int32_t parley_bridge_refused(parley_bridge *bridge, int32_t place);

/** Statistic `index` of a leg in use, or PARLEY_BRIDGE_ARGUMENT. */
int32_t parley_bridge_leg_stat(const parley_bridge *bridge, int32_t leg, int32_t index);

/** Statistic `index` of the bridge, or PARLEY_BRIDGE_ARGUMENT. */
int32_t parley_bridge_stat(const parley_bridge *bridge, int32_t index);

#endif
