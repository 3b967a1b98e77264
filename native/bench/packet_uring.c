/** @file packet_uring.c io_uring by raw system calls, no library: the same batches as recvmmsg and sendmmsg make. */
#include "packet_io.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ring;
static unsigned *tail, *mask, *array, *done_head, *done_tail, *done_mask;
static struct io_uring_sqe *entries;
static struct io_uring_cqe *results;

static void *map(size_t octet_count, off_t what) {
    return mmap(NULL, octet_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, what);
}

int uring_open(void) {
    struct io_uring_params terms = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    ring = (int)syscall(SYS_io_uring_setup, 2 * BATCH, &terms);
    if (ring < 0 && errno == EINVAL) { /* an older kernel */
        memset(&terms, 0, sizeof terms);
        ring = (int)syscall(SYS_io_uring_setup, 2 * BATCH, &terms);
    }
    if (ring < 0) {
        return errno;
    }
    uint8_t *asked = map(terms.sq_off.array + terms.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
    uint8_t *told = map(terms.cq_off.cqes + terms.cq_entries * sizeof *results, IORING_OFF_CQ_RING);
    entries = map(terms.sq_entries * sizeof *entries, IORING_OFF_SQES);
    if (asked == MAP_FAILED || told == MAP_FAILED || entries == MAP_FAILED) {
        return errno;
    }
    tail = (unsigned *)(asked + terms.sq_off.tail);
    mask = (unsigned *)(asked + terms.sq_off.ring_mask);
    array = (unsigned *)(asked + terms.sq_off.array);
    done_head = (unsigned *)(told + terms.cq_off.head);
    done_tail = (unsigned *)(told + terms.cq_off.tail);
    done_mask = (unsigned *)(told + terms.cq_off.ring_mask);
    results = (struct io_uring_cqe *)(told + terms.cq_off.cqes);
    return 0;
}

static void ask(uint8_t what, int fd, int place, void *address, size_t length) {
    unsigned index = *tail & *mask;
    struct io_uring_sqe *entry = &entries[index];
    memset(entry, 0, sizeof *entry);
    entry->opcode = what;
    entry->fd = fd;
    entry->addr = (uint64_t)(uintptr_t)address;
    entry->len = (uint32_t)length;
    entry->msg_flags = MSG_DONTWAIT;
    entry->user_data = (uint64_t)place;
    array[index] = index;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

/** One system call for all; result[i]: octets of message i, or a negative errno. */
static void submit(unsigned number, int result[BATCH]) {
    unsigned asked = number;
    for (unsigned seen = 0; seen < number;) {
        syscall(SYS_io_uring_enter, ring, asked, number - seen, IORING_ENTER_GETEVENTS, NULL, 0);
        asked = 0;
        unsigned head = *done_head, end = __atomic_load_n(done_tail, __ATOMIC_ACQUIRE);
        for (; head != end; head++, seen++) {
            const struct io_uring_cqe *one = &results[head & *done_mask];
            result[one->user_data] = one->res;
        }
        __atomic_store_n(done_head, head, __ATOMIC_RELEASE);
    }
}

int64_t uring_drain(int fd) {
    int result[BATCH], got = BATCH;
    int64_t echoed = 0;
    while (got == BATCH) {
        ready_to_receive();
        for (int i = 0; i < BATCH; i++) {
            ask(IORING_OP_RECVMSG, fd, i, &messages[i].msg_hdr, 1);
        }
        submit(BATCH, result);
        got = 0;
        for (int i = 0; i < BATCH; i++) {
            if (result[i] >= 0) {
                parts[i].iov_len = (size_t)result[i];
                ask(IORING_OP_SENDMSG, fd, i, &messages[i].msg_hdr, 1);
                got++;
            }
        }
        submit((unsigned)got, result);
        echoed += got;
    }
    return echoed;
}

int64_t uring_drain_each(const int *fds, int count) {
    int result[BATCH];
    int64_t echoed = 0;
    for (int first = 0; first < count; first += BATCH) {
        int number = count - first < BATCH ? count - first : BATCH;
        unsigned got = 0;
        for (int i = 0; i < number; i++) {
            ask(IORING_OP_RECV, fds[first + i], i, octets[i], OCTETS);
        }
        submit((unsigned)number, result);
        for (int i = 0; i < number; i++) {
            if (result[i] >= 0) {
                ask(IORING_OP_SEND, fds[first + i], i, octets[i], (size_t)result[i]);
                got++;
            }
        }
        submit(got, result);
        echoed += got;
    }
    return echoed;
}
