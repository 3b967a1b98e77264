/** @file system_x64.c System calls by their instruction, for a native module that has no C library. */
#include "system.h"

enum { CALL_MMAP = 9, CALL_MADVISE = 28, CALL_CLOCK_GETTIME = 228, CALL_PPOLL = 271, CALL_RECVMMSG = 299, CALL_SENDMMSG = 307 };

enum { PROT_READ_WRITE = 3, MAP_PRIVATE_ANONYMOUS = 0x22, MADV_HUGEPAGE = 14, LARGE_PAGE = 1 << 21 };

enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1 };

/** The kernel takes its arguments in these registers and destroys rcx and r11. */
static intptr_t call(intptr_t number, intptr_t a, intptr_t b, intptr_t c, intptr_t d, intptr_t e, intptr_t f) {
    intptr_t result;
    register intptr_t r10 __asm__("r10") = d;
    register intptr_t r8 __asm__("r8") = e;
    register intptr_t r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

int32_t system_receive(int32_t fd, system_message *messages, int32_t count) {
    return (int32_t)call(CALL_RECVMMSG, fd, (intptr_t)messages, count, SYSTEM_MSG_DONTWAIT, 0, 0);
}

int32_t system_send(int32_t fd, system_message *messages, int32_t count) {
    return (int32_t)call(CALL_SENDMMSG, fd, (intptr_t)messages, count, SYSTEM_MSG_DONTWAIT, 0, 0);
}

static int64_t clock_ns(int32_t clock) {
    int64_t now[2] = {0, 0};
    call(CALL_CLOCK_GETTIME, clock, (intptr_t)now, 0, 0, 0, 0);
    return now[0] * 1000000000 + now[1];
}

int64_t system_now(void) {
    return clock_ns(CLOCK_REALTIME);
}

int64_t system_steady(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

int32_t system_wait(const int32_t *fds, int32_t count, int64_t ns) {
    system_poll polled[SYSTEM_WAIT_MAX];
    int64_t longest[2] = {ns / 1000000000, ns % 1000000000};
    for (int32_t i = 0; i < count; i++) {
        polled[i].fd = fds[i];
        polled[i].events = SYSTEM_POLLIN;
        polled[i].found = 0;
    }
    return (int32_t)call(CALL_PPOLL, (intptr_t)polled, count, (intptr_t)longest, 0, 0, 0);
}

void *system_map(size_t octets) {
    size_t whole = (octets + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    size_t asked = octets < LARGE_PAGE ? octets : whole + LARGE_PAGE; /* room to begin on a large page */
    intptr_t memory = call(CALL_MMAP, 0, (intptr_t)asked, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
    if (memory < 0 && memory > -4096) {
        return NULL;
    }
    if (asked == octets) {
        return (void *)memory;
    }
    memory = (memory + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    call(CALL_MADVISE, memory, (intptr_t)whole, MADV_HUGEPAGE, 0, 0, 0);
    return (void *)memory;
}
