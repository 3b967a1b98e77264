// Boots MicroPython: heap, network stack, file system, boot.py, main.py, then the REPL on the serial port.
#include "mps2.h"

#include "py/compile.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stackctrl.h"

#include "extmod/modnetwork.h"
#include "shared/runtime/gchelper.h"
#include "shared/runtime/pyexec.h"

extern uint8_t _heap_start, _heap_end, _stack_bottom, _stack_top;
void mps2_stack_paint(void);

static void run_files(void) {
    pyexec_frozen_module("_boot.py", false);
    if (MPS2_REG(MPS2_BOOT_SWITCH_ADDRESS) == MPS2_BOOT_SAFE) {
        return; // whoever set it wants the prompt
    }
    int result = pyexec_file_if_exists("boot.py");
    if (!(result & PYEXEC_FORCED_EXIT) && pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
        pyexec_file_if_exists("main.py");
    }
}

static void run_repl(void) {
    for (;;) {
        int result = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
        if (result != 0) {
            return;
        }
    }
}

int main(void) {
    mps2_cpu_init();
    mps2_clock_init();
    mps2_uart_init();
    mps2_reset_cause();
    mps2_stack_paint();
    mps2_network_init();
    for (;;) {
        mp_stack_set_top(&_stack_top);
        mp_stack_set_limit((size_t)(&_stack_top - &_stack_bottom) - 2048);
        gc_init(&_heap_start, &_heap_end);
        mp_init();
        run_files();
        run_repl();
        mp_printf(&mp_plat_print, "MPY: soft reboot\n");
        mps2_network_deinit();
        mps2_code_free_all();
        gc_sweep_all();
        mp_deinit();
    }
}

#define CODE_BYTES (128u * 1024u)
static uint8_t code_space[CODE_BYTES] __attribute__((aligned(16), section(".native")));
static size_t code_used;

void *mps2_code_alloc(size_t bytes) {
    if (bytes > CODE_BYTES - code_used) {
        mp_raise_msg(&mp_type_MemoryError, MP_ERROR_TEXT("no room for native code"));
    }
    void *code = code_space + code_used;
    code_used += (bytes + 15u) & ~15u;
    return code;
}

void mps2_code_free_all(void) { code_used = 0; }

size_t mps2_code_used(size_t *there) {
    *there = CODE_BYTES;
    return code_used;
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
    __asm volatile("" ::: "memory"); // no tail call: whoever times collections sees their end here
}

void nlr_jump_fail(void *value) {
    (void)value;
    mp_printf(&mp_plat_print, "uncaught exception without a handler; resetting\n");
    mps2_reset(MPS2_RESET_FAULT);
}

void abort(void) { mps2_reset(MPS2_RESET_FAULT); }

void __assert_func(const char *file, int line, const char *function, const char *expression) {
    mp_printf(&mp_plat_print, "assertion '%s' failed, %s:%d %s\n", expression, file, line, function);
    mps2_reset(MPS2_RESET_FAULT);
}
