/** @file plc.c Concealment by the last pitch period; the contract stands in parley_plc.h. */
#include "parley_plc.h"

enum {
    CORRELATED = 64,      /* samples at 8000 Hz */
    COARSE = 2,           /* every which lag and sample is looked at first */
    CORRELATION_BITS = 11, /* of a sample in a correlation: sums and energies fit 31 bits */
    ONE = 16384,          /* Q14 */
    HALF_BIT = ONE / 2,
    ONE_BITS = 14
};

static int32_t cut(int32_t value) {
    return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
}

/** Bits to drop of each sample so that CORRELATION_BITS and a sign are left. */
static int32_t spare_bits(const int16_t *history, int32_t samples) {
    uint32_t all = 0;
    int32_t bits = 0;
    for (int32_t i = 0; i < samples; i++) {
        all |= (uint32_t)(history[i] < 0 ? ~history[i] : history[i]);
    }
    while (all >> (CORRELATION_BITS + bits) != 0) {
        bits++;
    }
    return bits;
}

/** Normalised correlation, squared, of the newest samples with those `lag` before; 0 where it is not positive. */
static uint64_t likeness(const int16_t *history, int32_t scale, int32_t lag, int32_t step, int32_t bits) {
    const int16_t *end = history + PARLEY_PLC_HISTORY * scale;
    int32_t cross = 0, energy = 1;
    for (int32_t i = -CORRELATED * scale; i < 0; i += step) {
        int32_t earlier = end[i - lag] >> bits;
        cross += (end[i] >> bits) * earlier;
        energy += earlier * earlier;
    }
    return cross > 0 ? (uint64_t)cross * (uint64_t)cross / (uint32_t)energy : 0;
}

int32_t parley_plc_pitch(const int16_t *history, int32_t scale) {
    int32_t least = PARLEY_PLC_PITCH_MIN * scale, most = PARLEY_PLC_PITCH_MAX * scale;
    int32_t bits = spare_bits(history, PARLEY_PLC_HISTORY * scale);
    int32_t step = COARSE * scale;
    int32_t found = most;
    uint64_t best = 0;
    for (int32_t lag = least; lag <= most; lag += step) {
        uint64_t now = likeness(history, scale, lag, step, bits);
        found = now > best ? lag : found;
        best = now > best ? now : best;
    }
    int32_t first = found - step < least ? least : found - step + 1;
    int32_t last = found + step > most ? most : found + step - 1;
    best = 0;
    for (int32_t lag = first; lag <= last; lag++) {
        uint64_t now = likeness(history, scale, lag, 1, bits);
        found = now > best ? lag : found;
        best = now > best ? now : best;
    }
    return found;
}

/** (from * (1 - weight) + to * weight), weight Q14. */
static int32_t between(int32_t from, int32_t to, int32_t weight) {
    return (from * (ONE - weight) + to * weight + HALF_BIT) >> ONE_BITS;
}

/** Sample i of the period, its last quarter crossed over to what stood before the period (I.2.4). */
static int32_t period(const int16_t *end, int32_t pitch, int32_t i) {
    int32_t quarter = pitch / 4, into = i - (pitch - quarter);
    int32_t sample = end[i - pitch];
    if (into < 0) {
        return sample;
    }
    return between(sample, end[i - 2 * pitch], (into + 1) * (ONE / (quarter + 1)));
}

/** Amplitude after `lost` samples, Q14 (I.2.5). */
static int32_t gain(int32_t lost, int32_t scale) {
    if (lost < PARLEY_PLC_FADE * scale) {
        return ONE;
    }
    int32_t left = PARLEY_PLC_SILENT * scale - lost;
    return left <= 0 ? 0 : left * ONE / ((PARLEY_PLC_SILENT - PARLEY_PLC_FADE) * scale);
}

void parley_plc_conceal(const int16_t *history, int32_t scale, int32_t pitch, int32_t lost, int16_t *pcm,
                        int32_t samples) {
    const int16_t *end = history + PARLEY_PLC_HISTORY * scale;
    int32_t quarter = pitch / 4;
    int32_t step = end[-1] - period(end, pitch, pitch - 1);
    int32_t at = lost % pitch;
    for (int32_t i = 0; i < samples; i++, lost++) {
        int32_t sample = period(end, pitch, at);
        if (lost < quarter) { /* no step where the loss begins */
            sample += (step * (ONE - (lost + 1) * (ONE / (quarter + 1)))) >> ONE_BITS;
        }
        pcm[i] = (int16_t)cut((sample * gain(lost, scale) + HALF_BIT) >> ONE_BITS);
        at = at + 1 < pitch ? at + 1 : 0;
    }
}

void parley_plc_recover(const int16_t *history, int32_t scale, int32_t pitch, int32_t lost, int16_t *pcm) {
    int16_t concealed[PARLEY_PLC_CROSS * 2];
    int32_t samples = PARLEY_PLC_CROSS * scale;
    parley_plc_conceal(history, scale, pitch, lost, concealed, samples);
    for (int32_t i = 0; i < samples; i++) {
        pcm[i] = (int16_t)between(concealed[i], pcm[i], (i + 1) * (ONE / (samples + 1)));
    }
}
