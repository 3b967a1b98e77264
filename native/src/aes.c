/** @file aes.c Key expansion, the choice of form, counter mode; see aes.h. */
#include "aes.h"

#include "aes_block.h"
#include "octets.h"

enum {
    ROUNDS = 10
};

int32_t aes_form(void) {
    return aes_x64_there() ? AES_FORM_X64 : AES_FORM_PORTABLE;
}

void aes_expand(const uint8_t *key, uint8_t *keys) {
    uint8_t constant = 1; /* FIPS 197 section 5.2: Rcon */
    for (int32_t i = 0; i < AES_BLOCK; i++) {
        keys[i] = key[i];
    }
    for (int32_t round = 1; round <= ROUNDS; round++) {
        uint8_t *now = keys + AES_BLOCK * round;
        uint8_t word[4] = {now[-3], now[-2], now[-1], now[-4]}; /* RotWord of the last one */
        aes_substitute(word);
        word[0] ^= constant;
        constant = (uint8_t)(constant << 1 ^ (constant >> 7) * 0x1B);
        for (int32_t i = 0; i < AES_BLOCK; i++) {
            now[i] = (uint8_t)(now[i - AES_BLOCK] ^ (i < 4 ? word[i] : now[i - 4]));
        }
    }
}

void aes_encrypt(int32_t form, const uint8_t *keys, uint8_t *blocks, int32_t count) {
    if (form == AES_FORM_X64) {
        aes_encrypt_x64(keys, blocks, count);
    } else {
        aes_encrypt_blocks(keys, blocks, count);
    }
}

void aes_counter(int32_t form, const uint8_t *keys, const uint8_t *start, uint32_t first, const uint8_t *in,
                 uint8_t *out, int32_t length) {
    uint8_t stream[AES_BATCH * AES_BLOCK];
    uint32_t count = octets_word_at(start + 12) + first;
    for (int32_t done = 0; done < length;) {
        int32_t rest = length - done;
        int32_t octets = rest < (int32_t)sizeof stream ? rest : (int32_t)sizeof stream;
        int32_t blocks = (octets + AES_BLOCK - 1) / AES_BLOCK;
        for (int32_t j = 0; j < blocks; j++) {
            for (int32_t i = 0; i < 12; i++) {
                stream[AES_BLOCK * j + i] = start[i];
            }
            octets_put_word(stream + AES_BLOCK * j + 12, count++);
        }
        aes_encrypt(form, keys, stream, blocks);
        for (int32_t i = 0; i < octets; i++) {
            out[done + i] = in[done + i] ^ stream[i];
        }
        done += octets;
    }
}
