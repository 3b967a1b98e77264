/**
 * @file system.h
 * The seven system calls of the packet I/O, and what they take: 64-bit Linux, little-endian. Results are
 * those of the kernel: below 0 it is -errno.
 */
#ifndef PARLEY_IO_SYSTEM_H
#define PARLEY_IO_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

enum {
    SYSTEM_AF_INET = 2,
    SYSTEM_SOL_SOCKET = 1,
    SYSTEM_SCM_TIMESTAMPNS = 35,
    SYSTEM_MSG_TRUNC = 0x20,
    SYSTEM_MSG_DONTWAIT = 0x40,
    SYSTEM_POLLIN = 1,
    SYSTEM_WAIT_MAX = 64,
    SYSTEM_EINTR = 4,
    SYSTEM_EBADF = 9,
    SYSTEM_EAGAIN = 11,
    SYSTEM_ENOMEM = 12,
    SYSTEM_EFAULT = 14,
    SYSTEM_ENOSYS = 38,
    SYSTEM_ENOTSOCK = 88,
    SYSTEM_ENOBUFS = 105,
    SYSTEM_ECONNREFUSED = 111
};

/** struct sockaddr_in; port and address in network order. */
typedef struct system_address {
    uint16_t family;
    uint8_t port[2];
    uint8_t address[4];
    uint8_t zero[8];
} system_address;

/** struct iovec */
typedef struct system_part {
    void *memory;
    size_t octets;
} system_part;

/** struct mmsghdr: a struct msghdr and what came of it. */
typedef struct system_message {
    system_address *name;
    uint32_t name_octets;
    uint32_t padding;
    system_part *parts;
    size_t part_count;
    void *control;
    size_t control_octets;
    int32_t flags;
    int32_t padding_2;
    uint32_t octets;
    uint32_t padding_3;
} system_message;

/** struct cmsghdr with a struct timespec: when the kernel took the datagram, by the clock of system_now. */
typedef struct system_stamp {
    size_t octets;
    int32_t level;
    int32_t type;
    int64_t seconds;
    int64_t nanoseconds;
} system_stamp;

/** struct pollfd */
typedef struct system_poll {
    int32_t fd;
    int16_t events;
    int16_t found;
} system_poll;

/** recvmmsg(2) without waiting. @return messages filled */
int32_t system_receive(int32_t fd, system_message *messages, int32_t count);

/** sendmmsg(2) without waiting. @return messages sent */
int32_t system_send(int32_t fd, system_message *messages, int32_t count);

/** clock_gettime(2) of CLOCK_REALTIME: ns since 1970, 0 if it fails */
int64_t system_now(void);

/** clock_gettime(2) of CLOCK_MONOTONIC: ns, 0 if it fails */
int64_t system_steady(void);

/** ppoll(2), for ns at most. fds: [count], SYSTEM_WAIT_MAX at most. @return how many are readable, 0 when time is up */
int32_t system_wait(const int32_t *fds, int32_t count, int64_t ns);

/** mmap(2) of private zeroed memory, madvise(2) for large pages. @return NULL if there is none */
void *system_map(size_t octets);

#endif
