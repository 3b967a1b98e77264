/** @file leg_conceal.c What is heard where nothing came; the contract stands in parley_leg.h. */
#include "leg_state.h"
#include "octets.h"
#include "parley_g711.h"

enum {
    HISTORY_SLOTS = 3, /* PARLEY_PLC_HISTORY samples and a bit */
    HISTORY_SKIPPED = HISTORY_SLOTS * SLOT_SAMPLES - PARLEY_PLC_HISTORY,
    STEPS_A_HALVING = 6, /* 6 dB; 6.02 are meant */
    NOISE_PEAK = 56754   /* of white noise at 0 dBov: 32767 by the root of 3 */
};

/** What was heard before a loss whose slot at hand is `ahead`; samples: [3 * 80]. @return the kernels' history */
static const int16_t *history(const parley_leg *leg, int32_t ahead, int16_t *samples) {
    for (int32_t i = 0; i < HISTORY_SLOTS; i++) {
        int32_t index = leg_slot(leg, ahead - leg->lost_slots - HISTORY_SLOTS + i);
        parley_g711_decode(leg->law, leg->codes[index], samples + i * SLOT_SAMPLES, SLOT_SAMPLES);
    }
    return samples + HISTORY_SKIPPED;
}

void leg_silence(const parley_leg *leg, uint8_t *codes) {
    /* opaque codes have none of silence: such legs are concealed after decoding (bridge_wide.c), this is but a filling */
    static const int16_t silence[SLOT_SAMPLES];
    parley_g711_encode(leg_opaque(leg) ? PARLEY_LAW_PCMU : leg->law, silence, codes, SLOT_SAMPLES);
}

void leg_conceal(parley_leg *leg, int32_t ahead) {
    int16_t heard[HISTORY_SLOTS * SLOT_SAMPLES], pcm[SLOT_SAMPLES];
    int32_t index = leg_slot(leg, ahead);
    leg->filled[index] = 1;
    leg_count(leg, PARLEY_LEG_STAT_CONCEALED, 1);
    if (leg_opaque(leg)) {
        leg->filled[index] = FILLED_EMPTY;
        leg->lost_slots += leg->lost_slots < LOST_MAX;
        return;
    }
    if (leg->lost_slots >= LOST_MAX) {
        leg_silence(leg, leg->codes[index]);
        return;
    }
    const int16_t *before = history(leg, ahead, heard);
    if (leg->lost_slots == 0) {
        leg->pitch = parley_plc_pitch(before, 1);
    }
    parley_plc_conceal(before, 1, leg->pitch, leg->lost_slots * SLOT_SAMPLES, pcm, SLOT_SAMPLES);
    parley_g711_encode(leg->law, pcm, leg->codes[index], SLOT_SAMPLES);
    leg->lost_slots++;
}

void leg_recover(parley_leg *leg, int32_t ahead) {
    int16_t heard[HISTORY_SLOTS * SLOT_SAMPLES] = {0}, pcm[PARLEY_PLC_CROSS];
    uint8_t *codes = leg->codes[leg_slot(leg, ahead)];
    if (leg_opaque(leg)) {
        leg->lost_slots = 0;
        return;
    }
    const int16_t *before = leg->lost_slots < LOST_MAX ? history(leg, ahead, heard) : heard;
    int32_t pitch = leg->lost_slots < LOST_MAX ? leg->pitch : PARLEY_PLC_PITCH_MIN;
    parley_g711_decode(leg->law, codes, pcm, PARLEY_PLC_CROSS);
    parley_plc_recover(before, 1, pitch, leg->lost_slots * SLOT_SAMPLES, pcm);
    parley_g711_encode(leg->law, pcm, codes, PARLEY_PLC_CROSS);
    leg->lost_slots = 0;
}

void leg_noise(parley_leg *leg, uint8_t *codes) {
    int16_t pcm[PARLEY_LEG_FRAME_SAMPLES];
    static const int32_t peaks[STEPS_A_HALVING] = {NOISE_PEAK, 50582, 45081, 40178, 35809, 31915};
    int32_t level = LEVEL_FLOOR - leg->noise;
    int32_t peak = peaks[level % STEPS_A_HALVING] >> (level / STEPS_A_HALVING);
    for (int32_t i = 0; i < PARLEY_LEG_FRAME_SAMPLES; i++) {
        leg->noise_state = leg->noise_state * 1664525U + 1013904223U;
        int32_t sample = (((int32_t)(leg->noise_state >> 16) - 32768) * (peak >> 1)) >> 14;
        pcm[i] = (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
    }
    parley_g711_encode(leg->law, pcm, codes, PARLEY_LEG_FRAME_SAMPLES);
}
