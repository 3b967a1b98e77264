/** @file glue.c Arguments taken apart and checked; what each function does stands in glue.h. */
#include "glue.h"

/* The compiler may turn loops into calls of these; both end in the firmware. */
void *memset(void *to, int value, size_t octets) {
    return MPY_ENTRY(MPY_MEMSET, void *, (void *, int, size_t))(to, value, octets);
}

void *memcpy(void *to, const void *from, size_t octets) {
    return MPY_ENTRY(MPY_MEMMOVE, void *, (void *, const void *, size_t))(to, from, octets);
}

void need(int condition, const char *text) {
    if (!condition) {
        mpy_raise(mp_native_qstr_table[QSTR_VALUE_ERROR], text);
    }
}

int32_t integer(mpy_obj object) {
    intptr_t value = mpy_word(object);
    need(value == (int32_t)value, "argument");
    return (int32_t)value;
}

void *view(mpy_obj object, uintptr_t flags, size_t size, int32_t least, int32_t *items) {
    mpy_buffer found;
    mpy_get_buffer(object, &found, flags);
    need(found.octets % size == 0 && found.octets <= INT32_MAX, "buffer length");
    need(found.octets / size >= (size_t)least, "buffer too short");
    need((uintptr_t)found.memory % size == 0, "buffer alignment");
    *items = (int32_t)(found.octets / size);
    return found.memory;
}

const void *readable(mpy_obj object, size_t size, int32_t least, int32_t *items) {
    return view(object, MPY_BUFFER_READ, size, least, items);
}

void *writable(mpy_obj object, size_t size, int32_t least) {
    int32_t items;
    return view(object, MPY_BUFFER_READ | MPY_BUFFER_WRITE, size, least, &items);
}

const uint8_t *datagram(mpy_obj packet, int32_t length) {
    int32_t octets;
    const uint8_t *source = readable(packet, 1, 0, &octets);
    need(length >= 0 && length <= octets, "length");
    return source;
}
