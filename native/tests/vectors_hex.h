/** @file vectors_hex.h Cases of the golden vectors as octets, each exactly as long as it says, on the heap. */
#ifndef PARLEY_VECTORS_HEX_H
#define PARLEY_VECTORS_HEX_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct block {
    uint8_t *octets;
    int32_t count;
} block;

static inline void *allocate(size_t octets) {
    void *memory = malloc(octets > 0 ? octets : 1);
    if (memory == NULL) {
        exit(2);
    }
    return memory;
}

static inline int digit(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static inline block from_hex(const char *text) {
    size_t digits = text[0] == '-' ? 0 : strlen(text);
    block made = {allocate(digits / 2), (int32_t)(digits / 2)};
    for (int32_t i = 0; i < made.count; i++) {
        made.octets[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    return made;
}

static inline int equals(const void *octets, block expected) {
    return memcmp(octets, expected.octets, (size_t)expected.count) == 0;
}

/** Runs a case of concealment, G.722 or sampling rates. @return 1 good, 0 not, -1 there is no such case */
int run_sound_case(const char *what, char **words);

#endif
