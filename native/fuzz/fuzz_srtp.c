/**
 * @file fuzz_srtp.c
 * SRTP and SRTCP of every suite open what the fuzzer makes; the first octet says which, and whether the tag is made right.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "parley_srtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t master[PARLEY_SRTP_MASTER_BYTES] = {9, 8, 7};
    if (size < 1 || size > PARLEY_SRTP_PACKET_BYTES_MAX) {
        return 0;
    }
    int32_t state_octets = parley_srtp_size(), length = (int32_t)size - 1;
    int32_t room = length + PARLEY_SRTP_GROWTH_BYTES;
    parley_srtp *from = malloc((size_t)state_octets), *to = malloc((size_t)state_octets);
    uint8_t *packet = malloc((size_t)room), *plain = malloc((size_t)room);
    if (from == NULL || to == NULL || packet == NULL || plain == NULL) {
        abort();
    }
    int32_t suite = PARLEY_SRTP_AES_CM_80 + data[0] % 3;
    parley_srtp_init(from, state_octets, suite, master, master);
    parley_srtp_init(to, state_octets, suite, master, master);
    memcpy(packet, data + 1, (size_t)length);
    int rtcp = data[0] & 4;
    if (data[0] & 8) {
        int32_t made = rtcp ? parley_srtcp_protect(from, packet, length, room)
                            : parley_srtp_protect(from, packet, length, room);
        length = made < 0 ? length : made;
    }
    uint8_t *exact = malloc(length > 0 ? (size_t)length : 1);
    if (exact == NULL) {
        abort();
    }
    memcpy(exact, packet, (size_t)length);
    int32_t opened = rtcp ? parley_srtcp_unprotect(to, exact, length, plain)
                          : parley_srtp_unprotect(to, exact, length, plain);
    if (opened >= 0 && memcmp(plain, data + 1, (size_t)opened) != 0) {
        abort(); /* what comes out is what went in */
    }
    free(exact), free(plain), free(packet), free(to), free(from);
    return 0;
}
