/**
 * @file awake.c
 * Keeps a core from halting by work that anybody else's comes before: at idle priority, until whoever started it ends.
 *
 *     taskset -c CORE awake
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

int main(void) {
    struct sched_param none = {0};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || sched_setscheduler(0, SCHED_IDLE, &none) != 0) {
        perror("awake");
        return 2;
    }
    puts("awake");
    fflush(stdout);
    for (volatile unsigned turns = 0;; turns++) {
    }
}
