/** @file kernel_form.c Asks the processor what it can; see kernel_form.h. */
#include "kernel_form.h"

#if PARLEY_ARM
#include <stdint.h>

/** Instruction set attributes 3 (Armv7-M B4.1.16): bits 7:4 are 3 where the packed 16-bit instructions are. */
#define ID_ISAR3 (*(const volatile uint32_t *)0xE000ED6CU)
/** Media and vector features 1 (Armv8.1-M D1.2.163): bits 11:8 are 0 where there is no MVE. */
#define MVFR1 (*(const volatile uint32_t *)0xE000EF44U)
#endif

int kernel_form_fits(void) {
#if defined(PARLEY_FORM_MVE)
    return (ID_ISAR3 >> 4 & 0xF) >= 3 && (MVFR1 >> 8 & 0xF) != 0;
#elif defined(PARLEY_FORM_DSP)
    return (ID_ISAR3 >> 4 & 0xF) >= 3;
#else
    return 1;
#endif
}
