/**
 * @file parley_mix.h
 * Mix-minus: everybody's sum less one's own voice (the mixer of RFC 4353 section 3 and RFC 3550 section 7).
 *
 * Scaling and overflow. Samples are 16-bit linear, sums 32-bit, unscaled. A sum is exact for up to
 * 65535 inputs; beyond that it wraps (it does not trap).
 *
 * Limiter. A listener has a gain, Q15, 1 (PARLEY_MIX_LIMIT_ONE) while nothing is too loud. A frame heard at gain 1
 * whose every result fits 16 bits leaves unchanged, so one talker passes through decode, mix and encode with the very
 * codes that came (parley_g711.h names the one exception). Else, with x the wanted values and g the gain that the frame
 * before ended with, blocks k = 0 ... B-1 of 16 samples with the largest magnitude m(k) each, and their largest M:
 *
 *     n(m) = floor(32767 * 2^15 / m), but 2^15 where m <= 32767: the gain at which m fits
 *     g(0) = min(g, 2 n(m(0)))
 *     falls, where n(M) < g(0):   step = -ceil(max of (g(0) - n(m(k))) / max(k, 1)), to no less than n(M)
 *     rises, elsewhere:           step = max(8, floor(floor((2^15 - g(0)) / 32) / B)), to no more than n(M)
 *     gain of sample i = g(0) + floor(i * step / 16), then cut off at n(M)
 *     result = sign(x) * min(32764, 4 floor(|x| * gain / 2^17)), in steps of 4, the resolution of G.711
 *
 * So the gain is down before the block comes that needs it, stays down to the frame's end, and comes back by a
 * 32nd of what is missing in each frame; nothing is delayed. Only what is loud in a frame's very first block, with no time
 * to look ahead, is cut off, for a millisecond or two. The gain of the sample after the last is the next frame's g.
 */
#ifndef PARLEY_MIX_H
#define PARLEY_MIX_H

#include <stdint.h>

enum {
    PARLEY_MIX_LIMIT_ONE = 32768,
    PARLEY_MIX_LIMIT_SAMPLES = 320, /* longer blocks are so many frames and what is left over */
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
 * out = limit(sum - own).
 *
 * @param sum      [samples] sum of all, own frame included
 * @param own      [samples] the listener's own frame as it was added, or NULL for one who did not speak
 * @param out      [samples] result, 16-bit linear; may be `own` itself
 * @param samples  how many; 0 or less does nothing
 * @param gain     of the listener: PARLEY_MIX_LIMIT_ONE at first, then what the last call returned; 0..LIMIT_ONE
 * @return his gain from now on
 */
int32_t parley_mix_minus(const int32_t *sum, const int16_t *own, int16_t *out, int32_t samples, int32_t gain);

/**
 * pcm[i] = pcm[i] * gain / 256 in steps of 4, the resolution of G.711, to the nearest (halves up), cut off at -32768
 * and 32764.
 *
 * @param gain     0 (silence) to PARLEY_MIX_GAIN_MAX
 * @param samples  how many; 0 or less does nothing
 */
void parley_mix_scale(int16_t *pcm, int32_t gain, int32_t samples);

#endif
