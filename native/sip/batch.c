/** @file batch.c Datagrams of IPv4 in batches, by Linux's recvmmsg and sendmmsg; the contract stands in parley_sip.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "parley_sip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = PARLEY_SIP_BATCH, DATAGRAM = PARLEY_SIP_DATAGRAM };

/** What a system call reads and writes. */
typedef struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    struct sockaddr_in peers[BATCH];
} batch;

static void describe(batch *all, int32_t place, const uint8_t *octets, size_t size) {
    memset(&all->messages[place], 0, sizeof all->messages[place]);
    all->parts[place].iov_base = (void *)(uintptr_t)octets;
    all->parts[place].iov_len = size;
    all->messages[place].msg_hdr.msg_iov = &all->parts[place];
    all->messages[place].msg_hdr.msg_iovlen = 1;
    all->messages[place].msg_hdr.msg_name = &all->peers[place];
    all->messages[place].msg_hdr.msg_namelen = sizeof all->peers[place];
}

static void read_one(const struct mmsghdr *message, const struct sockaddr_in *peer, const uint8_t *data,
                     uint8_t *scratch, int64_t *row) {
    int32_t ends[PARLEY_SIP_PIECES] = {0}, back_port = 0, octets = (int32_t)message->msg_len;
    uint32_t address = ntohl(peer->sin_addr.s_addr);
    int32_t port = ntohs(peer->sin_port);
    int whole = (message->msg_hdr.msg_flags & MSG_TRUNC) == 0;
    row[0] = whole ? parley_sip_read(data, octets, address, port, scratch, ends, &back_port) : PARLEY_SIP_OTHER;
    row[1] = whole ? octets : -1;
    row[2] = address;
    row[3] = port;
    row[4] = back_port;
    for (int32_t piece = 0; piece < PARLEY_SIP_PIECES; piece++) {
        row[5 + piece] = ends[piece];
    }
}

int32_t parley_sip_receive(int32_t fd, uint8_t *data, uint8_t *scratch, int64_t *rows) {
    batch all;
    for (int32_t place = 0; place < BATCH; place++) {
        describe(&all, place, data + place * DATAGRAM, DATAGRAM);
    }
    int32_t count = recvmmsg(fd, all.messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
    }
    for (int32_t place = 0; place < count; place++) {
        read_one(&all.messages[place], &all.peers[place], data + place * DATAGRAM, scratch + place * PARLEY_SIP_SCRATCH,
                 rows + place * PARLEY_SIP_ROW);
    }
    return count;
}

int32_t parley_sip_send(int32_t fd, int32_t count, const uint8_t *data, const int32_t *sizes,
                        const uint32_t *addresses, const int32_t *ports) {
    batch all;
    int32_t lost = 0;
    for (int32_t begin = 0; begin < count; begin += BATCH) {
        int32_t some = count - begin < BATCH ? count - begin : BATCH, sent = 0;
        for (int32_t place = 0; place < some; place++) {
            describe(&all, place, data, (size_t)sizes[begin + place]);
            data += sizes[begin + place];
            memset(&all.peers[place], 0, sizeof all.peers[place]);
            all.peers[place].sin_family = AF_INET;
            all.peers[place].sin_addr.s_addr = htonl(addresses[begin + place]);
            all.peers[place].sin_port = htons((uint16_t)ports[begin + place]);
        }
        while (sent < some) {
            int32_t done = sendmmsg(fd, all.messages + sent, (unsigned)(some - sent), MSG_DONTWAIT);
            if (done <= 0) { /* that one is lost, or the fault of an earlier one was told (ICMP) */
                lost++;
                done = 1;
            }
            sent += done;
        }
    }
    return lost;
}
