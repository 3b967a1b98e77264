/** @file g722.c ITU-T G.722 at 64 kbit/s; the contract stands in parley_g722.h. Names of blocks are the clauses'. */
#include "parley_g722.h"

enum {
    ZEROS = 6,
    FILTER = PARLEY_G722_FILTER_SAMPLES,
    LEVELS = 30,      /* of the lower band's quantizer, each sign (Table 7) */
    HIGH_STEP = 564,  /* of the higher band's (Table 7a) */
    LOW_MOST = 18432, /* of the logarithmic scale factor (clause 3.4) */
    HIGH_MOST = 22528,
    LOW_SHIFT = 8, /* from the logarithmic to the linear scale factor (clause 3.5) */
    HIGH_SHIFT = 10,
    BAND_MOST = 16383
};

/** What both ends keep of a band: the predictor of clause 3.6 and the scale factor of clauses 3.4 and 3.5. */
typedef struct band {
    int32_t prediction; /* s */
    int32_t zeros;      /* sz */
    int32_t log_scale;  /* nb */
    int32_t scale;      /* det */
    int16_t pole[2];    /* a */
    int16_t zero[ZEROS]; /* b */
    int16_t difference[ZEROS]; /* d, the newest first */
    int16_t rebuilt[2]; /* r */
    int16_t partial[2]; /* p */
} band;

struct parley_g722 {
    band low, high;
    int16_t filter[FILTER]; /* the newest last */
};

typedef char parley_g722_is_as_said[sizeof(parley_g722) == PARLEY_G722_STATE_BYTES ? 1 : -1];

static const int16_t SCALES[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543,
                                   2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228,
                                   3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};
static const int16_t LOW_STEPS[LEVELS] = {0,   35,  72,  110,  150,  190,  233,  276,  323,  370,
                                          422, 473, 530, 587,  650,  714,  786,  858,  940,  1023,
                                          1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919};
static const int16_t LOW_4BIT[16] = {0,     -20456, -12896, -8968, -6288, -4240, -2584, -1200,
                                     20456, 12896,  8968,   6288,  4240,  2584,  1200,  0};
static const int16_t LOW_6BIT[64] = {
    -136,  -136,  -136,  -136,  -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
    -9360, -8576, -7856, -7192, -6576,  -6000,  -5456,  -4944,  -4464,  -4008,  -3576,  -3168,  -2776,
    -2400, -2032, -1688, -1360, -1040,  -728,   24808,  21904,  19008,  16704,  14984,  13512,  12280,
    11192, 10232, 9360,  8576,  7856,   7192,   6576,   6000,   5456,   4944,   4464,   4008,   3576,
    3168,  2776,  2400,  2032,  1688,   1360,   1040,   728,    432,    136,    -432,   -136};
static const int16_t LOW_ADAPTS[16] = {-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60};
static const int16_t HIGH_2BIT[4] = {-7408, -1616, 7408, 1616};
static const int16_t HIGH_ADAPTS[4] = {798, -214, 798, -214};
static const int16_t MIRROR[FILTER / 2] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};

static int32_t cut(int32_t value) {
    return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
}

static int32_t within(int32_t value, int32_t least, int32_t most) {
    return value > most ? most : value < least ? least : value;
}

static int negative(int32_t value) {
    return value < 0;
}

/** UPPOL2, UPPOL1: the poles after a new partly rebuilt sample. */
static void move_poles(band *at, int32_t partial) {
    int same = negative(partial) == negative(at->partial[0]);
    int same_earlier = negative(partial) == negative(at->partial[1]);
    int32_t fourfold = cut(at->pole[0] * 4);
    int32_t second = (within(same ? -fourfold : fourfold, INT16_MIN, INT16_MAX) >> 7) +
                     (same_earlier ? 128 : -128) + ((at->pole[1] * 32512) >> 15);
    second = within(second, -12288, 12288);
    int32_t most = 15360 - second;
    int32_t first = cut(((at->pole[0] * 32640) >> 15) + (same ? 192 : -192));
    at->pole[0] = (int16_t)within(first, -most, most);
    at->pole[1] = (int16_t)second;
}

/** UPZERO, DELAYA, FILTEZ: the zeros after a new quantized difference, and what they predict. */
static int32_t move_zeros(band *at, int32_t difference) {
    int32_t step = difference == 0 ? 0 : 128;
    int32_t sum = 0;
    for (int32_t i = 0; i < ZEROS; i++) {
        int same = negative(at->difference[i]) == negative(difference);
        at->zero[i] = (int16_t)cut(((at->zero[i] * 32640) >> 15) + (same ? step : -step));
    }
    for (int32_t i = ZEROS - 1; i > 0; i--) {
        at->difference[i] = at->difference[i - 1];
    }
    at->difference[0] = (int16_t)difference;
    for (int32_t i = ZEROS - 1; i >= 0; i--) {
        sum += (at->zero[i] * cut(2 * at->difference[i])) >> 15;
    }
    return cut(sum);
}

/** Takes a quantized difference (clause 3.6, all of it): both ends' predictors go the same way. */
static void take(band *at, int32_t difference) {
    int32_t rebuilt = cut(at->prediction + difference);
    int32_t partial = cut(at->zeros + difference);
    move_poles(at, partial);
    at->zeros = move_zeros(at, difference);
    at->rebuilt[1] = at->rebuilt[0];
    at->rebuilt[0] = (int16_t)rebuilt;
    at->partial[1] = at->partial[0];
    at->partial[0] = (int16_t)partial;
    int32_t poles = cut(((at->pole[0] * cut(2 * at->rebuilt[0])) >> 15) +
                        ((at->pole[1] * cut(2 * at->rebuilt[1])) >> 15)); /* FILTEP */
    at->prediction = cut(poles + at->zeros);                             /* PREDIC */
}

/** LOGSCL or LOGSCH, SCALEL or SCALEH. */
static void adapt(band *at, int32_t by, int32_t most, int32_t shift) {
    at->log_scale = within(((at->log_scale * 127) >> 7) + by, 0, most);
    int32_t mantissa = SCALES[(at->log_scale >> 6) & 31];
    int32_t down = shift - (at->log_scale >> 11);
    at->scale = (down < 0 ? mantissa << -down : mantissa >> down) << 2;
}

static void take_low(band *low, int32_t code) {
    int32_t coarse = code >> 2; /* the 4 bits that the predictor of every mode sees */
    int32_t difference = (low->scale * LOW_4BIT[coarse]) >> 15;
    adapt(low, LOW_ADAPTS[coarse], LOW_MOST, LOW_SHIFT);
    take(low, difference);
}

static void take_high(band *high, int32_t code) {
    int32_t difference = (high->scale * HIGH_2BIT[code]) >> 15;
    adapt(high, HIGH_ADAPTS[code], HIGH_MOST, HIGH_SHIFT);
    take(high, difference);
}

void parley_g722_init(parley_g722 *state) {
    for (int32_t i = 0; i < PARLEY_G722_STATE_BYTES; i++) {
        ((uint8_t *)state)[i] = 0;
    }
    state->low.scale = 32;
    state->high.scale = 8;
}

/** Takes two values into the mirror filter's memory; the sums of its even and its odd half. */
static void mirror(int16_t *filter, int32_t first, int32_t second, int32_t *even, int32_t *odd) {
    *even = *odd = 0;
    for (int32_t i = 0; i < FILTER - 2; i++) {
        filter[i] = filter[i + 2];
    }
    filter[FILTER - 2] = (int16_t)first;
    filter[FILTER - 1] = (int16_t)second;
    for (int32_t i = 0; i < FILTER / 2; i++) {
        *even += filter[2 * i] * MIRROR[i];
        *odd += filter[2 * i + 1] * MIRROR[FILTER / 2 - 1 - i];
    }
}

void parley_g722_decode(parley_g722 *state, const uint8_t *codes, int16_t *pcm, int32_t octets) {
    band *low = &state->low, *high = &state->high;
    for (int32_t i = 0; i < octets; i++) {
        int32_t low_code = codes[i] & 63, high_code = codes[i] >> 6;
        int32_t fine = (low->scale * LOW_6BIT[low_code]) >> 15;
        int32_t coarse = (high->scale * HIGH_2BIT[high_code]) >> 15;
        int32_t lower = within(low->prediction + fine, -BAND_MOST - 1, BAND_MOST);     /* LIMIT */
        int32_t higher = within(high->prediction + coarse, -BAND_MOST - 1, BAND_MOST);
        int32_t even, odd;
        take_low(low, low_code);
        take_high(high, high_code);
        /* RECA, RECB, ACCUM: here the halves of the filter change places */
        mirror(state->filter, lower + higher, lower - higher, &even, &odd);
        pcm[2 * i] = (int16_t)cut(odd >> 11);
        pcm[2 * i + 1] = (int16_t)cut(even >> 11);
    }
}

/** QUANTL. */
static int32_t quantize_low(const band *low, int32_t value) {
    int32_t error = cut(value - low->prediction);
    int32_t magnitude = error >= 0 ? error : -(error + 1);
    int32_t level = 1;
    while (level < LEVELS && magnitude >= (LOW_STEPS[level] * low->scale) >> 12) {
        level++;
    }
    if (error >= 0) {
        return 62 - level; /* Table 8: 61 down to 32 */
    }
    return level < 3 ? 64 - level : 34 - level; /* 63, 62, then 31 down to 4 */
}

/** QUANTH. */
static int32_t quantize_high(const band *high, int32_t value) {
    int32_t error = cut(value - high->prediction);
    int32_t magnitude = error >= 0 ? error : -(error + 1);
    int large = magnitude >= (HIGH_STEP * high->scale) >> 12;
    return error < 0 ? !large : 3 - large;
}

void parley_g722_encode(parley_g722 *state, const int16_t *pcm, uint8_t *codes, int32_t octets) {
    for (int32_t i = 0; i < octets; i++) {
        int32_t even, odd;
        mirror(state->filter, pcm[2 * i], pcm[2 * i + 1], &even, &odd);
        int32_t low = quantize_low(&state->low, (even + odd) >> 14);
        int32_t high = quantize_high(&state->high, (odd - even) >> 14);
        codes[i] = (uint8_t)(high << 6 | low);
        take_low(&state->low, low);
        take_high(&state->high, high);
    }
}

void parley_g722_follow(parley_g722 *state, const uint8_t *codes, int32_t octets, const int16_t *pcm) {
    for (int32_t i = 0; i < octets; i++) {
        take_low(&state->low, codes[i] & 63);
        take_high(&state->high, codes[i] >> 6);
    }
    for (int32_t i = 0; i < FILTER; i++) {
        state->filter[i] = pcm[i];
    }
}
