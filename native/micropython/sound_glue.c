/** @file sound_glue.c Concealment, G.722 and sampling rates as MicroPython calls them. */
#include "sound_glue.h"

#include "glue.h"
#include "parley_g722.h"
#include "parley_plc.h"
#include "parley_resample.h"

/** What was heard before a loss; its length tells the sampling rate. */
static const int16_t *history_in(mpy_obj object, int32_t *scale) {
    int32_t samples;
    const int16_t *history = readable(object, sizeof(int16_t), 0, &samples);
    need(samples == PARLEY_PLC_HISTORY || samples == 2 * PARLEY_PLC_HISTORY, "history");
    *scale = samples / PARLEY_PLC_HISTORY;
    return history;
}

static int32_t pitch_in(mpy_obj object, int32_t scale) {
    int32_t pitch = integer(object);
    need(pitch >= PARLEY_PLC_PITCH_MIN * scale && pitch <= PARLEY_PLC_PITCH_MAX * scale, "argument");
    return pitch;
}

static int32_t lost_in(mpy_obj object) {
    int32_t lost = integer(object);
    need(lost >= 0 && lost <= 0x3FFFFFFF, "argument");
    return lost;
}

mpy_obj plc_pitch(mpy_obj history) {
    int32_t scale;
    const int16_t *heard = history_in(history, &scale);
    return mpy_small_int(parley_plc_pitch(heard, scale));
}

mpy_obj plc_conceal(size_t count, const mpy_obj *arguments) {
    int32_t scale, samples;
    (void)count;
    const int16_t *heard = history_in(arguments[0], &scale);
    int32_t pitch = pitch_in(arguments[1], scale), lost = lost_in(arguments[2]);
    int16_t *pcm = view(arguments[3], MPY_BUFFER_READ | MPY_BUFFER_WRITE, sizeof(int16_t), 0, &samples);
    parley_plc_conceal(heard, scale, pitch, lost, pcm, samples);
    return mpy_none();
}

mpy_obj plc_recover(size_t count, const mpy_obj *arguments) {
    int32_t scale;
    (void)count;
    const int16_t *heard = history_in(arguments[0], &scale);
    int32_t pitch = pitch_in(arguments[1], scale), lost = lost_in(arguments[2]);
    parley_plc_recover(heard, scale, pitch, lost,
                       writable(arguments[3], sizeof(int16_t), PARLEY_PLC_CROSS * scale));
    return mpy_none();
}

static parley_g722 *g722_in(mpy_obj object) {
    return writable(object, sizeof(int32_t), PARLEY_G722_STATE_BYTES / (int32_t)sizeof(int32_t));
}

mpy_obj g722_init(mpy_obj state) {
    parley_g722_init(g722_in(state));
    return mpy_none();
}

mpy_obj g722_decode(mpy_obj state, mpy_obj codes, mpy_obj pcm) {
    int32_t octets;
    const uint8_t *source = readable(codes, 1, 0, &octets);
    need(octets <= INT32_MAX / 2, "buffer length");
    int16_t *result = writable(pcm, sizeof(int16_t), 2 * octets);
    parley_g722_decode(g722_in(state), source, result, octets);
    return mpy_small_int(2 * octets);
}

mpy_obj g722_encode(mpy_obj state, mpy_obj pcm, mpy_obj codes) {
    int32_t samples;
    const int16_t *source = readable(pcm, sizeof(int16_t), 0, &samples);
    need(samples % 2 == 0, "buffer length");
    uint8_t *result = writable(codes, 1, samples / 2);
    parley_g722_encode(g722_in(state), source, result, samples / 2);
    return mpy_small_int(samples / 2);
}

mpy_obj g722_follow(mpy_obj state, mpy_obj codes, mpy_obj pcm) {
    int32_t octets, unused;
    const uint8_t *source = readable(codes, 1, 0, &octets);
    const int16_t *last = readable(pcm, sizeof(int16_t), PARLEY_G722_FILTER_SAMPLES, &unused);
    parley_g722_follow(g722_in(state), source, octets, last);
    return mpy_none();
}

mpy_obj resample_up(mpy_obj state, mpy_obj pcm, mpy_obj out) {
    int32_t samples;
    const int16_t *source = readable(pcm, sizeof(int16_t), 0, &samples);
    need(samples <= PARLEY_RESAMPLE_SAMPLES_MAX, "buffer length");
    int16_t *result = writable(out, sizeof(int16_t), 2 * samples);
    parley_resample_up(writable(state, sizeof(int16_t), PARLEY_RESAMPLE_UP_STATE), source, result, samples);
    return mpy_small_int(2 * samples);
}

mpy_obj resample_down(mpy_obj state, mpy_obj pcm, mpy_obj out) {
    int32_t samples;
    const int16_t *source = readable(pcm, sizeof(int16_t), 0, &samples);
    need(samples % 2 == 0 && samples <= 2 * PARLEY_RESAMPLE_SAMPLES_MAX, "buffer length");
    int16_t *result = writable(out, sizeof(int16_t), samples / 2);
    parley_resample_down(writable(state, sizeof(int16_t), PARLEY_RESAMPLE_DOWN_STATE), source, result,
                         samples / 2);
    return mpy_small_int(samples / 2);
}

mpy_obj stretch(mpy_obj pcm, mpy_obj out) {
    int32_t taken, made;
    const int16_t *source = readable(pcm, sizeof(int16_t), 1, &taken);
    int16_t *result = view(out, MPY_BUFFER_READ | MPY_BUFFER_WRITE, sizeof(int16_t), 1, &made);
    need(taken <= PARLEY_STRETCH_MAX && made <= PARLEY_STRETCH_MAX, "buffer length");
    parley_stretch(source, taken, result, made);
    return mpy_none();
}
