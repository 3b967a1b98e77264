/** @file srtp_glue.c SRTP's functions as MicroPython calls them; arrays hold as many as VARIADIC says. */
#include "srtp_glue.h"

#include "glue.h"
#include "parley_srtp.h"

typedef int32_t protect_kernel(parley_srtp *srtp, uint8_t *packet, int32_t length, int32_t size);
typedef int32_t unprotect_kernel(parley_srtp *srtp, const uint8_t *packet, int32_t length, uint8_t *plain);

static parley_srtp *srtp_in(mpy_obj object) {
    int32_t words;
    parley_srtp *srtp = view(object, MPY_BUFFER_READ | MPY_BUFFER_WRITE, sizeof(int32_t), 1, &words);
    need(parley_srtp_usable(srtp, words * (int32_t)sizeof(int32_t)), "srtp not initialised");
    return srtp;
}

static const uint8_t *master_in(mpy_obj object) {
    int32_t unused;
    return readable(object, 1, PARLEY_SRTP_MASTER_BYTES, &unused);
}

mpy_obj srtp_size(void) {
    return mpy_small_int(parley_srtp_size());
}

mpy_obj srtp_init(size_t count, const mpy_obj *arguments) {
    int32_t size = parley_srtp_size();
    (void)count;
    parley_srtp *srtp = writable(arguments[0], sizeof(int32_t), size / (int32_t)sizeof(int32_t));
    int32_t suite = integer(arguments[1]);
    const uint8_t *out = master_in(arguments[2]);
    int32_t done = parley_srtp_init(srtp, size, suite, out, master_in(arguments[3]));
    need(done != PARLEY_SRTP_ARGUMENT, "argument");
    return mpy_small_int(done);
}

mpy_obj srtp_wipe(mpy_obj state) {
    parley_srtp_wipe(srtp_in(state));
    return mpy_none();
}

static mpy_obj protect(protect_kernel *kernel, mpy_obj state, mpy_obj packet, mpy_obj length) {
    int32_t room;
    int32_t octets = integer(length);
    uint8_t *at = view(packet, MPY_BUFFER_READ | MPY_BUFFER_WRITE, 1, 0, &room);
    need(octets >= 0 && octets <= room, "length");
    return mpy_small_int(kernel(srtp_in(state), at, octets, room));
}

static mpy_obj unprotect(unprotect_kernel *kernel, const mpy_obj *arguments) {
    int32_t octets = integer(arguments[2]);
    const uint8_t *packet = datagram(arguments[1], octets);
    uint8_t *plain = writable(arguments[3], 1, octets);
    return mpy_small_int(kernel(srtp_in(arguments[0]), packet, octets, plain));
}

mpy_obj srtp_protect(mpy_obj state, mpy_obj packet, mpy_obj length) {
    return protect(parley_srtp_protect, state, packet, length);
}

mpy_obj srtcp_protect(mpy_obj state, mpy_obj packet, mpy_obj length) {
    return protect(parley_srtcp_protect, state, packet, length);
}

mpy_obj srtp_unprotect(size_t count, const mpy_obj *arguments) {
    (void)count;
    return unprotect(parley_srtp_unprotect, arguments);
}

mpy_obj srtcp_unprotect(size_t count, const mpy_obj *arguments) {
    (void)count;
    return unprotect(parley_srtcp_unprotect, arguments);
}
