/** @file bench_conference.h Whole ticks of a conference on the bridge of parley_bridge.h. */
#ifndef PARLEY_BENCH_CONFERENCE_H
#define PARLEY_BENCH_CONFERENCE_H

#include <stdint.h>

typedef struct bench_conference {
    const char *name;
    int32_t legs;     /* all send a packet a tick, PCMU */
    int32_t talk;     /* of them, how many send noise of `peak` */
    int32_t sound;    /* how many send any sound: those above `talk` murmur */
    int32_t peak;     /* 16-bit steps */
    int32_t loudest;  /* voices mixed at most, 0 all */
    int32_t names;    /* of who is heard, with levels, in each packet at most */
} bench_conference;

/** Runs a conference until it plays and marks one tick: all packets in, all mixed, all out. @return 0 failed */
int bench_conference_run(const bench_conference *conference);

#endif
