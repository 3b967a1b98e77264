/** @file batch.c Datagrams of IPv4 in batches, by Linux's recvmmsg and sendmmsg; the contract stands in parley_sip.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum { BATCH = PARLEY_SIP_BATCH, DATAGRAM = PARLEY_SIP_DATAGRAM };

void batch_describe(batch *all, int32_t place, const uint8_t *octets, size_t size) {
    memset(&all->messages[place], 0, sizeof all->messages[place]);
    all->parts[place].iov_base = (void *)(uintptr_t)octets;
    all->parts[place].iov_len = size;
    all->messages[place].msg_hdr.msg_iov = &all->parts[place];
    all->messages[place].msg_hdr.msg_iovlen = 1;
    all->messages[place].msg_hdr.msg_name = &all->peers[place];
    all->messages[place].msg_hdr.msg_namelen = sizeof all->peers[place];
}

void batch_address(batch *all, int32_t place, uint32_t address, int32_t port) {
    memset(&all->peers[place], 0, sizeof all->peers[place]);
    all->peers[place].sin_family = AF_INET;
    all->peers[place].sin_addr.s_addr = htonl(address);
    all->peers[place].sin_port = htons((uint16_t)port);
}

int32_t batch_send(batch *all, int32_t count, int32_t fd) {
    int32_t lost = 0, sent = 0;
    while (sent < count) {
        int32_t done = sendmmsg(fd, all->messages + sent, (unsigned)(count - sent), MSG_DONTWAIT);
        if (done <= 0) { /* that one is lost, or the fault of an earlier one was told (ICMP) */
            lost++;
            done = 1;
        }
        sent += done;
    }
    return lost;
}

/** Reads one datagram, and fills its row; 0 if nothing is left to do. */
static int read_one(const batch *all, int32_t place, int32_t fd, parley_redirects *redirects, int64_t now_ms,
                    int32_t begin, const uint8_t *data, uint8_t *scratch, int64_t *row) {
    int32_t ends[PARLEY_SIP_PIECES] = {0}, number = -1, kind = PARLEY_SIP_OTHER;
    int32_t octets = (int32_t)all->messages[place].msg_len;
    uint32_t address = ntohl(all->peers[place].sin_addr.s_addr);
    int32_t port = ntohs(all->peers[place].sin_port);
    if ((all->messages[place].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
        return 0;
    }
    if (redirects != NULL) {
        kind = parley_redirects_take(redirects, data, octets, address, port, fd, now_ms, begin, scratch, ends, &number);
    }
    int64_t found[PARLEY_SIP_ROW] = {kind, place, octets, address, port, number, ends[3], ends[4], ends[5], ends[6]};
    memcpy(row, found, sizeof found);
    return kind != PARLEY_SIP_TAKEN;
}

int32_t parley_sip_receive(int32_t fd, parley_redirects *redirects, int64_t now_ms, int32_t begin, uint8_t *data,
                           uint8_t *scratch, int64_t *rows, int32_t *left) {
    batch all;
    for (int32_t place = 0; place < BATCH; place++) {
        batch_describe(&all, place, data + place * DATAGRAM, DATAGRAM);
    }
    *left = 0;
    int32_t count = recvmmsg(fd, all.messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
    }
    for (int32_t place = 0; place < count; place++) {
        *left += read_one(&all, place, fd, redirects, now_ms, begin, data + place * DATAGRAM,
                          scratch + place * PARLEY_SIP_SCRATCH, rows + *left * PARLEY_SIP_ROW);
    }
    return count;
}

int32_t parley_sip_send(int32_t fd, int32_t count, const uint8_t *data, const int32_t *sizes,
                        const uint32_t *addresses, const int32_t *ports) {
    batch all;
    int32_t lost = 0;
    for (int32_t begin = 0; begin < count; begin += BATCH) {
        int32_t some = count - begin < BATCH ? count - begin : BATCH;
        for (int32_t place = 0; place < some; place++) {
            batch_describe(&all, place, data, (size_t)sizes[begin + place]);
            batch_address(&all, place, addresses[begin + place], ports[begin + place]);
            data += sizes[begin + place];
        }
        lost += batch_send(&all, some, fd);
    }
    return lost;
}
