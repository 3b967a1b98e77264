/**
 * @file g711_codes.h
 * One G.711 code or sample at a time; private to the kernels. The contract stands in parley_g711.h.
 *
 * Two ways to the same numbers. A companded code is a small floating-point number (sign, 3 bits of
 * exponent, 4 of mantissa), so where a compiler turns loops into vector instructions, the conversion to
 * and from IEEE 754 does the work of the segment table: exactly, since every magnitude is below 2^24. Else
 * shifts do it.
 */
#ifndef PARLEY_G711_CODES_H
#define PARLEY_G711_CODES_H

#include <stdint.h>

#if defined(__SSE2__) || defined(__aarch64__)
#define G711_BY_FLOAT 1
#else
#define G711_BY_FLOAT 0
#endif

enum {
    G711_SIGN = 0x80,           /* set for positive values, Tables 1a and 2a column 6 */
    G711_MU_BIAS = 33 * 4,      /* makes mu-law's segments powers of two; 33 units of the 14-bit scale */
    G711_MU_CLIP = 8158 * 4 + 3, /* just under the virtual decision value 8159 */
    G711_A_CLIP = 4095 * 8 + 7, /* just under the virtual decision value 4096 */
    G711_A_EVEN_BITS = 0x55,    /* Table 1a note 2: even bits are inverted on the wire */
    G711_A_LINEAR = 256,        /* below it A-law's segments 0 and 1 share one step */
    G711_MU_ZERO = 0xFF,        /* the code of 0 */
    G711_MU_NEGATIVE_ZERO = 0x7F,
    G711_A_ZERO = 0xD5 /* the code 0 is sent as; A-law has none that decodes to 0 */
};

/** |sample|, and the mask that gives it its sign back. */
static inline int32_t g711_magnitude(int32_t sample, int32_t most) {
    int32_t magnitude = sample < 0 ? -sample : sample;
    return magnitude > most ? most : magnitude;
}

static inline int16_t g711_signed(int32_t magnitude, uint8_t code) {
    int32_t negative = -(int32_t)!(code & G711_SIGN);
    return (int16_t)((magnitude ^ negative) - negative);
}

#if G711_BY_FLOAT

enum {
    G711_FLOAT_SHIFT = 19,           /* 23 bits of fraction, of which 4 are the mantissa */
    G711_FLOAT_BASE = (127 + 7) << 4 /* exponent of the first segment, 128..255, before the mantissa */
};

typedef union g711_float {
    float value;
    uint32_t bits;
} g711_float;

/** Segment and mantissa of 128..32767, as the 7 lower bits of a code. */
static inline int32_t g711_number(int32_t magnitude) {
    g711_float number;
    number.value = (float)magnitude;
    return (int32_t)(number.bits >> G711_FLOAT_SHIFT) - G711_FLOAT_BASE;
}

/** The middle of the interval whose segment and mantissa are `number`. */
static inline int32_t g711_middle(int32_t number) {
    g711_float middle;
    middle.bits = (uint32_t)(number + G711_FLOAT_BASE) << G711_FLOAT_SHIFT | 1U << (G711_FLOAT_SHIFT - 1);
    return (int32_t)middle.value;
}

#else

static inline int32_t g711_number(int32_t magnitude) {
#if defined(__GNUC__)
    int32_t segment = 24 - __builtin_clz((unsigned)magnitude);
#else
    int32_t segment = 0;
    for (int32_t rest = magnitude >> 7; rest > 1; rest >>= 1) {
        segment++;
    }
#endif
    return segment << 4 | ((magnitude >> (segment + 3)) & 0x0F);
}

static inline int32_t g711_middle(int32_t number) {
    return (((number & 0x0F) << 3) + G711_MU_BIAS) << (number >> 4);
}

#endif

static inline int16_t g711_mu_decode(uint8_t code) {
    /* Table 2a note: all bits are inverted on the wire */
    return g711_signed(g711_middle(~code & 0x7F) - G711_MU_BIAS, code);
}

static inline uint8_t g711_mu_encode(int32_t sample) {
    int32_t number = g711_number(g711_magnitude(sample, G711_MU_CLIP) + G711_MU_BIAS);
    return (uint8_t)(~number & (sample < 0 ? 0x7F : 0xFF));
}

static inline int16_t g711_a_decode(uint8_t code) {
    int32_t number = (code ^ G711_A_EVEN_BITS) & 0x7F;
    int32_t linear = number < 16; /* segment 0: read as segment 1, less what that adds */
    return g711_signed(g711_middle(number + (linear << 4)) - (linear << 8), code);
}

static inline uint8_t g711_a_encode(int32_t sample) {
    int32_t magnitude = g711_magnitude(sample, G711_A_CLIP);
    int32_t linear = magnitude < G711_A_LINEAR;
    int32_t number = g711_number(magnitude + (linear << 8)) - (linear << 4);
    return (uint8_t)((number | (sample < 0 ? 0 : G711_SIGN)) ^ G711_A_EVEN_BITS);
}

#endif
