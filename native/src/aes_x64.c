/** @file aes_x64.c AES by the instructions of x64 processors, four blocks interleaved; see aes.h. */
#include "aes.h"

#if defined(__x86_64__)
#include <cpuid.h>

typedef long long aes_lanes __attribute__((vector_size(16)));
typedef long long aes_anywhere __attribute__((vector_size(16), aligned(1), may_alias));

enum {
    LAST_ROUND = 10
};

int aes_x64_there(void) {
    unsigned int a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AES) != 0;
}

static aes_lanes load(const uint8_t *from) {
    return *(const aes_anywhere *)(const void *)from;
}

__attribute__((target("aes"))) void aes_encrypt_x64(const uint8_t *keys, uint8_t *blocks, int32_t count) {
    aes_lanes x[AES_BATCH];
    (void)count; /* there is room for a batch, and one is as quick as a block */
    for (int32_t i = 0; i < AES_BATCH; i++) {
        x[i] = load(blocks + AES_BLOCK * i) ^ load(keys);
    }
    for (int32_t round = 1; round < LAST_ROUND; round++) {
        for (int32_t i = 0; i < AES_BATCH; i++) {
            x[i] = __builtin_ia32_aesenc128(x[i], load(keys + AES_BLOCK * round));
        }
    }
    for (int32_t i = 0; i < AES_BATCH; i++) {
        x[i] = __builtin_ia32_aesenclast128(x[i], load(keys + AES_BLOCK * LAST_ROUND));
        *(aes_anywhere *)(void *)(blocks + AES_BLOCK * i) = x[i];
    }
}
#else
int aes_x64_there(void) {
    return 0;
}

void aes_encrypt_x64(const uint8_t *keys, uint8_t *blocks, int32_t count) {
    (void)keys, (void)blocks, (void)count;
}
#endif
