/**
 * @file parley_io.h
 * Packets between a UDP socket of Linux and a bridge (parley_bridge.h), many to a system call.
 *
 * One socket serves the whole board: recvmmsg, the bridge finds the leg by the source address, the bridge
 * mixes, sendmmsg. Nothing here blocks (MSG_DONTWAIT) and nothing is allocated. The receive buffers and the
 * counters are memory the caller owns, parley_io_size() octets, aligned to 8.
 *
 * A leg may have a line, a connected socket of its own: for a peer whose address tells nothing, because another
 * leg's peer has the same.
 *
 * A result below PARLEY_IO_ERRNO is -errno with PARLEY_IO_ERRNO added: the descriptor is no good.
 */
#ifndef PARLEY_IO_H
#define PARLEY_IO_H

#include <stdint.h>

#include "parley_bridge.h"

enum {
    PARLEY_IO_BATCH = 64,
    PARLEY_IO_LINE_DATAGRAMS = 8, /* taken from a line at once; the rest has to wait */
    PARLEY_IO_UNUSABLE = -100,
    PARLEY_IO_ARGUMENT = -101,
    PARLEY_IO_ERRNO = -1000
};

/** Statistics. Counters start at 0 and wrap below 2^30. */
enum {
    PARLEY_IO_STAT_RECEIVED = 0,       /* datagrams handed to the bridge */
    PARLEY_IO_STAT_TRUNCATED = 1,      /* datagrams longer than any of ours: dropped */
    PARLEY_IO_STAT_RECEIVE_ERRORS = 2, /* news of earlier packets (ICMP) and the like */
    PARLEY_IO_STAT_SENT = 3,           /* datagrams the system took */
    PARLEY_IO_STAT_REFUSED = 4,        /* datagrams it did not: no way there, or no room */
    PARLEY_IO_STAT_RECEIVE_CALLS = 5,  /* of the system */
    PARLEY_IO_STAT_SEND_CALLS = 6,
    PARLEY_IO_STAT_COUNT = 7
};

/** Words of a run's plan. Milliseconds are from the beginning of the call. */
enum {
    PARLEY_IO_RUN_NEXT_MS = 0,  /* the next tick; at the end, the one after those that were run */
    PARLEY_IO_RUN_STEP_MS = 1,  /* between two ticks */
    PARLEY_IO_RUN_UNTIL_MS = 2, /* the caller has something else to do */
    PARLEY_IO_RUN_LATE_MS = 3,  /* a tick so late is left to the caller */
    PARLEY_IO_RUN_PHASE = 4,    /* of the next tick, as NEXT_MS */
    PARLEY_IO_RUN_PHASES = 5,
    PARLEY_IO_RUN_CLOCK_MS = 6, /* of parley_bridge_clock at the beginning */
    PARLEY_IO_RUN_TICKS = 7,    /* result: how many were run */
    PARLEY_IO_RUN_WORDS = 8,
    PARLEY_IO_RUN_CLOCK_MASK = 0x1FFFFFFF,
    PARLEY_IO_RUN_LONGEST_MS = 100000,
    PARLEY_IO_RUN_WATCHED_MAX = 64
};

typedef struct parley_io parley_io;

/** Octets of state. */
int32_t parley_io_size(void);

/** Prepares `io`, memory of `size` octets. @return 0 or PARLEY_IO_ARGUMENT */
int32_t parley_io_init(parley_io *io, int32_t size);

/** 1 if memory of `size` octets went through parley_io_init. */
int32_t parley_io_usable(const parley_io *io, int32_t size);

/**
 * Gives a leg a line, another, or none.
 *
 * @param fd  connected UDP socket of IPv4, or -1: the leg goes by the board's socket
 * @return 0 or PARLEY_IO_ARGUMENT
 */
int32_t parley_io_line(parley_io *io, int32_t leg, int32_t fd);

/**
 * Takes what has arrived, on the lines too.
 *
 * @param bridge  usable
 * @param fd      UDP socket of IPv4
 * @param most    datagrams to take from `fd` at most, rounded up to a batch: a flood must not cost the tick
 * @return datagrams taken, or below PARLEY_IO_ERRNO
 */
int32_t parley_io_receive(parley_io *io, parley_bridge *bridge, int32_t fd, int32_t most);

/**
 * A tick: takes what has arrived, mixes the conferences of `phase` (parley_bridge_begin), sends. If `fd` has
 * SO_TIMESTAMPNS, the bridge is told when each packet came (parley_bridge_before).
 *
 * What the system does not take is counted, of the leg too, and gone; only a broken `fd` is an error.
 *
 * @return packets sent, PARLEY_IO_ARGUMENT for phase or phases, or below PARLEY_IO_ERRNO
 */
int32_t parley_io_tick(parley_io *io, parley_bridge *bridge, int32_t fd, int32_t most, int32_t phase,
                       int32_t phases);

/**
 * Runs ticks, each in its time, and waits between them: until one of the descriptors watched is readable, UNTIL_MS has
 * come, a tick is late, or a signal has come in.
 *
 * @param watched  [count] descriptors of any kind, WATCHED_MAX at most
 * @param plan     [PARLEY_IO_RUN_WORDS]
 * @return ticks run, PARLEY_IO_ARGUMENT for the plan, or below PARLEY_IO_ERRNO: a tick had that result
 */
int32_t parley_io_run(parley_io *io, parley_bridge *bridge, int32_t fd, int32_t most, const int32_t *watched,
                      int32_t count, int32_t *plan);

/** Statistic `index`, or PARLEY_IO_ARGUMENT. */
int32_t parley_io_stat(const parley_io *io, int32_t index);

/** Zeroed memory from the system, on large pages where it likes, until the process ends. @return NULL: none */
uint8_t *parley_io_map(int32_t octets);

#endif
