/** @file srtp_glue.h SRTP's functions as MicroPython calls them. */
#ifndef PARLEY_SRTP_GLUE_H
#define PARLEY_SRTP_GLUE_H

#include "mpy_abi.h"

mpy_obj srtp_size(void);
mpy_obj srtp_init(size_t count, const mpy_obj *arguments);
mpy_obj srtp_wipe(mpy_obj state);
mpy_obj srtp_protect(mpy_obj state, mpy_obj packet, mpy_obj length);
mpy_obj srtp_unprotect(size_t count, const mpy_obj *arguments);
mpy_obj srtcp_protect(mpy_obj state, mpy_obj packet, mpy_obj length);
mpy_obj srtcp_unprotect(size_t count, const mpy_obj *arguments);

#endif
