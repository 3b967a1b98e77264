/** @file level.h The level of an energy; private to the kernels. */
#ifndef PARLEY_LEVEL_OF_ENERGY_H
#define PARLEY_LEVEL_OF_ENERGY_H

#include "parley_level.h"

/** -dBov of `samples` (0 or more) whose squares add up to `sum`. */
int32_t level_of_energy(uint64_t sum, int32_t samples);

#endif
