/** @file features.c What a native module may contain; the tests load it into MicroPython and call it. */
#include "mpy_abi.h"

#define NAME(name) QSTR_##name,
#define EXPORT(name) QSTR_##name,
enum { QSTR_FILE,
#include "features.h"
};
#undef NAME
#undef EXPORT

extern void *memset(void *, int, size_t);
extern void *memcpy(void *, const void *, size_t);

static int32_t zeroed_count;        /* .bss */
static int32_t data_count = 1000;   /* .data */
static const int16_t SQUARES[8] = {0, 1, 4, 9, 16, 25, 36, 49};
static const char *const WORDS[] = {"zero", "one", "two"}; /* .data.rel.ro: words to relocate */

static int32_t negate(int32_t x) { return -x; }
static int32_t twice(int32_t x) { return 2 * x; }
static int32_t (*const STEPS[])(int32_t) = {negate, twice};

static mpy_obj zeroed(void) { return mpy_small_int(++zeroed_count); }
static mpy_obj data(void) { return mpy_small_int(++data_count); }
static mpy_obj table(mpy_obj i) { return mpy_small_int(SQUARES[mpy_word(i) & 7]); }

/** Dense enough to become a jump table. */
static mpy_obj choose(mpy_obj i) {
    static volatile int32_t sink;
    switch (mpy_word(i)) {
    case 0: sink = 3; return mpy_small_int(31);
    case 1: sink = 1; return mpy_small_int(41 + sink);
    case 2: sink = 4; return mpy_small_int(59 - sink);
    case 3: sink = 1; return mpy_small_int(26 * sink);
    case 4: sink = 5; return mpy_small_int(53 ^ sink);
    case 5: sink = 9; return mpy_small_int(58 / sink);
    case 6: sink = 2; return mpy_small_int(97 % sink);
    default: return mpy_small_int(-1);
    }
}

static mpy_obj word(mpy_obj i) {
    const char *text = WORDS[mpy_word(i) % 3];
    size_t length = 0;
    while (text[length]) {
        length++;
    }
    return MPY_ENTRY(57, mpy_obj, (const char *, size_t))(text, length); /* obj_new_str */
}

static mpy_obj apply(mpy_obj step, mpy_obj x) {
    return mpy_small_int(STEPS[mpy_word(step) & 1]((int32_t)mpy_word(x)));
}

/** 64-bit division: a call into libgcc on Thumb. */
static mpy_obj divide(mpy_obj by) {
    uint64_t whole = 123456789012345678ULL;
    return mpy_small_int((intptr_t)(whole / (uint64_t)mpy_word(by) % 1000000));
}

static mpy_obj real(mpy_obj x) {
    volatile float half = 0.5f;
    return mpy_small_int((intptr_t)((float)mpy_word(x) * half * 10.0f));
}

/** memset and memcpy by name: the linker leaves them to the converter. */
static mpy_obj fill(mpy_obj to) {
    mpy_buffer found;
    mpy_get_buffer(to, &found, MPY_BUFFER_WRITE);
    memset(found.memory, 'x', found.octets);
    memcpy(found.memory, WORDS[2], 3);
    return mpy_none();
}

static mpy_obj fail(size_t count, const mpy_obj *arguments) {
    (void)arguments;
    mpy_raise(mp_native_qstr_table[QSTR_ValueError], count == 1 ? "one" : "two");
    return mpy_none();
}

#define FIXED(name, arity) \
    static const mpy_fixed name##_object = {mp_type_fun_builtin_##arity, (void (*)(void))name};
FIXED(zeroed, 0)
FIXED(data, 0)
FIXED(table, 1)
FIXED(choose, 1)
FIXED(word, 1)
FIXED(apply, 2)
FIXED(divide, 1)
FIXED(real, 1)
FIXED(fill, 1)
static const mpy_variadic fail_object = {mp_type_fun_builtin_var, MPY_ARGUMENTS(1, 2), (void (*)(void))fail};

#ifdef PADDING
__asm__(".section .text.padding,\"ax\",%progbits\n.globl padding\npadding: .space 80000\n.text");
extern const char padding[];
#endif

MPY_ENTRY_POINT mpy_obj mpy_init(const mpy_self *self, size_t count, size_t keywords,
                                 const mpy_obj *arguments) {
    (void)count, (void)keywords, (void)arguments;
    void *before = mpy_swap_globals(self->context->module.globals);
#ifdef PADDING
    data_count += padding[0];
#endif
#define NAME(name)
#define EXPORT(name) mpy_store_global(mp_native_qstr_table[QSTR_##name], &name##_object);
#include "features.h"
    mpy_swap_globals(before);
    return mpy_none();
}
