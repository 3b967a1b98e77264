/** @file aes_block.h The form of AES that this build has beside the processor's own; private to aes*.c. */
#ifndef PARLEY_AES_BLOCK_H
#define PARLEY_AES_BLOCK_H

#include <stdint.h>

/** SubWord: the S-box on word [4] (FIPS 197 section 5.1.1). */
void aes_substitute(uint8_t *word);

/** Encrypts 1..AES_BATCH blocks in place; there is room for AES_BATCH. */
void aes_encrypt_blocks(const uint8_t *keys, uint8_t *blocks, int32_t count);

#endif
