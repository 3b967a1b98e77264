/** @file io_state.h What receiving and sending share; private to parley_io. */
#ifndef PARLEY_IO_STATE_H
#define PARLEY_IO_STATE_H

#include "parley_io.h"

#include "bridge_parcel.h"
#include "bridge_side.h"
#include "system.h"

enum {
    IO_MAGIC = 0x50494F31, /* "PIO1" */
    BATCH = PARLEY_IO_BATCH,
    SAMPLE_NS = 125000, /* at 8000 Hz */
    DATAGRAM_OCTETS = 1440 /* more than the longest of ours; with the address an odd number of cache lines */
};

typedef struct io_datagram {
    system_address from;
    uint8_t octets[DATAGRAM_OCTETS];
    uint8_t padding[16];
} io_datagram;

struct parley_io {
    uint32_t magic;
    int32_t stat[PARLEY_IO_STAT_COUNT];
    int32_t lines; /* in use */
    int32_t spare[7];
    io_datagram received[BATCH];
    int32_t line_leg[PARLEY_BRIDGE_LEGS_MAX]; /* the first `lines` places: whose */
    int32_t line_fd[PARLEY_BRIDGE_LEGS_MAX];  /* by leg: its line and 1; 0 none */
};

/** What the system calls read and write, made anew in each call of ours: no pointers in the caller's memory. */
typedef struct io_batch {
    system_message messages[BATCH];
    system_part parts[BATCH];
    system_stamp stamps[BATCH];
    int64_t tick_ns; /* now, if the tick is now; else 0: nobody knows when it will be */
} io_batch;

static inline void io_count(parley_io *io, int32_t stat, int32_t by) {
    io->stat[stat] = (io->stat[stat] + by) & STAT_MASK;
}

static inline void io_describe(io_batch *batch, int32_t place, system_address *name, uint8_t *octets, size_t size) {
    static const system_message nothing;
    batch->parts[place].memory = octets;
    batch->parts[place].octets = size;
    batch->messages[place] = nothing;
    batch->messages[place].name = name;
    batch->messages[place].name_octets = sizeof *name;
    batch->messages[place].parts = &batch->parts[place];
    batch->messages[place].part_count = 1;
}

/** 1 if no other packet will fare better. */
static inline int io_broken(int32_t result) {
    return result == -SYSTEM_EBADF || result == -SYSTEM_ENOTSOCK || result == -SYSTEM_EFAULT ||
           result == -SYSTEM_ENOSYS;
}

/** Sends the first `made` places of the transmit area. @return packets sent, or below PARLEY_IO_ERRNO */
int32_t io_send(parley_io *io, parley_bridge *bridge, io_batch *batch, int32_t fd, int32_t made);

#endif
