/**
 * @file parley_g711.h
 * ITU-T G.711 companding between 8-bit codes and 16-bit linear samples.
 *
 * Stripping the lines that begin with # leaves a valid cffi cdef; keep it so.
 *
 * Scale. G.711 gives decision values on a 14-bit scale for mu-law (Table 2a, 8159 at most) and on a
 * 13-bit one for A-law (Table 1a, 4096). One unit is 4 (mu-law) or 8 (A-law) steps of a 16-bit sample,
 * so that mu-law decodes to +-32124 and A-law to +-32256: headroom and level are the same in both laws.
 *
 * Ties. G.711 speaks of values "between" decision values. Here an interval owns its lower bound, in
 * magnitude and for both signs; zero is positive. What lies beyond the virtual decision value takes
 * the last code. No input overflows.
 *
 * Round trip. encode(decode(c)) == c for each code of both laws, but for mu-law's negative zero: 0x7F
 * decodes to 0 (Table 2b) and 0 encodes to positive zero, 0xFF.
 */
#ifndef PARLEY_G711_H
#define PARLEY_G711_H

#include <stdint.h>

/** Laws, numbered as their static RTP payload types (RFC 3551 section 6, Table 4). */
enum {
    PARLEY_LAW_PCMU = 0,
    PARLEY_LAW_PCMA = 8
};

/** 1 if `law` is one of the two above, else 0. */
int32_t parley_g711_known(int32_t law);

/**
 * Codes to linear samples (G.711 Tables 1a, 1b, 2a, 2b).
 *
 * @param law      PARLEY_LAW_PCMU or PARLEY_LAW_PCMA
 * @param codes    [samples] G.711 codes as they stand in an RTP payload
 * @param pcm      [samples] result, 16-bit linear
 * @param samples  how many; 0 or less does nothing
 * @return `samples`, or -1 for an unknown law (pcm untouched)
 */
int32_t parley_g711_decode(int32_t law, const uint8_t *codes, int16_t *pcm, int32_t samples);

/**
 * Linear samples to codes (G.711 Tables 1a and 2a).
 *
 * @param law      PARLEY_LAW_PCMU or PARLEY_LAW_PCMA
 * @param pcm      [samples] 16-bit linear, the whole range -32768..32767
 * @param codes    [samples] result
 * @param samples  how many; 0 or less does nothing
 * @return `samples`, or -1 for an unknown law (codes untouched)
 */
int32_t parley_g711_encode(int32_t law, const int16_t *pcm, uint8_t *codes, int32_t samples);

#endif
