/**
 * @file module.c
 * parley_io.mpy: the packet I/O as a MicroPython module of Linux. The same faces, rules and errors as
 * native/cpython/parley_io. It holds the bridge kernels too, since a native module can call no other; what
 * both modules work on is the bridge's memory.
 */
#include "glue.h"
#include "parley_io.h"

#define NAME(name) QSTR_##name,
#define EXPORT(name) QSTR_##name,
enum { QSTR_FILE,
#include "exports.h"
       QSTR_COUNT };
#undef NAME
#undef EXPORT

static void *words_in(mpy_obj object, int32_t *octets) {
    int32_t words;
    void *memory = view(object, MPY_BUFFER_READ | MPY_BUFFER_WRITE, sizeof(int32_t), 1, &words);
    *octets = words * (int32_t)sizeof(int32_t);
    return memory;
}

static parley_io *io_in(mpy_obj object) {
    int32_t octets;
    parley_io *io = words_in(object, &octets);
    need(parley_io_usable(io, octets), "io not initialised");
    return io;
}

static parley_bridge *bridge_in(mpy_obj object) {
    int32_t octets;
    parley_bridge *bridge = words_in(object, &octets);
    need(parley_bridge_usable(bridge, octets), "bridge not initialised");
    return bridge;
}

static mpy_obj checked(int32_t result) {
    need(result != PARLEY_IO_ARGUMENT, "argument");
    return mpy_small_int(result);
}

static mpy_obj io_size(void) {
    return mpy_small_int(parley_io_size());
}

static mpy_obj io_init(mpy_obj memory) {
    int32_t octets;
    parley_io *io = words_in(memory, &octets);
    need(parley_io_init(io, octets) == 0, "buffer too short");
    return mpy_none();
}

static mpy_obj io_receive(size_t count, const mpy_obj *arguments) {
    (void)count;
    return checked(parley_io_receive(io_in(arguments[0]), bridge_in(arguments[1]), integer(arguments[2]),
                                     integer(arguments[3])));
}

static mpy_obj io_tick(size_t count, const mpy_obj *arguments) {
    (void)count;
    return checked(parley_io_tick(io_in(arguments[0]), bridge_in(arguments[1]), integer(arguments[2]),
                                  integer(arguments[3]), integer(arguments[4]), integer(arguments[5])));
}

static mpy_obj io_run(size_t count, const mpy_obj *arguments) {
    int32_t watched;
    const int32_t *fds = readable(arguments[4], sizeof(int32_t), 0, &watched);
    int32_t named = integer(arguments[5]);
    int32_t *plan = writable(arguments[6], sizeof(int32_t), PARLEY_IO_RUN_WORDS);
    (void)count;
    need(named <= watched, "watched");
    return checked(parley_io_run(io_in(arguments[0]), bridge_in(arguments[1]), integer(arguments[2]),
                                 integer(arguments[3]), fds, named, plan));
}

static mpy_obj io_line(mpy_obj io, mpy_obj leg, mpy_obj fd) {
    checked(parley_io_line(io_in(io), integer(leg), integer(fd)));
    return mpy_none();
}

static mpy_obj io_stat(mpy_obj io, mpy_obj index) {
    return checked(parley_io_stat(io_in(io), integer(index)));
}

static mpy_obj io_map(mpy_obj octets) {
    int32_t size = integer(octets);
    need(size > 0, "argument");
    void *memory = parley_io_map(size);
    if (memory == NULL) {
        mpy_raise(mp_native_qstr_table[QSTR_OSError], "no memory from the system");
    }
    return mpy_bytearray_at((size_t)size, memory);
}

FIXED(io_size, 0)
FIXED(io_init, 1)
VARIADIC(io_receive, 4)
VARIADIC(io_tick, 6)
VARIADIC(io_run, 7)
FIXED(io_stat, 2)
FIXED(io_map, 1)
FIXED(io_line, 3)

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
