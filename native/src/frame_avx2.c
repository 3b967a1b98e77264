/**
 * @file frame_avx2.c
 * Frames of 20 ms with AVX2, sixteen samples at a time; each does what the function of its name in frame.c does, to the
 * bit. To be called only where kernel_form_avx2() says so.
 *
 * A code of G.711 is a small floating-point number. PSHUFB finds its segment: the place of the highest bit of a magnitude's
 * upper octet, looked up by nibbles. Multiplication by a power of 2, looked up by segment, shifts each lane by its own count,
 * which AVX2 cannot do in lanes of 16 bits.
 */
#include "frame_avx2.h"

#if PARLEY_AVX2
#include <immintrin.h>
#include <stddef.h>

#include "g711_codes.h"
#include "level.h"
#include "limit.h"
#include "parley_g711.h"

#define AVX2 __attribute__((target("avx2")))

enum {
    SAMPLES = PARLEY_LEG_FRAME_SAMPLES,
    LANES = 16,
    STEP_BITS = 2 /* all that G.711 decodes to is a multiple of 4 */
};

/** The same 16 octets in both halves. */
AVX2 static inline __m256i both(int8_t a, int8_t b, int8_t c, int8_t d, int8_t e, int8_t f, int8_t g, int8_t h, int8_t i,
                                int8_t j, int8_t k, int8_t l, int8_t m, int8_t n, int8_t o, int8_t p) {
    return _mm256_setr_epi8(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
}

AVX2 static inline __m256i load_codes(const uint8_t *codes) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)codes));
}

AVX2 static inline __m256i load(const int16_t *pcm) {
    return _mm256_loadu_si256((const __m256i *)(const void *)pcm);
}

/** (mantissa * 8 + 132) << segment of 7 bits of a code, in the lower octet of each lane. */
AVX2 static inline __m256i middle(__m256i number) {
    const __m256i powers = both(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
    __m256i segment = _mm256_and_si256(_mm256_srli_epi16(number, 4), _mm256_set1_epi16(7));
    __m256i power = _mm256_and_si256(_mm256_shuffle_epi8(powers, segment), _mm256_set1_epi16(0xFF));
    __m256i mantissa = _mm256_and_si256(number, _mm256_set1_epi16(0x0F));
    __m256i value = _mm256_add_epi16(_mm256_slli_epi16(mantissa, 3), _mm256_set1_epi16(G711_MU_BIAS));
    return _mm256_mullo_epi16(value, power);
}

/** Negative where the code's sign bit is not set. */
AVX2 static inline __m256i signed_by(__m256i magnitude, __m256i codes) {
    __m256i positive = _mm256_and_si256(codes, _mm256_set1_epi16(G711_SIGN));
    __m256i negative = _mm256_cmpeq_epi16(positive, _mm256_setzero_si256());
    return _mm256_sub_epi16(_mm256_xor_si256(magnitude, negative), negative);
}

AVX2 static inline __m256i mu_decode(__m256i codes) {
    __m256i number = _mm256_xor_si256(codes, _mm256_set1_epi16(0xFF));
    return signed_by(_mm256_sub_epi16(middle(number), _mm256_set1_epi16(G711_MU_BIAS)), codes);
}

AVX2 static inline __m256i a_decode(__m256i codes) {
    __m256i number = _mm256_and_si256(_mm256_xor_si256(codes, _mm256_set1_epi16(G711_A_EVEN_BITS)), _mm256_set1_epi16(0x7F));
    __m256i linear = _mm256_cmpgt_epi16(_mm256_set1_epi16(16), number); /* segment 0: read as 1, less what that adds */
    number = _mm256_add_epi16(number, _mm256_and_si256(linear, _mm256_set1_epi16(16)));
    return signed_by(_mm256_sub_epi16(middle(number), _mm256_and_si256(linear, _mm256_set1_epi16(256))), codes);
}

/** Segment and mantissa of 128..32767, as the 7 lower bits of a code. */
AVX2 static inline __m256i number_of(__m256i magnitude) {
    const __m256i low = both(0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i high = both(0, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7);
    const __m256i powers = both(-128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0); /* 2^(7 - segment) */
    __m256i top = _mm256_srli_epi16(magnitude, 7); /* 1..255: its highest bit is the segment */
    __m256i segment = _mm256_max_epi16(_mm256_shuffle_epi8(low, _mm256_and_si256(top, _mm256_set1_epi16(0x0F))),
                                       _mm256_shuffle_epi8(high, _mm256_srli_epi16(top, 4)));
    __m256i power = _mm256_and_si256(_mm256_shuffle_epi8(powers, segment), _mm256_set1_epi16(0xFF));
    __m256i leading = _mm256_mulhi_epu16(magnitude, _mm256_slli_epi16(power, 6)); /* >> segment + 3: 16..31 */
    return _mm256_add_epi16(_mm256_slli_epi16(segment, 4), _mm256_sub_epi16(leading, _mm256_set1_epi16(16)));
}

/** The sign bit of codes, where samples are not negative. */
AVX2 static inline __m256i sign_of(__m256i samples) {
    return _mm256_andnot_si256(_mm256_srai_epi16(samples, 15), _mm256_set1_epi16(G711_SIGN));
}

AVX2 static inline __m256i mu_encode(__m256i samples) {
    __m256i magnitude = _mm256_min_epu16(_mm256_abs_epi16(samples), _mm256_set1_epi16(G711_MU_CLIP));
    __m256i number = number_of(_mm256_add_epi16(magnitude, _mm256_set1_epi16(G711_MU_BIAS)));
    return _mm256_or_si256(_mm256_xor_si256(number, _mm256_set1_epi16(0x7F)), sign_of(samples));
}

AVX2 static inline __m256i a_encode(__m256i samples) {
    __m256i magnitude = _mm256_min_epu16(_mm256_abs_epi16(samples), _mm256_set1_epi16(G711_A_CLIP));
    __m256i linear = _mm256_cmpgt_epi16(_mm256_set1_epi16(G711_A_LINEAR), magnitude);
    __m256i number = number_of(_mm256_add_epi16(magnitude, _mm256_and_si256(linear, _mm256_set1_epi16(256))));
    number = _mm256_sub_epi16(number, _mm256_and_si256(linear, _mm256_set1_epi16(16)));
    return _mm256_xor_si256(_mm256_or_si256(number, sign_of(samples)), _mm256_set1_epi16(G711_A_EVEN_BITS));
}

AVX2 static inline void store_codes(uint8_t *codes, __m256i first, __m256i second) {
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xD8);
    _mm256_storeu_si256((__m256i *)(void *)codes, packed);
}

AVX2 int32_t frame_avx2_decode(int32_t law, const uint8_t *const *slots, int16_t *pcm) {
    __m256i squares = _mm256_setzero_si256(); /* 20 of 8064^2 in a lane */
    uint64_t energy = 0;
    int32_t parts[8];
    for (int32_t i = 0; i < SAMPLES; i += LANES) {
        const uint8_t *codes = slots[i / SLOT_SAMPLES];
        __m256i samples = _mm256_setzero_si256();
        if (codes != NULL) {
            __m256i loaded = load_codes(codes + i % SLOT_SAMPLES);
            samples = law == PARLEY_LAW_PCMU ? mu_decode(loaded) : a_decode(loaded);
        }
        __m256i steps = _mm256_srai_epi16(samples, STEP_BITS);
        squares = _mm256_add_epi32(squares, _mm256_madd_epi16(steps, steps));
        _mm256_storeu_si256((__m256i *)(void *)(pcm + i), samples);
    }
    _mm256_storeu_si256((__m256i *)(void *)parts, squares);
    for (int32_t i = 0; i < 8; i++) {
        energy += (uint32_t)parts[i];
    }
    return level_of_energy(energy << (2 * STEP_BITS), SAMPLES);
}

AVX2 void frame_avx2_encode(int32_t law, const int16_t *pcm, uint8_t *codes) {
    for (int32_t i = 0; i < SAMPLES; i += 2 * LANES) {
        __m256i first = load(pcm + i), second = load(pcm + i + LANES);
        if (law == PARLEY_LAW_PCMU) {
            store_codes(codes + i, mu_encode(first), mu_encode(second));
        } else {
            store_codes(codes + i, a_encode(first), a_encode(second));
        }
    }
}

AVX2 static inline __m256i load_sum(const int32_t *sum) {
    return _mm256_loadu_si256((const __m256i *)(const void *)sum);
}

AVX2 static inline __m256i load_wide(const int16_t *pcm) {
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)pcm));
}

AVX2 void frame_avx2_sum(int32_t *sum, int32_t fresh, const int16_t *const *frames, int32_t count) {
    for (int32_t i = 0; i < SAMPLES; i += 4 * 8) {
        __m256i added[4];
        for (int32_t part = 0; part < 4; part++) {
            added[part] = fresh ? _mm256_setzero_si256() : load_sum(sum + i + 8 * part);
        }
        for (int32_t frame = 0; frame < count; frame++) {
            const int16_t *pcm = frames[frame] + i;
            for (int32_t part = 0; part < 4; part++) {
                added[part] = _mm256_add_epi32(added[part], load_wide(pcm + 8 * part));
            }
        }
        for (int32_t part = 0; part < 4; part++) {
            _mm256_storeu_si256((__m256i *)(void *)(sum + i + 8 * part), added[part]);
        }
    }
}

/** Sixteen of sum - own in 16 bits; over: bits set where one does not fit. */
AVX2 static inline __m256i wanted(const int32_t *sum, const int16_t *own, __m256i *over) {
    const __m256i half = _mm256_set1_epi32(32768);
    __m256i first = load_sum(sum), second = load_sum(sum + 8);
    if (own != NULL) {
        first = _mm256_sub_epi32(first, load_wide(own));
        second = _mm256_sub_epi32(second, load_wide(own + 8));
    }
    *over = _mm256_or_si256(*over, _mm256_or_si256(_mm256_add_epi32(first, half), _mm256_add_epi32(second, half)));
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xD8);
}

AVX2 int32_t frame_avx2_mix(int32_t law, const int32_t *sum, const int16_t *own, uint8_t *codes) {
    __m256i over = _mm256_setzero_si256();
    for (int32_t i = 0; i < SAMPLES; i += 2 * LANES) {
        __m256i first = wanted(sum + i, own == NULL ? NULL : own + i, &over);
        __m256i second = wanted(sum + i + LANES, own == NULL ? NULL : own + i + LANES, &over);
        if (law == PARLEY_LAW_PCMU) {
            store_codes(codes + i, mu_encode(first), mu_encode(second));
        } else {
            store_codes(codes + i, a_encode(first), a_encode(second));
        }
    }
    return _mm256_testz_si256(over, _mm256_set1_epi32((int32_t)0xFFFF0000U));
}

/** Largest magnitude of a block of sum - own, which is left in `wanted`. */
AVX2 static inline uint32_t peak_of(const int32_t *sum, const int16_t *own, __m256i *wanted) {
    for (int32_t half = 0; half < 2; half++) {
        wanted[half] = load_sum(sum + 8 * half);
        if (own != NULL) {
            wanted[half] = _mm256_sub_epi32(wanted[half], load_wide(own + 8 * half));
        }
    }
    __m256i most = _mm256_max_epu32(_mm256_abs_epi32(wanted[0]), _mm256_abs_epi32(wanted[1]));
    __m128i four = _mm_max_epu32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
    four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0x4E));
    return (uint32_t)_mm_cvtsi128_si32(_mm_max_epu32(four, _mm_shuffle_epi32(four, 0xB1)));
}

/** Eight samples, each by its gain; out of 16 bits they may still be. */
AVX2 static inline __m256i softer(__m256i value, __m256i gain) {
    __m256i magnitude = _mm256_srli_epi32(_mm256_mullo_epi32(_mm256_abs_epi32(value), gain), LIMIT_BITS);
    magnitude = _mm256_min_epu32(magnitude, _mm256_set1_epi32(LIMIT_MOST));
    return _mm256_sign_epi32(_mm256_and_si256(magnitude, _mm256_set1_epi32(LIMIT_STEPS)), value);
}

/** Gains of eight samples from `first` on (limit.h). */
AVX2 static inline __m256i gains_of(const limit_ramp *ramp, int32_t first) {
    __m256i place = _mm256_add_epi32(_mm256_set1_epi32(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    __m256i way = _mm256_srai_epi32(_mm256_mullo_epi32(place, _mm256_set1_epi32(ramp->step)), LIMIT_BLOCK_BITS);
    __m256i gain = _mm256_add_epi32(_mm256_set1_epi32(ramp->from), way), end = _mm256_set1_epi32(ramp->to);
    return ramp->step < 0 ? _mm256_max_epi32(gain, end) : _mm256_min_epi32(gain, end);
}

AVX2 int32_t frame_avx2_limit(const int32_t *sum, const int16_t *own, int32_t gain, int16_t *pcm) {
    __m256i wanted[2 * SAMPLES / LANES];
    uint32_t peaks[SAMPLES / LIMIT_BLOCK];
#pragma GCC unroll 1
    for (int32_t i = 0; i < SAMPLES; i += LIMIT_BLOCK) {
        peaks[i / LIMIT_BLOCK] = peak_of(sum + i, own == NULL ? NULL : own + i, wanted + i / 8);
    }
    limit_ramp ramp = limit_plan(gain, peaks, SAMPLES / LIMIT_BLOCK);
#pragma GCC unroll 1
    for (int32_t i = 0; i < SAMPLES; i += LANES) {
        __m256i first = softer(wanted[i / 8], gains_of(&ramp, i));
        __m256i second = softer(wanted[i / 8 + 1], gains_of(&ramp, i + 8));
        __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xD8);
        _mm256_storeu_si256((__m256i *)(void *)(pcm + i), packed);
    }
    return limit_gain(&ramp, SAMPLES);
}
#endif
