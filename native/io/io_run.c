/** @file io_run.c Ticks on their grid while nobody else has anything to do; the contract stands in parley_io.h. */
#include "io_state.h"

enum { NS_PER_MS = 1000000 };

static int32_t in_bounds(const int32_t *plan) {
    return plan[PARLEY_IO_RUN_STEP_MS] > 0 && plan[PARLEY_IO_RUN_LATE_MS] > 0 && plan[PARLEY_IO_RUN_UNTIL_MS] >= 0 &&
           plan[PARLEY_IO_RUN_UNTIL_MS] <= PARLEY_IO_RUN_LONGEST_MS &&
           plan[PARLEY_IO_RUN_NEXT_MS] <= PARLEY_IO_RUN_LONGEST_MS &&
           plan[PARLEY_IO_RUN_NEXT_MS] >= -PARLEY_IO_RUN_LONGEST_MS &&
           plan[PARLEY_IO_RUN_STEP_MS] <= PARLEY_IO_RUN_LONGEST_MS && plan[PARLEY_IO_RUN_PHASES] > 0 &&
           plan[PARLEY_IO_RUN_PHASE] >= 0 && plan[PARLEY_IO_RUN_PHASE] < plan[PARLEY_IO_RUN_PHASES];
}

/** One tick, and the plan moved on to the next. @return below PARLEY_IO_ERRNO, ARGUMENT, or packets sent */
static int32_t tick(parley_io *io, parley_bridge *bridge, int32_t fd, int32_t most, int32_t *plan, int64_t now_ms) {
    parley_bridge_clock(bridge, (plan[PARLEY_IO_RUN_CLOCK_MS] + (int32_t)now_ms) & PARLEY_IO_RUN_CLOCK_MASK);
    int32_t result = parley_io_tick(io, bridge, fd, most, plan[PARLEY_IO_RUN_PHASE], plan[PARLEY_IO_RUN_PHASES]);
    if (result >= 0) {
        plan[PARLEY_IO_RUN_TICKS]++;
        plan[PARLEY_IO_RUN_NEXT_MS] += plan[PARLEY_IO_RUN_STEP_MS];
        plan[PARLEY_IO_RUN_PHASE] = (plan[PARLEY_IO_RUN_PHASE] + 1) % plan[PARLEY_IO_RUN_PHASES];
    }
    return result;
}

int32_t parley_io_run(parley_io *io, parley_bridge *bridge, int32_t fd, int32_t most, const int32_t *watched,
                      int32_t count, int32_t *plan) {
    int64_t start_ns = system_steady();
    if (count < 0 || count > PARLEY_IO_RUN_WATCHED_MAX || !in_bounds(plan)) {
        return PARLEY_IO_ARGUMENT;
    }
    plan[PARLEY_IO_RUN_TICKS] = 0;
    for (;;) {
        int64_t now_ns = system_steady() - start_ns;
        int64_t next_ns = (int64_t)plan[PARLEY_IO_RUN_NEXT_MS] * NS_PER_MS;
        int64_t until_ns = (int64_t)plan[PARLEY_IO_RUN_UNTIL_MS] * NS_PER_MS;
        if (now_ns - next_ns >= (int64_t)plan[PARLEY_IO_RUN_LATE_MS] * NS_PER_MS) {
            return plan[PARLEY_IO_RUN_TICKS]; /* somebody has to account for it */
        }
        if (now_ns >= next_ns) {
            int32_t result = tick(io, bridge, fd, most, plan, now_ns / NS_PER_MS);
            if (result < 0) {
                return result;
            }
        } else if (now_ns >= until_ns ||
                   system_wait(watched, count, (next_ns < until_ns ? next_ns : until_ns) - now_ns) != 0) {
            return plan[PARLEY_IO_RUN_TICKS];
        }
    }
}
