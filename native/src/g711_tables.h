/**
 * @file g711_tables.h
 * G.711 as constant tables, for processors where an instruction costs more than memory: 3 instructions a
 * sample where arithmetic takes 13. Private to the kernels; the contract stands in parley_g711.h.
 *
 * The unit is the step: 4 steps of a 16-bit sample (the unit of G.711's Table 2a). Whatever the two laws decode
 * to, and so each sum of it, is a whole number of steps, and 14 bits hold all that a 16-bit sample can.
 */
#ifndef PARLEY_G711_TABLES_H
#define PARLEY_G711_TABLES_H

#include <stdint.h>

enum {
    G711_STEP_LOW = -8192,
    G711_STEP_HIGH = 8191,
    G711_STEP_BITS_OF_CODE = 14,
    G711_STEPS = G711_STEP_HIGH - G711_STEP_LOW + 1
};

/** Steps of each code. */
extern const int16_t G711_MU_STEPS[256];
extern const int16_t G711_A_STEPS[256];

/** Code of each number of steps, the first entry is that of G711_STEP_LOW. */
extern const uint8_t G711_MU_CODES[G711_STEPS];
extern const uint8_t G711_A_CODES[G711_STEPS];

#endif
