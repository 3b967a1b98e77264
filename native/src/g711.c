/** @file g711.c ITU-T G.711; the contract stands in parley_g711.h. */
#include "parley_g711.h"
#include "g711_codes.h"
#include "words.h"

int32_t parley_g711_known(int32_t law) {
    return law == PARLEY_LAW_PCMU || law == PARLEY_LAW_PCMA;
}

int32_t parley_g711_decode(int32_t law, const uint8_t *codes, int16_t *pcm, int32_t samples) {
    if (!parley_g711_known(law)) {
        return -1;
    }
    int32_t done = words_decode(law, codes, pcm, samples);
    if (law == PARLEY_LAW_PCMU) {
        for (int32_t i = done; i < samples; i++) {
            pcm[i] = g711_mu_decode(codes[i]);
        }
        return samples;
    }
    for (int32_t i = done; i < samples; i++) {
        pcm[i] = g711_a_decode(codes[i]);
    }
    return samples;
}

int32_t parley_g711_encode(int32_t law, const int16_t *pcm, uint8_t *codes, int32_t samples) {
    if (!parley_g711_known(law)) {
        return -1;
    }
    int32_t done = words_encode(law, pcm, codes, samples);
    if (law == PARLEY_LAW_PCMU) {
        for (int32_t i = done; i < samples; i++) {
            codes[i] = g711_mu_encode(pcm[i]);
        }
        return samples;
    }
    for (int32_t i = done; i < samples; i++) {
        codes[i] = g711_a_encode(pcm[i]);
    }
    return samples;
}
