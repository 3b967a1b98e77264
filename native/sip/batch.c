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

/** Places in a row. */
enum { KIND, PLACE, OCTETS, ADDRESS, PORT, URI, TAIL, END, FIRST, COUNT, ASKERS, ASKERS_END };

/** What one call reads, and where it puts that. */
typedef struct reading {
    const uint8_t *data;
    uint8_t *scratch;
    int64_t *rows;
    parley_sip_asked *asked;
    int32_t left, together;
} reading;

/** Tells whether both rows have the same Request-URI and offer. */
static int say_the_same(const reading *all, const int64_t *one, const int64_t *other) {
    int64_t octets = one[END] - one[URI];
    return octets == other[END] - other[URI] && one[TAIL] - one[URI] == other[TAIL] - other[URI] &&
           memcmp(all->scratch + one[PLACE] * PARLEY_SIP_SCRATCH + one[URI],
                  all->scratch + other[PLACE] * PARLEY_SIP_SCRATCH + other[URI], (size_t)octets) == 0;
}

/** Notes who asks in the row; 1 when that is in the row before now. */
static int note_asker(reading *all, int64_t *row, int32_t number, const uint8_t *uri, int32_t octets) {
    parley_sip_asked *asked = all->asked;
    row[FIRST] = asked->count;
    row[COUNT] = 1;
    row[ASKERS] = asked->octets;
    asked->numbers[asked->count] = number;
    asked->addresses[asked->count++] = (uint32_t)row[ADDRESS];
    memcpy(asked->askers + asked->octets, uri, (size_t)octets);
    asked->octets += octets;
    asked->askers[asked->octets++] = '\n';
    row[ASKERS_END] = asked->octets;
    int64_t *before = row - PARLEY_SIP_ROW;
    if (!all->together || all->left == 0 || row[KIND] != PARLEY_SIP_INVITE || before[KIND] != PARLEY_SIP_INVITE ||
        !say_the_same(all, before, row)) {
        return 0;
    }
    before[COUNT]++;
    before[ASKERS_END] = asked->octets;
    return 1;
}

/** Reads one datagram, and fills the next row if something is left to do. */
static void read_one(reading *all, const batch *from, int32_t place, int32_t fd, parley_redirects *redirects,
                     int64_t now_ms, int32_t begin) {
    int32_t ends[PARLEY_SIP_PIECES] = {0}, number = -1, kind = PARLEY_SIP_OTHER;
    int32_t octets = (int32_t)from->messages[place].msg_len;
    uint32_t address = ntohl(from->peers[place].sin_addr.s_addr);
    int32_t port = ntohs(from->peers[place].sin_port);
    const uint8_t *data = all->data + place * PARLEY_SIP_DATAGRAM;
    uint8_t *scratch = all->scratch + place * PARLEY_SIP_SCRATCH;
    if ((from->messages[place].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
        return;
    }
    if (redirects != NULL) {
        kind = parley_redirects_take(redirects, data, octets, address, port, fd, now_ms, begin, scratch, ends, &number);
    }
    if (kind == PARLEY_SIP_TAKEN) {
        return;
    }
    int64_t found[PARLEY_SIP_ROW] = {kind, place, octets, address, port, ends[3], ends[4], ends[5]};
    int64_t *row = all->rows + all->left * PARLEY_SIP_ROW;
    memcpy(row, found, sizeof found);
    if (kind == PARLEY_SIP_OTHER || !note_asker(all, row, number, scratch + ends[5], ends[6] - ends[5])) {
        all->left++;
    }
}

int32_t parley_sip_receive(int32_t fd, parley_redirects *redirects, int64_t now_ms, int32_t begin, int32_t together,
                           uint8_t *data, uint8_t *scratch, int64_t *rows, parley_sip_asked *asked, int32_t *left) {
    batch all;
    reading to = {data, scratch, rows, asked, 0, together};
    for (int32_t place = 0; place < BATCH; place++) {
        batch_describe(&all, place, data + place * DATAGRAM, DATAGRAM);
    }
    *left = asked->count = asked->octets = 0;
    int32_t count = recvmmsg(fd, all.messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
    }
    for (int32_t place = 0; place < count; place++) {
        read_one(&to, &all, place, fd, redirects, now_ms, begin);
    }
    *left = to.left;
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
