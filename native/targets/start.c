/** @file start.c From reset to newlib's start with semihosting, on each of the machines of machines.py. */
#include <stddef.h>
#include <stdint.h>

extern uint32_t stack_top[];
void _start(void);
void reset(void);

/** Coprocessor access: full for CP10 and CP11, the floating point and vector units (Armv7-M B3.2.20). */
#define CPACR (*(volatile uint32_t *)0xE000ED88U)

void reset(void) {
    CPACR |= 0xFU << 20;
    __asm volatile("dsb\n\tisb");
    _start();
}

/** A fault ends the program; 0x18 is semihosting's SYS_EXIT, 0x20023 its run-time error. */
static void fault(void) {
    __asm volatile("mov r0, #0x18\n\tldr r1, =0x20023\n\tbkpt 0xAB");
    for (;;) {
    }
}

void _init(void);
void _fini(void);
void _init(void) {
}
void _fini(void) {
}

typedef union vector {
    void (*handler)(void);
    uint32_t *stack;
} vector;

__attribute__((section(".vectors"), used)) static const vector VECTORS[16] = {
    {.stack = stack_top}, {reset}, {fault}, {fault}, {fault}, {fault}, {fault}, {fault},
    {fault},              {fault}, {fault}, {fault}, {fault}, {fault}, {fault}, {fault},
};

extern char end[];
void *_sbrk(ptrdiff_t octets);

/** newlib's heap: what the linker script leaves, less the stack. The emulator's own answer is wrong on the AN547. */
void *_sbrk(ptrdiff_t octets) {
    static char *next = end;
    char *given = next;
    next += octets;
    return given;
}
