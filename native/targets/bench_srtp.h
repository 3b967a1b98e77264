/** @file bench_srtp.h What protection costs: a packet of 20 ms each way under each suite, and setting keys. */
#ifndef PARLEY_BENCH_SRTP_H
#define PARLEY_BENCH_SRTP_H

void bench_srtp_run(void);

#endif
