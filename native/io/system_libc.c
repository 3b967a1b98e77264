/** @file system_libc.c The same system calls through the C library, for CPython's module on any processor. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "system.h"

enum { LARGE_PAGE = 1 << 21 };

typedef char system_has_64_bits[sizeof(void *) == 8 ? 1 : -1];

static int32_t result_of(long result) {
    return result < 0 ? -errno : (int32_t)result;
}

int32_t system_receive(int32_t fd, system_message *messages, int32_t count) {
    return result_of(syscall(SYS_recvmmsg, fd, messages, count, SYSTEM_MSG_DONTWAIT, NULL));
}

int32_t system_send(int32_t fd, system_message *messages, int32_t count) {
    return result_of(syscall(SYS_sendmmsg, fd, messages, count, SYSTEM_MSG_DONTWAIT));
}

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    return clock_gettime(clock, &now) == 0 ? now.tv_sec * (int64_t)1000000000 + now.tv_nsec : 0;
}

int64_t system_now(void) {
    return clock_ns(CLOCK_REALTIME);
}

int64_t system_steady(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

int32_t system_wait(const int32_t *fds, int32_t count, int64_t ns) {
    struct pollfd polled[SYSTEM_WAIT_MAX];
    struct timespec longest = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    for (int32_t i = 0; i < count; i++) {
        polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    }
    return result_of(ppoll(polled, (nfds_t)count, &longest, NULL));
}

void *system_map(size_t octets) {
    size_t asked = octets < LARGE_PAGE ? octets : (octets / LARGE_PAGE + 2) * LARGE_PAGE;
    char *memory = mmap(NULL, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || asked == octets) {
        return memory == MAP_FAILED ? NULL : memory;
    }
    memory += LARGE_PAGE - (uintptr_t)memory % LARGE_PAGE; /* begin on a large page */
    madvise(memory, asked - LARGE_PAGE, MADV_HUGEPAGE);
    return memory;
}
