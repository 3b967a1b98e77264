/**
 * @file glue.h
 * What every function of a native module does first: take its arguments apart and check every length, because
 * a mistake behind it is a crash of the whole firmware. What is wrong is raised as ValueError or TypeError.
 */
#ifndef PARLEY_GLUE_H
#define PARLEY_GLUE_H

#include "mpy_abi.h"

enum {
    QSTR_VALUE_ERROR = 1 /* ValueError stands first in the exports.h of each module; 0 is the file's name */
};

/** Raises ValueError(text) unless `condition`. */
void need(int condition, const char *text);

/** An integer argument of 32 bits. */
int32_t integer(mpy_obj object);

/** The memory of `object`: at least `least` items of `size` octets, aligned; `items` gets how many. */
void *view(mpy_obj object, uintptr_t flags, size_t size, int32_t least, int32_t *items);

const void *readable(mpy_obj object, size_t size, int32_t least, int32_t *items);

void *writable(mpy_obj object, size_t size, int32_t least);

/** A datagram in a buffer: its first `length` octets. */
const uint8_t *datagram(mpy_obj packet, int32_t length);

/** A function object of fixed arity. */
#define FIXED(name, arity) \
    static const mpy_fixed name##_object = {mp_type_fun_builtin_##arity, (void (*)(void))name};

/** A function object called with an array of exactly `arity` arguments. */
#define VARIADIC(name, arity)                \
    static const mpy_variadic name##_object = { \
        mp_type_fun_builtin_var,             \
        MPY_ARGUMENTS(arity, arity),         \
        (void (*)(void))name,                \
    };

#endif
