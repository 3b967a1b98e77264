/**
 * @file parley_plc.h
 * Concealment of lost packets by the last period of pitch, in the manner of ITU-T G.711 Appendix I.
 *
 * What is as there: the pitch found by correlation with what was heard last; the period's last quarter crossed
 * over to the samples before the period (I.2.4), so that it repeats without a step; full amplitude for 10 ms,
 * then down in a straight line, silence after 60 ms (I.2.5); what comes after a loss is crossed over (I.2.6).
 * What differs: nothing is delayed. Appendix I holds back 3.75 ms to cross over into a loss; here the step
 * between the last sample heard and the period is taken out over a quarter of it. One period is repeated and
 * not up to three, and the correlation looks at 8 ms: PESQ says so (native/bench/loss.py).
 *
 * There is no state but what the caller keeps: the last samples before the loss (`history`), the pitch, and
 * how much was concealed. The sampling rate is `scale` times 8000 Hz, 1 or 2; ranges below are for 1, and
 * scale with it.
 */
#ifndef PARLEY_PLC_H
#define PARLEY_PLC_H

#include <stdint.h>

/** In samples at 8000 Hz. */
enum {
    PARLEY_PLC_PITCH_MIN = 32,  /* 4 ms: 250 Hz */
    PARLEY_PLC_PITCH_MAX = 120, /* 15 ms: 66 Hz */
    PARLEY_PLC_HISTORY = 184,
    PARLEY_PLC_FADE = 80,    /* where fading begins: 10 ms */
    PARLEY_PLC_SILENT = 480, /* and where it ends: 60 ms */
    PARLEY_PLC_CROSS = 16    /* of the return: 2 ms */
};

/**
 * Finds the pitch.
 *
 * @param history  [184 * scale] 16-bit linear, the newest last
 * @param scale    1 or 2
 * @return period in samples, 32 * scale ... 120 * scale
 */
int32_t parley_plc_pitch(const int16_t *history, int32_t scale);

/**
 * Continues what was heard before a loss.
 *
 * @param history  [184 * scale] the last samples before the loss
 * @param scale    1 or 2
 * @param pitch    as parley_plc_pitch found it
 * @param lost     samples of this loss concealed before, 0 and up
 * @param pcm      [samples] result
 * @param samples  how many
 */
void parley_plc_conceal(const int16_t *history, int32_t scale, int32_t pitch, int32_t lost, int16_t *pcm,
                        int32_t samples);

/**
 * Crosses over from a loss to what follows it: the first 2 ms of pcm are changed.
 *
 * @param history  [184 * scale] the last samples before the loss
 * @param scale    1 or 2
 * @param pitch    as parley_plc_pitch found it
 * @param lost     samples of this loss that were concealed, 30 * scale and up
 * @param pcm      [16 * scale] the first samples after the loss
 */
void parley_plc_recover(const int16_t *history, int32_t scale, int32_t pitch, int32_t lost, int16_t *pcm);

#endif
