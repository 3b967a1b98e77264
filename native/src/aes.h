/**
 * @file aes.h
 * AES with a 128-bit key (FIPS 197), one direction, and its counter mode; private to the kernels.
 *
 * Three forms with one result. On Arm boards one table of 1 KB: a Cortex-M4 has no data cache, and a Cortex-M7
 * or M55 runs one firmware and nothing of anybody else's that could watch the cache. On x64 the processor's own
 * instructions where it has them. Everywhere else bit slices: no table, no branch and no address depends on the
 * key or on the data.
 */
#ifndef PARLEY_AES_H
#define PARLEY_AES_H

#include <stdint.h>

enum {
    AES_BLOCK = 16,
    AES_BATCH = 4, /* blocks made at once */
    AES_KEYS_BYTES = 176,
    AES_FORM_PORTABLE = 0,
    AES_FORM_X64 = 1
};

/** The best form here: asked once, when keys are set. */
int32_t aes_form(void);

/** Round keys (FIPS 197 section 5.2): key [16] -> keys [176]. */
void aes_expand(const uint8_t *key, uint8_t *keys);

/** Encrypts 1..AES_BATCH blocks in place; there is room for AES_BATCH. */
void aes_encrypt(int32_t form, const uint8_t *keys, uint8_t *blocks, int32_t count);

/** The same by the processor's AES instructions; only when aes_form() says so. */
void aes_encrypt_x64(const uint8_t *keys, uint8_t *blocks, int32_t count);

/** 1 if this processor has them. */
int aes_x64_there(void);

/**
 * Counter mode: out[i] = in[i] ^ keystream[i]. Block j of the keystream is E(start, whose last 32 bits have
 * `first` + j added).
 *
 * @param start  [16]
 * @param in     [length]
 * @param out    [length]; may be `in`
 */
void aes_counter(int32_t form, const uint8_t *keys, const uint8_t *start, uint32_t first, const uint8_t *in,
                 uint8_t *out, int32_t length);

#endif
