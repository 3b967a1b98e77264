/** @file sound_glue.h Concealment, G.722 and sampling rates as MicroPython calls them. */
#ifndef PARLEY_SOUND_GLUE_H
#define PARLEY_SOUND_GLUE_H

#include "mpy_abi.h"

mpy_obj plc_pitch(mpy_obj history);
mpy_obj plc_conceal(size_t count, const mpy_obj *arguments);
mpy_obj plc_recover(size_t count, const mpy_obj *arguments);
mpy_obj g722_init(mpy_obj state);
mpy_obj g722_decode(mpy_obj state, mpy_obj codes, mpy_obj pcm);
mpy_obj g722_encode(mpy_obj state, mpy_obj pcm, mpy_obj codes);
mpy_obj g722_follow(mpy_obj state, mpy_obj codes, mpy_obj pcm);
mpy_obj resample_up(mpy_obj state, mpy_obj pcm, mpy_obj out);
mpy_obj resample_down(mpy_obj state, mpy_obj pcm, mpy_obj out);
mpy_obj stretch(mpy_obj pcm, mpy_obj out);

#endif
