/**
 * @file parley_srtp.h
 * SRTP and SRTCP of one participant (RFC 3711; AEAD_AES_128_GCM of RFC 7714), keys from elsewhere (RFC 4568).
 *
 * The state is memory the caller owns (parley_srtp_size() octets, aligned to 4), position-independent; nothing is
 * allocated. It holds keys: whoever owns it wipes it with parley_srtp_wipe and never writes it out.
 *
 * A master key is PARLEY_SRTP_MASTER_BYTES octets: 16 of key, then the salt of 14, or of 12 for GCM (the last two
 * are ignored then). Session keys are derived once (key derivation rate 0), no MKI, replay window of 64 packets.
 *
 * Out. One SSRC for a key, and its packets in the order of their index: anything else would use keystream twice
 * and is refused (RFC 3711 section 9.1).
 *
 * In. Any SSRC under the key, the four heard last with their rollover counter and replay window each. Nothing of
 * a packet is believed before its tag was right.
 */
#ifndef PARLEY_SRTP_H
#define PARLEY_SRTP_H

#include <stdint.h>

enum {
    PARLEY_SRTP_AES_CM_80 = 1, /* AES_CM_128_HMAC_SHA1_80 (RFC 4568 section 6.2.1) */
    PARLEY_SRTP_AES_CM_32 = 2, /* AES_CM_128_HMAC_SHA1_32: RTP with a tag of 4 octets, RTCP of 10 */
    PARLEY_SRTP_AES_GCM = 3    /* AEAD_AES_128_GCM (RFC 7714 section 14.1) */
};

enum {
    PARLEY_SRTP_MASTER_BYTES = 30,
    PARLEY_SRTP_GROWTH_BYTES = 20, /* what a packet grows by at most: tag, and index of RTCP */
    PARLEY_SRTP_PACKET_BYTES_MAX = 2048
};

/** Why a packet is not passed; the last two are the caller's own mistakes. */
enum {
    PARLEY_SRTP_BAD = -1,      /* too short, too long, or no RTP */
    PARLEY_SRTP_FORGED = -2,   /* the tag is wrong */
    PARLEY_SRTP_REPLAYED = -3, /* its index was seen, or is older than the window */
    PARLEY_SRTP_SPENT = -4,    /* out: another SSRC, an index used before, or the key's last one (2^48, 2^31) */
    PARLEY_SRTP_UNUSABLE = -100,
    PARLEY_SRTP_ARGUMENT = -101
};

typedef struct parley_srtp parley_srtp;

/** Octets of state. */
int32_t parley_srtp_size(void);

/**
 * Derives the session keys of both ways (RFC 3711 section 4.3).
 *
 * @param srtp        memory aligned to 4
 * @param size        its octets
 * @param suite       PARLEY_SRTP_AES_CM_80, _AES_CM_32 or _AES_GCM
 * @param master_out  [30] for what is sent
 * @param master_in   [30] for what is received
 * @return 0, or PARLEY_SRTP_ARGUMENT (memory untouched)
 */
int32_t parley_srtp_init(parley_srtp *srtp, int32_t size, int32_t suite, const uint8_t *master_out,
                         const uint8_t *master_in);

/** 1 if memory of `size` octets went through parley_srtp_init. */
int32_t parley_srtp_usable(const parley_srtp *srtp, int32_t size);

/** Forgets everything. */
void parley_srtp_wipe(parley_srtp *srtp);

/**
 * Encrypts an RTP packet in place and adds the tag (RFC 3711 section 3.1, RFC 7714 section 8).
 *
 * @param packet  [size] a whole RTP packet of ours
 * @param length  its octets
 * @param size    octets there is room for
 * @return its new length, PARLEY_SRTP_BAD (no room among it), PARLEY_SRTP_SPENT or _UNUSABLE (packet untouched)
 */
int32_t parley_srtp_protect(parley_srtp *srtp, uint8_t *packet, int32_t length, int32_t size);

/**
 * Checks and decrypts a datagram (RFC 3711 section 3.3, RFC 7714 section 8).
 *
 * @param packet  [length] wholly untrusted
 * @param plain   [length] result: the RTP packet; may be `packet`
 * @return its length, or why there is none (`plain` untouched)
 */
int32_t parley_srtp_unprotect(parley_srtp *srtp, const uint8_t *packet, int32_t length, uint8_t *plain);

/** The same for a compound RTCP packet of ours (RFC 3711 section 3.4, RFC 7714 section 9); always encrypted. */
int32_t parley_srtcp_protect(parley_srtp *srtp, uint8_t *packet, int32_t length, int32_t size);

/** The same for an SRTCP datagram, encrypted or not as its E bit says. */
int32_t parley_srtcp_unprotect(parley_srtp *srtp, const uint8_t *packet, int32_t length, uint8_t *plain);

#endif
