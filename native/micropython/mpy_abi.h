/**
 * @file mpy_abi.h
 * What a native module may use of a MicroPython firmware: the function table of .mpy format 6.3
 * (MicroPython 1.23 to 1.29), written down from the public description of the format.
 *
 * The converter (mpy_file.py) knows the undefined names below and turns them into relocations; nothing
 * else of the firmware can be reached. Objects are machine words; a small integer is value << 1 | 1.
 */
#ifndef PARLEY_MPY_ABI_H
#define PARLEY_MPY_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef uintptr_t mpy_obj;

/** A C function as an object, fixed number of arguments (0 to 3). */
typedef struct mpy_fixed {
    const void *type; /* mp_type_fun_builtin_0 .. 3 */
    void (*function)(void);
} mpy_fixed;

/** A C function as an object, called as function(count, arguments). */
typedef struct mpy_variadic {
    const void *type; /* mp_type_fun_builtin_var */
    uint32_t signature;
    void (*function)(void);
} mpy_variadic;

/** Signature of a function that takes `least` to `most` arguments and no keywords. */
#define MPY_ARGUMENTS(least, most) ((uint32_t)(least) << 17 | (uint32_t)(most) << 1)

/** Memory behind an object with the buffer protocol. */
typedef struct mpy_buffer {
    void *memory;
    size_t octets;
    int typecode;
} mpy_buffer;

enum {
    MPY_BUFFER_READ = 1,
    MPY_BUFFER_WRITE = 2,
    MPY_BUFFER_RAISE = 4 /* TypeError when the object has no such memory */
};

enum {
    MPY_TYPE_INT = 2 /* of a word crossing by native_from_obj: truncated to the machine's word */
};

/** What the loader hands to the entry, as far as it is needed here. */
typedef struct mpy_module {
    const void *type;
    void *globals;
} mpy_module;

typedef struct mpy_context {
    mpy_module module;
} mpy_context;

typedef struct mpy_self {
    const void *type;
    const mpy_context *context;
} mpy_self;

/** Entries of the firmware's function table, by their index. */
enum {
    MPY_NONE = 0,
    MPY_NATIVE_FROM_OBJ = 3,
    MPY_SWAP_GLOBALS = 5,
    MPY_LOAD_GLOBAL = 7,
    MPY_STORE_GLOBAL = 13,
    MPY_MEMSET = 50,
    MPY_MEMMOVE = 51,
    MPY_RAISE_MSG = 55,
    MPY_BYTEARRAY_BY_REF = 59,
    MPY_GET_BUFFER = 65
};

/* Resolved by the converter; visible, so that the linker leaves them to it. */
#pragma GCC visibility push(default)
extern void (*const mp_fun_table[])(void);
extern const uint16_t mp_native_qstr_table[];
extern const char mp_type_fun_builtin_0[], mp_type_fun_builtin_1[], mp_type_fun_builtin_2[],
    mp_type_fun_builtin_3[], mp_type_fun_builtin_var[];
#pragma GCC visibility pop

/** Entry `index` of the table as a function of this type, for a call. */
#define MPY_ENTRY(index, result, arguments) ((result(*) arguments)mp_fun_table[index])

/** Marks the module's entry, mpy_init: the linker script puts it at the first octet of the image. */
#define MPY_ENTRY_POINT __attribute__((section(".text.mpy_init"), visibility("default"), used))

static inline mpy_obj mpy_none(void) {
    return (mpy_obj)mp_fun_table[MPY_NONE];
}

static inline mpy_obj mpy_small_int(intptr_t value) {
    return (mpy_obj)value << 1 | 1;
}

/** The word of an integer object; raises TypeError for another. */
static inline intptr_t mpy_word(mpy_obj object) {
    return (intptr_t)MPY_ENTRY(MPY_NATIVE_FROM_OBJ, uintptr_t, (mpy_obj, size_t))(object, MPY_TYPE_INT);
}

/** Fills `found` with the memory of `object`; raises TypeError when it has none. */
static inline void mpy_get_buffer(mpy_obj object, mpy_buffer *found, uintptr_t flags) {
    flags |= MPY_BUFFER_RAISE;
    MPY_ENTRY(MPY_GET_BUFFER, _Bool, (mpy_obj, mpy_buffer *, uintptr_t))(object, found, flags);
}

/** A bytearray over memory that is not the collector's and stays. */
static inline mpy_obj mpy_bytearray_at(size_t octets, void *memory) {
    return MPY_ENTRY(MPY_BYTEARRAY_BY_REF, mpy_obj, (size_t, void *))(octets, memory);
}

static inline void *mpy_swap_globals(void *globals) {
    return MPY_ENTRY(MPY_SWAP_GLOBALS, void *, (void *))(globals);
}

static inline void mpy_store_global(uint16_t qstr, const void *object) {
    MPY_ENTRY(MPY_STORE_GLOBAL, void, (size_t, mpy_obj))(qstr, (mpy_obj)object);
}

/** Raises the built-in exception whose name is `qstr`; does not return. */
static inline void mpy_raise(uint16_t qstr, const char *text) {
    mpy_obj type = MPY_ENTRY(MPY_LOAD_GLOBAL, mpy_obj, (size_t))(qstr);
    MPY_ENTRY(MPY_RAISE_MSG, void, (mpy_obj, const char *))(type, text);
}

#endif
