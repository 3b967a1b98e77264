/**
 * @file packet_io.c
 * Ways to move a tick's packets, each sending back what comes, for packet_io.py to measure under the load of load.c.
 *
 *     packet_io WAY HOST PORT TICK_US SECONDS PARTICIPANTS
 *
 * WAY: mmsg (recvmmsg, sendmmsg, 64 at a time), single (recvfrom, sendto), uring, busy (mmsg, SO_BUSY_POLL),
 * reuseport (mmsg, four sockets of one port), connected (a socket for each participant, recv and send), uring-connected,
 * gro (mmsg, UDP_GRO), gso (mmsg, UDP_GRO and UDP_SEGMENT). Every TICK_US microseconds all is drained. Prints one
 * JSON object; exit code 3 and a sentence when the system refuses.
 */
#include "packet_io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { BUFFER_OCTETS = 8 << 20, MOST_SOCKETS = 8192, REUSED = 4, SLOTS = 20, LOAD_SOCKETS = 8, FIRST_PORT = 40000 };
enum { BUSY_US = 50, SEGMENT = 172 };

uint8_t octets[BATCH][OCTETS];
struct sockaddr_in from[BATCH];
struct mmsghdr messages[BATCH];
struct iovec parts[BATCH];
static int sockets[MOST_SOCKETS], socket_count = 1, merged;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void refused(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(3);
}

static int set(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }

static int open_socket(const char *host, int port, int shared) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, host, &own.sin_addr);
    if (shared && set(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) {
        refused("SO_REUSEPORT");
    }
    if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_OCTETS) != 0) {
        set(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_OCTETS);
    }
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
        refused("bind");
    }
    return fd;
}

/** A socket for each participant of load.c, connected to his address. */
static void connect_all(const char *host, int port, int participants) {
    struct rlimit files = {MOST_SOCKETS + 64, MOST_SOCKETS + 64};
    setrlimit(RLIMIT_NOFILE, &files);
    for (int i = 0; i < participants; i++) {
        struct sockaddr_in peer = {.sin_family = AF_INET};
        peer.sin_port = htons((uint16_t)(FIRST_PORT + 2 * (i % SLOTS % LOAD_SOCKETS)));
        peer.sin_addr.s_addr = htonl(127U << 24 | 16U << 16 | (uint32_t)i);
        sockets[i] = open_socket(host, port, 1);
        if (connect(sockets[i], (struct sockaddr *)&peer, sizeof peer) != 0) {
            refused("connect");
        }
    }
    socket_count = participants;
}

void ready_to_receive(void) {
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){octets[i], OCTETS};
        messages[i].msg_hdr = (struct msghdr){&from[i], sizeof from[i], &parts[i], 1, NULL, 0, 0};
    }
}

static int64_t mmsg_drain(int fd) {
    int64_t echoed = 0;
    int got = BATCH;
    while (got == BATCH) {
        ready_to_receive();
        got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            parts[i].iov_len = messages[i].msg_len;
            merged += messages[i].msg_len > SEGMENT;
        }
        for (int done = 0; done < got;) {
            int result = sendmmsg(fd, messages + done, (unsigned)(got - done), MSG_DONTWAIT);
            done += result < 0 ? 1 : result;
        }
        echoed += got > 0 ? got : 0;
    }
    return echoed;
}

static int64_t single_drain(int fd) {
    int64_t echoed = 0;
    for (;;) {
        socklen_t room = sizeof from[0];
        ssize_t length = recvfrom(fd, octets[0], OCTETS, MSG_DONTWAIT, (struct sockaddr *)&from[0], &room);
        if (length < 0) {
            return echoed;
        }
        sendto(fd, octets[0], (size_t)length, MSG_DONTWAIT, (struct sockaddr *)&from[0], room);
        echoed++;
    }
}

static int64_t connected_drain(int fd) {
    int64_t echoed = 0;
    ssize_t length;
    while ((length = recv(fd, octets[0], OCTETS, MSG_DONTWAIT)) >= 0) {
        send(fd, octets[0], (size_t)length, MSG_DONTWAIT);
        echoed++;
    }
    return echoed;
}

static void open_uring(void) {
    errno = uring_open();
    if (errno != 0) {
        refused("io_uring_setup");
    }
}

/** Opens what a way needs. @return how one of its sockets is drained, NULL: all by uring_drain_each */
static int64_t (*open_way(const char *way, const char *host, int port, int participants))(int) {
    if (strcmp(way, "connected") == 0 || strcmp(way, "uring-connected") == 0) {
        connect_all(host, port, participants);
        if (way[0] == 'c') {
            return connected_drain;
        }
        open_uring();
        return NULL;
    }
    socket_count = strcmp(way, "reuseport") == 0 ? REUSED : 1;
    for (int i = 0; i < socket_count; i++) {
        sockets[i] = open_socket(host, port, socket_count > 1);
    }
    if (strcmp(way, "busy") == 0 && set(sockets[0], SOL_SOCKET, SO_BUSY_POLL, BUSY_US) != 0) {
        refused("SO_BUSY_POLL");
    }
    if (way[0] == 'g' && set(sockets[0], IPPROTO_UDP, UDP_GRO, 1) != 0) {
        refused("UDP_GRO");
    }
    if (strcmp(way, "gso") == 0 && set(sockets[0], IPPROTO_UDP, UDP_SEGMENT, SEGMENT) != 0) {
        refused("UDP_SEGMENT");
    }
    if (strcmp(way, "uring") == 0) {
        open_uring();
        return uring_drain;
    }
    return strcmp(way, "single") == 0 ? single_drain : mmsg_drain;
}

int main(int words, char **word) {
    if (words != 7 || atoi(word[6]) > MOST_SOCKETS) {
        fprintf(stderr, "packet_io WAY HOST PORT TICK_US SECONDS PARTICIPANTS\n");
        return 2;
    }
    int64_t (*drain)(int) = open_way(word[1], word[2], atoi(word[3]), atoi(word[6]));
    int64_t tick = atoll(word[4]) * 1000, due = now_ns(), end = due + (int64_t)(atof(word[5]) * 1e9), echoed = 0;
    while (due < end) {
        struct timespec until = {due / 1000000000, due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        for (int i = 0; drain != NULL && i < socket_count; i++) {
            echoed += drain(sockets[i]);
        }
        echoed += drain == NULL ? uring_drain_each(sockets, socket_count) : 0;
        due += tick;
    }
    printf("{\"echoed\": %lld, \"merged\": %d}\n", (long long)echoed, merged);
    return 0;
}
