/** @file fuzz_sip.c The reader of plain SIP requests takes what the fuzzer makes of datagrams, in memory of its exact size. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "parley_sip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int32_t ends[PARLEY_SIP_PIECES] = {0}, port = 0, before = 0;
    uint8_t *exact = malloc(size > 0 ? size : 1), *scratch = malloc(PARLEY_SIP_SCRATCH);
    if (exact == NULL || scratch == NULL) {
        abort();
    }
    memcpy(exact, data, size);
    int32_t kind = parley_sip_read(exact, (int32_t)size, 0x7F000001, 5070, scratch, ends, &port);
    for (int32_t piece = 0; kind == PARLEY_SIP_INVITE && piece < PARLEY_SIP_PIECES; piece++) {
        if (ends[piece] < before || ends[piece] > PARLEY_SIP_SCRATCH) {
            abort();
        }
        before = ends[piece];
    }
    if (kind < PARLEY_SIP_OTHER || kind > PARLEY_SIP_ACK || port < 0 || port > 65535) {
        abort();
    }
    free(exact), free(scratch);
    return 0;
}
