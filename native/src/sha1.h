/** @file sha1.h SHA-1 (FIPS 180-4) as HMAC (RFC 2104) needs it; private to the kernels. */
#ifndef PARLEY_SHA1_H
#define PARLEY_SHA1_H

#include <stdint.h>

enum {
    SHA1_BYTES = 20,
    SHA1_BLOCK = 64
};

/** The two halves of an HMAC's key, each already hashed as a block. */
typedef struct sha1_hmac {
    uint32_t inner[5];
    uint32_t outer[5];
} sha1_hmac;

/** Prepares a key of at most 64 octets (RFC 2104 section 2). */
void sha1_hmac_key(sha1_hmac *hmac, const uint8_t *key, int32_t length);

/**
 * The HMAC of a message in two parts.
 *
 * @param data    [length]
 * @param suffix  [suffix_length], 0..4 octets behind it
 * @param tag     [20] result
 */
void sha1_hmac_tag(const sha1_hmac *hmac, const uint8_t *data, int32_t length, const uint8_t *suffix,
                   int32_t suffix_length, uint8_t *tag);

#endif
