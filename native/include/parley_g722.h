/**
 * @file parley_g722.h
 * ITU-T G.722: 7 kHz audio at 64 kbit/s (mode 1), one octet for two samples at 16000 Hz. Sub-band ADPCM.
 *
 * Two bands of 8000 Hz by the quadrature mirror filter of clause 3.1; 6 bits of the lower band, 2 of the higher.
 * RTP: static payload type 9, whose clock runs at 8000 Hz though the samples come at 16000 (RFC 3551 4.5.2).
 *
 * Coder and decoder keep the same state, in memory the caller owns; nothing is allocated. A coder that
 * parley_g722_follow led through foreign codes goes on where they ended: a stream may be passed on as it came
 * and coded anew later.
 */
#ifndef PARLEY_G722_H
#define PARLEY_G722_H

#include <stdint.h>

enum {
    PARLEY_LAW_G722 = 9,        /* numbered as its payload type, beside PARLEY_LAW_PCMU and PARLEY_LAW_PCMA */
    PARLEY_G722_STATE_BYTES = 152,
    PARLEY_G722_FILTER_SAMPLES = 24 /* the mirror filter's memory, at 16000 Hz */
};

typedef struct parley_g722 parley_g722;

/** Prepares memory of PARLEY_G722_STATE_BYTES, aligned to 4, for coding or for decoding. */
void parley_g722_init(parley_g722 *state);

/**
 * Codes to samples.
 *
 * @param state   of one stream
 * @param codes   [octets]
 * @param pcm     [2 * octets] result, 16-bit linear at 16000 Hz
 * @param octets  how many; 0 or less does nothing
 */
void parley_g722_decode(parley_g722 *state, const uint8_t *codes, int16_t *pcm, int32_t octets);

/**
 * Samples to codes.
 *
 * @param state   of one stream
 * @param pcm     [2 * octets] 16-bit linear at 16000 Hz
 * @param codes   [octets] result
 * @param octets  how many; 0 or less does nothing
 */
void parley_g722_encode(parley_g722 *state, const int16_t *pcm, uint8_t *codes, int32_t octets);

/**
 * Leads a coder through codes that were sent in place of its own.
 *
 * @param state   of a coder
 * @param codes   [octets] as they were sent
 * @param octets  how many
 * @param pcm     [24] the last samples that the codes stand for
 */
void parley_g722_follow(parley_g722 *state, const uint8_t *codes, int32_t octets, const int16_t *pcm);

#endif
