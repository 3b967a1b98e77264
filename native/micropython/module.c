/**
 * @file module.c
 * parley_native.mpy: the kernels as a MicroPython module. The same faces, rules and errors as
 * native/cpython/parley_native.
 */
#include "bridge_glue.h"
#include "glue.h"
#include "kernel_form.h"
#include "parley_g711.h"
#include "parley_leg.h"
#include "parley_level.h"
#include "parley_mix.h"
#include "parley_rtp.h"
#include "sound_glue.h"
#include "srtp_glue.h"

#define NAME(name) QSTR_##name,
#define EXPORT(name) QSTR_##name,
enum { QSTR_FILE,
#include "exports.h"
       QSTR_COUNT };
#undef NAME
#undef EXPORT

static parley_leg *leg_in(mpy_obj object) {
    return writable(object, sizeof(int32_t), parley_leg_size() / (int32_t)sizeof(int32_t));
}

/** A leg kernel's result as an object; raises for the caller's own mistakes. */
static mpy_obj checked(int32_t result) {
    need(result != PARLEY_LEG_UNUSABLE, "leg not initialised");
    need(result != PARLEY_LEG_ARGUMENT, "argument");
    return mpy_small_int(result);
}

static mpy_obj g711_decode(mpy_obj law, mpy_obj codes, mpy_obj pcm) {
    int32_t samples;
    int32_t number = integer(law);
    need(parley_g711_known(number), "law");
    const uint8_t *source = readable(codes, 1, 0, &samples);
    int16_t *result = writable(pcm, sizeof(int16_t), samples);
    return mpy_small_int(parley_g711_decode(number, source, result, samples));
}

static mpy_obj g711_encode(mpy_obj law, mpy_obj pcm, mpy_obj codes) {
    int32_t samples;
    int32_t number = integer(law);
    need(parley_g711_known(number), "law");
    const int16_t *source = readable(pcm, sizeof(int16_t), 0, &samples);
    uint8_t *result = writable(codes, 1, samples);
    return mpy_small_int(parley_g711_encode(number, source, result, samples));
}

static mpy_obj mix_clear(mpy_obj total) {
    int32_t samples;
    int32_t *sums = view(total, MPY_BUFFER_READ | MPY_BUFFER_WRITE, sizeof(int32_t), 0, &samples);
    parley_mix_clear(sums, samples);
    return mpy_none();
}

static mpy_obj mix_add(mpy_obj total, mpy_obj pcm) {
    int32_t samples;
    const int16_t *source = readable(pcm, sizeof(int16_t), 0, &samples);
    parley_mix_add(writable(total, sizeof(int32_t), samples), source, samples);
    return mpy_none();
}

static mpy_obj mix_minus(size_t count, const mpy_obj *words) {
    int32_t samples;
    int32_t unused;
    (void)count;
    const int32_t *sums = readable(words[0], sizeof(int32_t), 0, &samples);
    const int16_t *less = words[1] == mpy_none() ? NULL : readable(words[1], sizeof(int16_t), samples, &unused);
    int32_t gain = integer(words[3]);
    need(gain >= 0 && gain <= PARLEY_MIX_LIMIT_ONE, "argument");
    return mpy_small_int(parley_mix_minus(sums, less, writable(words[2], sizeof(int16_t), samples), samples, gain));
}

static mpy_obj mix_scale(mpy_obj pcm, mpy_obj gain) {
    int32_t samples;
    int32_t by = integer(gain);
    need(by >= 0 && by <= PARLEY_MIX_GAIN_MAX, "argument");
    int16_t *scaled = view(pcm, MPY_BUFFER_READ | MPY_BUFFER_WRITE, sizeof(int16_t), 0, &samples);
    parley_mix_scale(scaled, by, samples);
    return mpy_none();
}

static mpy_obj level_dbov(mpy_obj pcm) {
    int32_t samples;
    const int16_t *source = readable(pcm, sizeof(int16_t), 0, &samples);
    return mpy_small_int(parley_level_dbov(source, samples));
}

static mpy_obj rtp_read(mpy_obj packet, mpy_obj length, mpy_obj fields) {
    int32_t used = integer(length);
    const uint8_t *source = datagram(packet, used);
    return mpy_small_int(parley_rtp_read(source, used, writable(fields, sizeof(int32_t), PARLEY_RTP_FIELDS)));
}

static mpy_obj rtp_write(mpy_obj packet, mpy_obj fields) {
    int32_t unused;
    const int32_t *words = readable(fields, sizeof(int32_t), PARLEY_RTP_FIELDS, &unused);
    uint8_t *octets = writable(packet, 1, PARLEY_RTP_HEADER_BYTES);
    return mpy_small_int(parley_rtp_write(octets, PARLEY_RTP_HEADER_BYTES, words));
}

static mpy_obj leg_size(void) {
    return mpy_small_int(parley_leg_size());
}

static mpy_obj leg_init(size_t count, const mpy_obj *arguments) {
    int32_t unused;
    (void)count; /* the signature lets 6 through, no more and no less */
    const int32_t *seed = readable(arguments[5], sizeof(int32_t), 3, &unused);
    parley_leg *leg = leg_in(arguments[0]);
    checked(parley_leg_init(leg, parley_leg_size(), integer(arguments[1]), integer(arguments[2]),
                            integer(arguments[3]), integer(arguments[4]), seed));
    return mpy_none();
}

static mpy_obj leg_receive(mpy_obj leg, mpy_obj packet, mpy_obj length) {
    int32_t used = integer(length);
    const uint8_t *source = datagram(packet, used);
    return checked(parley_leg_receive(leg_in(leg), source, used));
}

static mpy_obj leg_playout(mpy_obj leg, mpy_obj pcm) {
    int16_t *samples = writable(pcm, sizeof(int16_t), PARLEY_LEG_FRAME_SAMPLES);
    return checked(parley_leg_playout(leg_in(leg), samples));
}

static mpy_obj leg_packetise(mpy_obj leg, mpy_obj pcm, mpy_obj packet) {
    int32_t unused;
    const int16_t *source =
        pcm == mpy_none() ? NULL : readable(pcm, sizeof(int16_t), PARLEY_LEG_FRAME_SAMPLES, &unused);
    uint8_t *octets = writable(packet, 1, PARLEY_LEG_PACKET_BYTES);
    return checked(parley_leg_packetise(leg_in(leg), source, octets, PARLEY_LEG_PACKET_BYTES));
}

static mpy_obj leg_stat(mpy_obj leg, mpy_obj index) {
    return checked(parley_leg_stat(leg_in(leg), integer(index)));
}

FIXED(g711_decode, 3)
FIXED(g711_encode, 3)
FIXED(mix_clear, 1)
FIXED(mix_add, 2)
VARIADIC(mix_minus, 4)
FIXED(mix_scale, 2)
FIXED(level_dbov, 1)
FIXED(rtp_read, 3)
FIXED(rtp_write, 2)
FIXED(leg_size, 0)
FIXED(leg_receive, 3)
FIXED(leg_playout, 2)
FIXED(leg_packetise, 3)
FIXED(leg_stat, 2)
VARIADIC(leg_init, 6)
FIXED(bridge_size, 2)
VARIADIC(bridge_init, 4)
FIXED(bridge_wide_octets, 2)
FIXED(bridge_widen, 2)
VARIADIC(bridge_add_leg, 10)
VARIADIC(bridge_change, 7)
FIXED(bridge_remove_leg, 2)
VARIADIC(bridge_receive, 4)
VARIADIC(bridge_receive_leg, 4)
FIXED(bridge_before, 2)
FIXED(bridge_begin, 3)
FIXED(bridge_mix, 2)
FIXED(bridge_skip, 2)
FIXED(bridge_packet, 2)
FIXED(bridge_packet_leg, 2)
FIXED(bridge_refused, 2)
FIXED(bridge_leg_stat, 3)
FIXED(bridge_stat, 2)
FIXED(plc_pitch, 1)
VARIADIC(plc_conceal, 4)
VARIADIC(plc_recover, 4)
FIXED(g722_init, 1)
FIXED(g722_decode, 3)
FIXED(g722_encode, 3)
FIXED(g722_follow, 3)
FIXED(resample_up, 3)
FIXED(resample_down, 3)
FIXED(stretch, 2)
FIXED(bridge_packet_octets, 2)
FIXED(bridge_parcel_octets, 1)
FIXED(bridge_parcel_places, 2)
FIXED(bridge_linear_octets, 1)
FIXED(bridge_linear_places, 2)
FIXED(bridge_ptime, 3)
FIXED(bridge_parcel, 3)
FIXED(bridge_key_octets, 1)
FIXED(bridge_key_places, 2)
VARIADIC(bridge_secure, 6)
FIXED(bridge_watch, 3)
FIXED(bridge_clock, 2)
FIXED(bridge_take_report, 3)
VARIADIC(bridge_protect_report, 4)
VARIADIC(bridge_open_report, 5)
FIXED(bridge_take_event, 2)
FIXED(bridge_figures, 3)
VARIADIC(bridge_tell, 4)
FIXED(bridge_gain, 3)
VARIADIC(bridge_channels, 4)
VARIADIC(bridge_names, 5)
FIXED(bridge_noise, 3)
FIXED(srtp_size, 0)
VARIADIC(srtp_init, 4)
FIXED(srtp_wipe, 1)
FIXED(srtp_protect, 3)
VARIADIC(srtp_unprotect, 4)
FIXED(srtcp_protect, 3)
VARIADIC(srtcp_unprotect, 4)

/** Entry, at the first octet of the image: binds the names in the module's globals. */
MPY_ENTRY_POINT mpy_obj mpy_init(const mpy_self *self, size_t count, size_t keywords,
                                 const mpy_obj *arguments) {
    (void)count, (void)keywords, (void)arguments;
    need(kernel_form_fits(), "the native kernels are for another processor");
    void *before = mpy_swap_globals(self->context->module.globals);
#define NAME(name)
#define EXPORT(name) mpy_store_global(mp_native_qstr_table[QSTR_##name], &name##_object);
#include "exports.h"
    mpy_swap_globals(before);
    return mpy_none();
}
