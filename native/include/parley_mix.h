/**
 * @file parley_mix.h
 * Mix-minus: everybody's sum less one's own voice (the mixer of RFC 4353 section 3 and RFC 3550 section 7).
 *
 * Scaling and overflow. Samples are 16-bit linear, sums 32-bit, unscaled. A sum is exact for up to
 * 65535 inputs; beyond that it wraps (it does not trap).
 *
 * Limiter. A block whose every result fits 16 bits leaves unchanged, so one talker passes through
 * decode, mix and encode with the very codes that came (parley_g711.h names the one exception). A block
 * that does not fit goes through a soft knee, sample by sample, sign-symmetric, with x the wanted value:
 *
 *     |x| <= K : x                  K = PARLEY_MIX_KNEE
 *     |x| >  K : K + R - R*R / (d + R)   R = 32767 - K, d = |x| - K, the division rounding down
 *
 * which is continuous with slope 1 at K, monotonic, and ends at 32767. The knee is chosen block by
 * block: in a block of 20 ms either nothing is bent or all of it is.
 */
#ifndef PARLEY_MIX_H
#define PARLEY_MIX_H

#include <stdint.h>

enum {
    PARLEY_MIX_KNEE = 24576,
    PARLEY_MIX_GAIN_ONE = 256,
    PARLEY_MIX_GAIN_MAX = 4096 /* 24 dB */
};

/** sum[i] = 0 for `samples` values. */
void parley_mix_clear(int32_t *sum, int32_t samples);

/**
 * sum[i] += pcm[i].
 *
 * @param sum      [samples] running sum, 32-bit
 * @param pcm      [samples] one participant's frame, 16-bit linear
 * @param samples  how many; 0 or less does nothing
 */
void parley_mix_add(int32_t *sum, const int16_t *pcm, int32_t samples);

/**
 * out[i] = limit(sum[i] - own[i]).
 *
 * @param sum      [samples] sum of all, own frame included
 * @param own      [samples] the listener's own frame as it was added, or NULL for one who did not speak
 * @param out      [samples] result, 16-bit linear; may be `own` itself
 * @param samples  how many; 0 or less does nothing
 */
void parley_mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples);

/**
 * pcm[i] = pcm[i] * gain / 256 in steps of 4, the resolution of G.711, to the nearest (halves up), cut off at -32768
 * and 32764.
 *
 * @param gain     0 (silence) to PARLEY_MIX_GAIN_MAX
 * @param samples  how many; 0 or less does nothing
 */
void parley_mix_scale(int16_t *pcm, int32_t gain, int32_t samples);

#endif
