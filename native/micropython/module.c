/**
 * @file module.c
 * parley_native.mpy: the kernels as a MicroPython module. Each function checks every length before a
 * kernel sees a pointer, because a mistake here is a crash of the whole firmware. The same faces, rules
 * and errors as native/cpython/parley_native/__init__.py.
 */
#include "mpy_abi.h"
#include "parley_g711.h"
#include "parley_leg.h"
#include "parley_level.h"
#include "parley_mix.h"
#include "parley_rtp.h"

#define NAME(name) QSTR_##name,
#define EXPORT(name) QSTR_##name,
enum { QSTR_FILE,
#include "exports.h"
       QSTR_COUNT };
#undef NAME
#undef EXPORT

/* The compiler may turn loops into calls of these; both end in the firmware. */
void *memset(void *to, int value, size_t octets) {
    return MPY_ENTRY(MPY_MEMSET, void *, (void *, int, size_t))(to, value, octets);
}

void *memcpy(void *to, const void *from, size_t octets) {
    return MPY_ENTRY(MPY_MEMMOVE, void *, (void *, const void *, size_t))(to, from, octets);
}

static void need(int condition, const char *text) {
    if (!condition) {
        mpy_raise(mp_native_qstr_table[QSTR_ValueError], text);
    }
}

/** An integer argument of 32 bits. */
static int32_t integer(mpy_obj object) {
    intptr_t value = mpy_word(object);
    need(value == (int32_t)value, "argument");
    return (int32_t)value;
}

/** The memory of `object`: at least `least` items of `size` octets, aligned; `items` gets how many. */
static void *view(mpy_obj object, uintptr_t flags, size_t size, int32_t least, int32_t *items) {
    mpy_buffer found;
    mpy_get_buffer(object, &found, flags);
    need(found.octets % size == 0 && found.octets <= INT32_MAX, "buffer length");
    need(found.octets / size >= (size_t)least, "buffer too short");
    need((uintptr_t)found.memory % size == 0, "buffer alignment");
    *items = (int32_t)(found.octets / size);
    return found.memory;
}

static const void *readable(mpy_obj object, size_t size, int32_t least, int32_t *items) {
    return view(object, MPY_BUFFER_READ, size, least, items);
}

static void *writable(mpy_obj object, size_t size, int32_t least) {
    int32_t items;
    return view(object, MPY_BUFFER_READ | MPY_BUFFER_WRITE, size, least, &items);
}

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

static mpy_obj mix_minus(mpy_obj total, mpy_obj own, mpy_obj out) {
    int32_t samples;
    int32_t unused;
    const int32_t *sums = readable(total, sizeof(int32_t), 0, &samples);
    const int16_t *less = own == mpy_none() ? NULL : readable(own, sizeof(int16_t), samples, &unused);
    parley_mix_minus(sums, less, writable(out, sizeof(int16_t), samples), samples);
    return mpy_none();
}

static mpy_obj level_dbov(mpy_obj pcm) {
    int32_t samples;
    const int16_t *source = readable(pcm, sizeof(int16_t), 0, &samples);
    return mpy_small_int(parley_level_dbov(source, samples));
}

static mpy_obj rtp_read(mpy_obj packet, mpy_obj length, mpy_obj fields) {
    int32_t octets;
    int32_t used = integer(length);
    const uint8_t *source = readable(packet, 1, 0, &octets);
    need(used >= 0 && used <= octets, "length");
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
    int32_t octets;
    int32_t used = integer(length);
    const uint8_t *source = readable(packet, 1, 0, &octets);
    need(used >= 0 && used <= octets, "length");
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

#define FIXED(name, arity) \
    static const mpy_fixed name##_object = {mp_type_fun_builtin_##arity, (void (*)(void))name};
FIXED(g711_decode, 3)
FIXED(g711_encode, 3)
FIXED(mix_clear, 1)
FIXED(mix_add, 2)
FIXED(mix_minus, 3)
FIXED(level_dbov, 1)
FIXED(rtp_read, 3)
FIXED(rtp_write, 2)
FIXED(leg_size, 0)
FIXED(leg_receive, 3)
FIXED(leg_playout, 2)
FIXED(leg_packetise, 3)
FIXED(leg_stat, 2)
static const mpy_variadic leg_init_object = {
    mp_type_fun_builtin_var,
    MPY_ARGUMENTS(6, 6),
    (void (*)(void))leg_init,
};

/** Entry, at the first octet of the image: binds the names in the module's globals. */
MPY_ENTRY_POINT mpy_obj mpy_init(const mpy_self *self, size_t count, size_t keywords,
                                 const mpy_obj *arguments) {
    (void)count, (void)keywords, (void)arguments;
    void *before = mpy_swap_globals(self->context->module.globals);
#define NAME(name)
#define EXPORT(name) mpy_store_global(mp_native_qstr_table[QSTR_##name], &name##_object);
#include "exports.h"
    mpy_swap_globals(before);
    return mpy_none();
}
