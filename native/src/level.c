/** @file level.c Level in -dBov; the contract stands in parley_level.h. */
#include "level.h"
#include "words.h"

/** round(32767^2 * 10^(-(i + 0.5) / 10)): the mean square at which level i ends and i + 1 begins. */
static const uint32_t LEVEL_ENDS[10] = {
    956915000, 760104603, 603772547, 479593582, 380954723,
    302603093, 240366180, 190929644, 151660807, 120468461,
};

static uint64_t energy(const int16_t *pcm, int32_t samples) {
    uint64_t sum = 0;
    for (int32_t i = words_energy(pcm, samples, &sum); i < samples; i++) {
        int32_t sample = pcm[i];
        sum += (uint32_t)(sample * sample);
    }
    return sum;
}

int32_t parley_level_dbov(const int16_t *pcm, int32_t samples) {
    return level_of_energy(energy(pcm, samples), samples > 0 ? samples : 0);
}

int32_t level_of_energy(uint64_t sum, int32_t samples) {
    uint64_t count = (uint64_t)samples;
    int32_t level = 0;
    if (sum == 0) {
        return PARLEY_LEVEL_SILENCE;
    }
    while (sum < LEVEL_ENDS[9] * count && level < 120) { /* 10 dB at a time: no division, no overflow */
        sum *= 10;
        level += 10;
    }
    while (level < PARLEY_LEVEL_SILENCE && sum < LEVEL_ENDS[level % 10] * count) {
        level++;
    }
    return level;
}
