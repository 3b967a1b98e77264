/** @file srtp_state.h What an SRTP state holds; private to srtp*.c. 32-bit words and octets, no pointers. */
#ifndef PARLEY_SRTP_STATE_H
#define PARLEY_SRTP_STATE_H

#include "aes.h"
#include "gcm.h"
#include "parley_srtp.h"
#include "sha1.h"

enum {
    SRTP_MAGIC = 0x53525450, /* "SRTP": this memory went through parley_srtp_init */
    SRTP_STREAMS = 4,
    SRTP_WINDOW = 64,
    SRTP_SALT_BYTES = 14,
    SRTP_GCM_SALT_BYTES = 12,
    SRTP_HMAC_TAG_BYTES = 10,
    SRTP_SHORT_TAG_BYTES = 4,
    SRTCP_INDEX_BYTES = 4,
    SRTCP_HEADER_BYTES = 8 /* in the clear: the first packet's header and the sender's SSRC */
};

/** Session keys of RTP or of RTCP one way. */
typedef struct srtp_keys {
    uint8_t cipher[AES_KEYS_BYTES];
    uint8_t salt[AES_BLOCK]; /* zeros behind it */
    sha1_hmac hmac;
    gcm_hash_key hash;
} srtp_keys;

/** Indices seen: the highest, and of the 64 from it downwards which. */
typedef struct srtp_window {
    uint32_t high; /* 32 bits of it, see srtp_index */
    uint32_t low;  /* 16 bits */
    uint32_t seen[2]; /* bit i of word i / 32: the index i below the highest */
    int32_t known;    /* 0: none yet */
} srtp_window;

/** What is known of a sender. */
typedef struct srtp_stream {
    uint32_t ssrc;
    int32_t age; /* 0: not in use; else the higher, the later heard */
    srtp_window rtp;
    srtp_window rtcp;
} srtp_stream;

struct parley_srtp {
    uint32_t magic;
    int32_t suite;
    int32_t form; /* of AES */
    int32_t age;  /* of the stream heard last */
    srtp_keys rtp_out;
    srtp_keys rtcp_out;
    srtp_keys rtp_in;
    srtp_keys rtcp_in;
    uint32_t ssrc_out;
    srtp_window sent; /* the last packet sent */
    uint32_t rtcp_index_out;
    srtp_stream streams[SRTP_STREAMS];
};

/** A packet's index: of RTP (RFC 3711 section 3.3.1) rollover counter and sequence number, of RTCP its 31 bits. */
typedef struct srtp_index {
    uint32_t high;
    uint32_t low; /* 16 bits */
} srtp_index;

/** One packet's protection. */
typedef struct srtp_job {
    const parley_srtp *srtp;
    const srtp_keys *keys;
    int32_t rtcp;
    uint32_t ssrc;
    srtp_index index;
} srtp_job;

/** Where a stream of this SSRC stands, or would stand: the place of the one heard longest ago. */
srtp_stream *srtp_stream_of(parley_srtp *srtp, uint32_t ssrc);

/** The stream as it would begin, or as it is; whatever is done to the copy has no effect until it is kept. */
srtp_stream srtp_stream_copy(const srtp_stream *place, uint32_t ssrc);

/** Keeps a stream whose packet was genuine. */
void srtp_stream_keep(parley_srtp *srtp, srtp_stream *place, const srtp_stream *stream);

/** 1 if the index is new and within the window. */
int srtp_window_open(const srtp_window *window, srtp_index index);

/** Notes an index as seen. */
void srtp_window_note(srtp_window *window, srtp_index index);

/** The nonce of GCM (RFC 7714 sections 8.1 and 9.1) with zeros behind it, or AES-CM's first counter block. */
void srtp_nonce(const srtp_job *job, uint8_t *nonce);

/** Encrypts or decrypts `length` octets as the suite does; out may be in. */
void srtp_crypt(const srtp_job *job, const uint8_t *in, uint8_t *out, int32_t length);

/**
 * The tag of a packet that is encrypted from octet `header` on.
 *
 * @param trailer  [4] what else is authenticated: the rollover counter (AES-CM; GCM has it in the nonce), or
 *                 RTCP's E bit and index
 * @param tag      [20] result; GCM's has 16
 */
void srtp_tag(const srtp_job *job, const uint8_t *packet, int32_t header, int32_t length, const uint8_t *trailer,
              uint8_t *tag);

/** 1 if two strings are equal; the time tells nothing else. */
int srtp_equal(const uint8_t *a, const uint8_t *b, int32_t length);

#endif
