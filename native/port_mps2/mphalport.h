#include <stddef.h>

#include "shared/runtime/interrupt_char.h"

uint64_t mp_hal_time_ns(void);
