/** @file bench_srtp.c See bench_srtp.h. */
#include "bench_srtp.h"

#include <stdio.h>

#include "marks.h"
#include "parley_leg.h"
#include "srtp_state.h"

void bench_srtp_run(void) {
    static const char *const SUITES[] = {"AES_CM_80", "AES_CM_32", "AES_GCM"};
    static const uint8_t master[PARLEY_SRTP_MASTER_BYTES] = {1, 2, 3};
    static uint8_t packet[PARLEY_LEG_PACKET_BYTES + PARLEY_SRTP_GROWTH_BYTES] = {0x80};
    static parley_srtp srtp;
    for (int32_t i = 0; i < 3; i++) {
        printf("srtp keys %s\n", SUITES[i]);
        mark_begin();
        parley_srtp_init(&srtp, (int32_t)sizeof srtp, PARLEY_SRTP_AES_CM_80 + i, master, master);
        mark_end();
        printf("srtp protect %s\n", SUITES[i]);
        mark_begin();
        int32_t length = parley_srtp_protect(&srtp, packet, PARLEY_LEG_PACKET_BYTES, (int32_t)sizeof packet);
        mark_end();
        printf("srtp unprotect %s\n", SUITES[i]);
        mark_begin();
        parley_srtp_unprotect(&srtp, packet, length, packet);
        mark_end();
    }
}
