/**
 * @file parley_bridge_side.h
 * What a leg of the bridge may have beside sound: keys (SRTP), RTCP, telephone events, tones for it alone, a gain,
 * a choice of whom it hears, their names, and comfort noise.
 */
#ifndef PARLEY_BRIDGE_SIDE_PUBLIC_H
#define PARLEY_BRIDGE_SIDE_PUBLIC_H

#include "parley_bridge.h"

enum {
    PARLEY_BRIDGE_REPORT_BYTES_MAX = 504,
    PARLEY_BRIDGE_TONE_COUNT = 12,
    PARLEY_BRIDGE_TONE_TIMES_MAX = 255,
    PARLEY_BRIDGE_CHANNELS_ALL = 0x3FFFFFFF,
    PARLEY_BRIDGE_GAIN_AUTO = -1,
    PARLEY_BRIDGE_NAMES_MAX = 15 /* RFC 3550 section 5.1 */
};

/** What a leg may be told by a tone. */
enum {
    PARLEY_BRIDGE_TONE_NONE = 0,
    PARLEY_BRIDGE_TONE_JOIN = 1,      /* somebody has come */
    PARLEY_BRIDGE_TONE_LEAVE = 2,     /* somebody has left */
    PARLEY_BRIDGE_TONE_ALONE = 3,     /* nobody else is there */
    PARLEY_BRIDGE_TONE_LOCKED = 4,    /* nobody else gets in */
    PARLEY_BRIDGE_TONE_OPENED = 5,    /* whoever has the address does again */
    PARLEY_BRIDGE_TONE_MUTED = 6,     /* nobody hears him */
    PARLEY_BRIDGE_TONE_UNMUTED = 7,
    PARLEY_BRIDGE_TONE_HAND_UP = 8,
    PARLEY_BRIDGE_TONE_HAND_DOWN = 9,
    PARLEY_BRIDGE_TONE_ROLL = 10,     /* once for each who is there */
    PARLEY_BRIDGE_TONE_REFUSED = 11   /* he may not, or there is no such key */
};

/** Words of `figures`; those of 32 bits stand as two's complement. */
enum {
    PARLEY_BRIDGE_FIGURE_SSRC_OUT = 0,
    PARLEY_BRIDGE_FIGURE_PACKETS_OUT = 1,
    PARLEY_BRIDGE_FIGURE_TIMESTAMP_OUT = 2, /* of the next packet */
    PARLEY_BRIDGE_FIGURE_HEARD = 3,         /* 1: the rest says something */
    PARLEY_BRIDGE_FIGURE_SSRC_IN = 4,
    PARLEY_BRIDGE_FIGURE_FIRST_SEQUENCE = 5,
    PARLEY_BRIDGE_FIGURE_HIGHEST_SEQUENCE = 6, /* cycles << 16 | sequence number */
    PARLEY_BRIDGE_FIGURE_PACKETS_IN = 7,
    PARLEY_BRIDGE_FIGURE_JITTER = 8,  /* RTP clock ticks (RFC 3550 A.8) */
    PARLEY_BRIDGE_FIGURE_HEARD_MS = 9, /* parley_bridge_clock when the last good packet came */
    PARLEY_BRIDGE_FIGURE_OCTETS_OUT = 10, /* of payload */
    PARLEY_BRIDGE_FIGURE_GAIN = 11,       /* in 1/256; an automatic one as it is now, while its gate is open */
    PARLEY_BRIDGE_FIGURES = 12
};

/** Octets that places for so many legs with keys take, or PARLEY_BRIDGE_ARGUMENT; 1 and up. */
int32_t parley_bridge_key_octets(int32_t places);

/**
 * Lets so many of the legs have keys at a time.
 *
 * @param bridge  without legs
 * @param size    octets of its memory: what it has, up to a multiple of 64, and parley_bridge_key_octets
 * @param places  1 and up
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_key_places(parley_bridge *bridge, int32_t size, int32_t places);

/**
 * Gives a leg keys (parley_srtp.h), other keys, or with suite 0 none. What is not under them is dropped from then on,
 * and nothing leaves in the clear.
 *
 * @param suite       PARLEY_SRTP_AES_CM_80, _AES_CM_32, _AES_GCM, or 0
 * @param master_out  [30]; ignored with suite 0, as are the others
 * @param master_in   [30]
 * @param ssrc        to send with from now on, random: the rollover counter of a new one is 0 for both ends
 * @return 0, PARLEY_BRIDGE_NO_PLACE or PARLEY_BRIDGE_ARGUMENT (nothing is changed)
 */
int32_t parley_bridge_secure(parley_bridge *bridge, int32_t leg, int32_t suite, const uint8_t *master_out,
                             const uint8_t *master_in, int32_t ssrc);

/**
 * Has a leg watched, or no more: its RTCP packets that come by the RTP port (RFC 5761) and its telephone events are
 * kept for the caller, and what its reports need is counted. @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_watch(parley_bridge *bridge, int32_t leg, int32_t watched);

/** Says what time it is, in ms from anywhere: when the packets that follow have come. @return 0 */
int32_t parley_bridge_clock(parley_bridge *bridge, int32_t now_ms);

/**
 * Takes the next RTCP packet that a watched leg brought, in the clear.
 *
 * @param leg     [1] result: whose
 * @param packet  [size] result
 * @param size    PARLEY_BRIDGE_REPORT_BYTES_MAX
 * @return its octets, 0 when none waits, or PARLEY_BRIDGE_ARGUMENT (it is lost)
 */
int32_t parley_bridge_take_report(parley_bridge *bridge, int32_t *leg, uint8_t *packet, int32_t size);

/** Protects an RTCP packet to a leg in place, if the leg has keys. @return its octets, or ARGUMENT (no room) */
int32_t parley_bridge_protect_report(parley_bridge *bridge, int32_t leg, uint8_t *packet, int32_t length,
                                     int32_t size);

/** The same for an RTCP packet that came by a port of its own; plain: [length], may be `packet`. @return or below 0 */
int32_t parley_bridge_open_report(parley_bridge *bridge, int32_t leg, const uint8_t *packet, int32_t length,
                                  uint8_t *plain);

/** The next key that a watched leg pressed (RFC 4733), once for each press. @return the event, or ..._NOTHING */
int32_t parley_bridge_take_event(parley_bridge *bridge, int32_t *leg);

/** What a watched leg's reports need, to figures [PARLEY_BRIDGE_FIGURES]. @return 0 or ARGUMENT */
int32_t parley_bridge_figures(const parley_bridge *bridge, int32_t leg, int32_t *figures);

/**
 * Plays a leg a tone on top of what it hears, to nobody else; another tone ends the one before. While the leg hears
 * nothing the tone waits.
 *
 * @param tone   PARLEY_BRIDGE_TONE_JOIN ..., or _NONE: silence again
 * @param times  how often, 1..TONE_TIMES_MAX
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_tell(parley_bridge *bridge, int32_t leg, int32_t tone, int32_t times);

/**
 * Makes a leg's voice louder or softer for everybody (parley_mix_scale). Who is among the loudest is decided before.
 *
 * Automatic, the gain follows the level of what is said: from 1 towards -24 dBov, by 18 dB up and 12 down at most, an
 * eighth of the way down and a 128th up with each frame of 20 ms above -48 dBov. Who is below -60 dBov for more than
 * 300 ms is not heard at all until he says more (a gate).
 *
 * @param gain  in 1/256, 0..PARLEY_MIX_GAIN_MAX; PARLEY_MIX_GAIN_ONE at first: as it came, to the bit; or GAIN_AUTO
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_gain(parley_bridge *bridge, int32_t leg, int32_t gain);

/**
 * Chooses whom a leg hears. It hears who says something on a channel that it listens to.
 *
 * @param says   channels that its voice is on, bits 1 << 0 ... 1 << 29, one at least; at first 1
 * @param hears  channels that it listens to; PARLEY_BRIDGE_CHANNELS_ALL at first: everybody, whatever the channel
 * @return 0 or PARLEY_BRIDGE_ARGUMENT
 */
int32_t parley_bridge_channels(parley_bridge *bridge, int32_t leg, int32_t says, int32_t hears);

/**
 * Has a leg's packets name who is heard in them, and listens to what its peer says of itself; at first neither.
 *
 * Names are the SSRCs that the others come with, in the conference's order: the CSRC list of RFC 3550 sections 5.1 and 7.1,
 * of the first 16 who are in the mix. Of a packet longer than a tick they are all who were heard in it. Levels stand
 * behind them (RFC 6465), in -dBov as each one came, before any gain: one for each name, none without names. They
 * come and go in a header extension of RFC 8285, out in its one-byte form up to ID 14, else in the two-byte form.
 * The payload is that of a leg without names, to the bit. What a peer says of its level (RFC 6464) is kept for
 * PARLEY_BRIDGE_LEG_STAT_LEVEL_TOLD, and decides nothing: a voice that is mixed has been measured.
 *
 * @param most          names at most, 0..PARLEY_BRIDGE_NAMES_MAX
 * @param level_id_out  ID of their levels, 1..255, or 0 for none; needs names
 * @param level_id_in   ID of the peer's own level, 1..255, or 0: it is not looked for
 * @return 0 or PARLEY_BRIDGE_ARGUMENT; 0 ends the tick
 */
int32_t parley_bridge_names(parley_bridge *bridge, int32_t leg, int32_t most, int32_t level_id_out, int32_t level_id_in);

/**
 * Has a leg sent comfort noise (RFC 3389) while it hears nobody, or no more: after 200 ms of silence as it is sent else, a
 * packet of payload type 13 with the level alone, and again every 500 ms; between them nothing, while the RTP clock goes on.
 * The next sound leaves at once, to the bit, with the marker. Tones are sound; a leg that chooses whom it hears, or whose
 * packets are of another time than 20 ms, gets silence as before.
 *
 * @param level  of the noise, -dBov, 1..127, or 0: none
 * @return 0 or PARLEY_BRIDGE_ARGUMENT; 0 ends the tick
 */
int32_t parley_bridge_noise(parley_bridge *bridge, int32_t leg, int32_t level);

#endif
