/**
 * @file echo.c
 * The ceiling to measure against: what comes is sent back, by recvmmsg and sendmmsg in batches, and nothing
 * else is done.
 *
 *     echo HOST PORT TICK_US SECONDS
 *
 * Every TICK_US microseconds the socket is drained, as a board does it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, OCTETS = 1056, BUFFER_OCTETS = 8 << 20 };

static uint8_t octets[BATCH][OCTETS + 32];
static struct sockaddr_in from[BATCH];
static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int open_socket(const char *host, int port) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = BUFFER_OCTETS;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    inet_pton(AF_INET, host, &own.sin_addr);
    if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
        perror("bind");
        exit(2);
    }
    return fd;
}

/** Sends everything back that has come. @return packets */
static int64_t drain(int fd) {
    int64_t echoed = 0;
    int got = BATCH;
    while (got == BATCH) {
        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){octets[i], OCTETS};
            messages[i].msg_hdr = (struct msghdr){&from[i], sizeof from[i], &parts[i], 1, NULL, 0, 0};
        }
        got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            parts[i].iov_len = messages[i].msg_len;
        }
        for (int done = 0; done < got;) {
            int result = sendmmsg(fd, messages + done, (unsigned)(got - done), MSG_DONTWAIT);
            done += result < 0 ? 1 : result;
        }
        echoed += got > 0 ? got : 0;
    }
    return echoed;
}

int main(int words, char **word) {
    if (words != 5) {
        fprintf(stderr, "echo HOST PORT TICK_US SECONDS\n");
        return 2;
    }
    int fd = open_socket(word[1], atoi(word[2]));
    int64_t tick = atoll(word[3]) * 1000, due = now_ns(), end = due + (int64_t)(atof(word[4]) * 1e9), echoed = 0;
    while (due < end) {
        struct timespec until = {due / 1000000000, due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        echoed += drain(fd);
        due += tick;
    }
    printf("{\"echoed\": %lld}\n", (long long)echoed);
    return 0;
}
