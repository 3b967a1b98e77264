/** @file load_sound.h What the participants of load.c say, and whether what they hear is right. */
#ifndef PARLEY_LOAD_SOUND_H
#define PARLEY_LOAD_SOUND_H

#include <stdint.h>

enum { SAMPLES = 160, TONES = 4, CHECKED = 32 };

/** To be called first; amplitude: of a tone, of 32767. */
void sound_prepare(double amplitude);

/** A frame of tone 0 ... TONES - 1 in mu-law: 400, 700, 1100, 1900 Hz. */
const uint8_t *sound_tone(int tone);

/** A frame of nothing. */
const uint8_t *sound_silence(void);

/** Takes a frame that the checked participant `which` heard; those after the first hundred are not looked at. */
void sound_listen(int which, const uint8_t *codes);

/** 1 if he heard the tones of the others, each within 3 dB of the loudest, and no others. seat: his, of the talkers'. */
int sound_right(int which, int32_t seat, int32_t talkers);

#endif
