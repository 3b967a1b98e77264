/** @file gcm.h AES-GCM's tag (NIST SP 800-38D), 96-bit nonces; private to the kernels. */
#ifndef PARLEY_GCM_H
#define PARLEY_GCM_H

#include <stdint.h>

enum {
    GCM_NONCE_BYTES = 12,
    GCM_TAG_BYTES = 16
};

/** What the hash multiplies by: the zero block encrypted, as words, first octets in word 0. */
typedef struct gcm_hash_key {
    uint32_t word[4];
} gcm_hash_key;

void gcm_hash_key_set(gcm_hash_key *key, int32_t form, const uint8_t *keys);

/** Encrypts or decrypts (SP 800-38D section 7: GCTR from the second counter on); out may be in. */
void gcm_crypt(int32_t form, const uint8_t *keys, const uint8_t *nonce, const uint8_t *in, uint8_t *out,
               int32_t length);

/**
 * The tag of what was encrypted.
 *
 * @param aad     [aad_length] authenticated, not encrypted, then [more_length] more of it, 0..4 octets
 * @param cipher  [length]
 * @param tag     [16] result
 */
void gcm_tag(int32_t form, const uint8_t *keys, const gcm_hash_key *key, const uint8_t *nonce,
             const uint8_t *aad, int32_t aad_length, const uint8_t *more, int32_t more_length,
             const uint8_t *cipher, int32_t length, uint8_t *tag);

#endif
