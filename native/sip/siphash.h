/** @file siphash.h A keyed hash, so that nobody can choose keys that fall on one another. Part of parley_sip. */
#ifndef PARLEY_SIP_SIPHASH_H
#define PARLEY_SIP_SIPHASH_H

#include <stdint.h>

/** SipHash-1-3 (Aumasson and Bernstein, 2012) of octets, under a key of 16. */
uint64_t siphash(const uint64_t key[2], const uint8_t *octets, int32_t count);

#endif
