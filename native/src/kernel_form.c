/** @file kernel_form.c Asks the processor what it can; see kernel_form.h. */
#include "kernel_form.h"

#if PARLEY_ARM
#include <stdint.h>

/** Instruction set attributes 3 (Armv7-M B4.1.16): bits 7:4 are 3 where the packed 16-bit instructions are. */
#define ID_ISAR3 (*(const volatile uint32_t *)0xE000ED6CU)
/** Media and vector features 1 (Armv8.1-M D1.2.163): bits 11:8 are 0 where there is no MVE. */
#define MVFR1 (*(const volatile uint32_t *)0xE000EF44U)
/** Bits 15:4 name the core (Armv7-M B3.2.3). */
#define CPUID (*(const volatile uint32_t *)0xE000ED00U)

enum {
    CORTEX_M4 = 0xC24,
    CORTEX_M7 = 0xC27
};

/** These two always have the packed instructions; what QEMU's Cortex-M4 says of its attributes is a Cortex-M3's. */
static int has_dsp(void) {
    uint32_t core = CPUID >> 4 & 0xFFF;
    return core == CORTEX_M4 || core == CORTEX_M7 || (ID_ISAR3 >> 4 & 0xF) >= 3;
}
#endif

int kernel_form_fits(void) {
#if defined(PARLEY_FORM_MVE)
    return has_dsp() && (MVFR1 >> 8 & 0xF) != 0;
#elif defined(PARLEY_FORM_DSP)
    return has_dsp();
#else
    return 1;
#endif
}

#if PARLEY_AVX2
#include <cpuid.h>
#include <stdint.h>

enum {
    UNKNOWN,
    ABSENT,
    PRESENT,
    XCR0_VECTORS = 6, /* the system saves XMM and YMM registers */
};

static int ask(void) {
    unsigned a, b, c, d;
    uint32_t low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (bit_OSXSAVE | bit_AVX)) != (bit_OSXSAVE | bit_AVX)) {
        return ABSENT;
    }
    __asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & XCR0_VECTORS) != XCR0_VECTORS || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return ABSENT;
    }
    return b & bit_AVX2 ? PRESENT : ABSENT;
}

int kernel_form_avx2(void) {
    static int found;
    if (found == UNKNOWN) {
        found = ask();
    }
    return found == PRESENT;
}
#endif
