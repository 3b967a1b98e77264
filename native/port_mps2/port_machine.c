// machine.*: included by extmod/modmachine.c. reset, why, watchdog.
#include "mps2.h"

static void mp_machine_idle(void) { __asm volatile("wfi"); }

NORETURN static void mp_machine_reset(void) { mps2_reset(MPS2_RESET_SOFT); }

static mp_int_t mp_machine_reset_cause(void) { return mps2_reset_cause(); }
