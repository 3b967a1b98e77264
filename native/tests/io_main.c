/**
 * @file io_main.c
 * The packet I/O on real sockets of the loopback interface, under the sanitizers: io_main HOST.
 * Built once with each of the two ways to the system calls.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bridge_state.h"
#include "parley_io.h"

enum { LEGS = 150, CONFERENCES = 3, MOST = 2 * PARLEY_IO_BATCH, PORT = 23000 };

static struct in_addr host;
static int board, peers[LEGS];
static parley_bridge *bridge;
static parley_io *io;

static void check(int condition, const char *what) {
    if (!condition) {
        printf("FAILED: %s\n", what);
        exit(1);
    }
}

static int open_socket(int port) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = host};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof own) == 0, "bind");
    return fd;
}

static void say(int fd, const void *octets, size_t size) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = host};
    check(sendto(fd, octets, size, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)size, "sendto");
}

static int32_t drained(int fd) {
    uint8_t octets[2048];
    int32_t packets = 0;
    while (recv(fd, octets, sizeof octets, MSG_DONTWAIT) == PARLEY_LEG_PACKET_BYTES) {
        packets++;
    }
    return packets;
}

static void set_up(void) {
    int32_t seed[3] = {1, 2, 3};
    int32_t size = parley_bridge_size(LEGS, CONFERENCES);
    bridge = malloc((size_t)size);
    io = malloc((size_t)parley_io_size());
    check(bridge != NULL && io != NULL, "memory");
    check(parley_bridge_init(bridge, size, LEGS, CONFERENCES, 0) == 0, "bridge");
    check(parley_io_init(io, parley_io_size() - 1) != 0 && parley_io_init(io, parley_io_size()) == 0, "io");
    board = open_socket(PORT);
    for (int32_t i = 0; i < LEGS; i++) {
        int port = PORT + 2 + 2 * i;
        uint8_t address[6] = {0, 0, 0, 0, (uint8_t)(port >> 8), (uint8_t)port};
        memcpy(address, &host, 4);
        peers[i] = open_socket(port);
        check(parley_bridge_add_leg(bridge, i, i % CONFERENCES, 0, 0, -1, 2, 3, seed, address) == 0, "leg");
    }
}

static void a_full_house_in_batches(void) {
    uint8_t packet[PARLEY_LEG_PACKET_BYTES] = {0x80};
    for (int32_t i = 0; i < LEGS; i++) {
        say(peers[i], packet, sizeof packet);
    }
    check(parley_io_receive(io, bridge, board, MOST) == MOST, "bounded");
    check(parley_io_tick(io, bridge, board, MOST, 0, 1) == LEGS, "all sent");
    check(parley_bridge_stat(bridge, PARLEY_BRIDGE_STAT_TAKEN) == LEGS, "all taken");
    for (int32_t i = 0; i < LEGS; i++) {
        check(drained(peers[i]) == 1, "one each");
    }
    check(parley_io_tick(io, bridge, board, MOST, 1, 3) == LEGS / CONFERENCES, "one phase");
    check(parley_io_tick(io, bridge, board, MOST, 3, 3) == PARLEY_IO_ARGUMENT, "no such phase");
}

static void odd_datagrams(void) {
    static uint8_t large[1500] = {0x80};
    int stranger = open_socket(PORT + 1);
    int32_t before = parley_io_stat(io, PARLEY_IO_STAT_RECEIVED);
    say(peers[0], large, sizeof large);
    say(peers[0], large, 0);
    say(peers[0], large, 1440);
    say(peers[0], large, 1441);
    say(stranger, large, 172);
    check(parley_io_receive(io, bridge, board, MOST) == 5, "taken from the socket");
    check(parley_io_stat(io, PARLEY_IO_STAT_TRUNCATED) == 2, "truncated");
    check(parley_io_stat(io, PARLEY_IO_STAT_RECEIVED) == before + 3, "the rest");
    check(parley_bridge_stat(bridge, PARLEY_BRIDGE_STAT_UNKNOWN) == 1, "stranger");
    close(stranger);
}

/** A connected socket hears of closed ports; the packet that is told so is sent all the same. */
static void news_of_closed_ports(void) {
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(PORT - 2), .sin_addr = host};
    int32_t before = parley_io_stat(io, PARLEY_IO_STAT_REFUSED);
    check(connect(board, (struct sockaddr *)&nobody, sizeof nobody) == 0, "connect");
    check(send(board, "x", 1, 0) == 1, "send");
    check(parley_io_tick(io, bridge, board, MOST, 0, 1) == LEGS, "sent in spite of the news");
    check(parley_io_stat(io, PARLEY_IO_STAT_REFUSED) == before, "none refused");
    check(send(board, "x", 1, 0) == 1 || errno == ECONNREFUSED, "send");
    check(parley_io_receive(io, bridge, board, MOST) >= 0, "received in spite of the news");
    nobody.sin_family = AF_UNSPEC;
    check(connect(board, (struct sockaddr *)&nobody, sizeof nobody) == 0, "disconnect");
}

static void no_way_there(void) {
    static const uint8_t nowhere[6] = {255, 255, 255, 255, 1, 1}; /* broadcast: not allowed */
    check(parley_bridge_change(bridge, 7, 0, 0, -1, 3, nowhere) == 0, "change");
    check(parley_io_tick(io, bridge, board, MOST, 0, 1) == LEGS - 1, "the others are sent");
    check(parley_bridge_leg_stat(bridge, 7, PARLEY_BRIDGE_LEG_STAT_REFUSED) == 1, "counted of the leg");
    check(parley_io_stat(io, PARLEY_IO_STAT_REFUSED) == 1, "counted");
}

static void no_room(void) {
    int small = 1;
    int pair[2];
    check(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "socketpair");
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    int32_t before = parley_io_stat(io, PARLEY_IO_STAT_REFUSED);
    int32_t sent = parley_io_tick(io, bridge, pair[0], MOST, 0, 1);
    check(sent < LEGS, "not all fit");
    check(parley_io_stat(io, PARLEY_IO_STAT_REFUSED) == before + LEGS - (sent > 0 ? sent : 0), "the rest refused");
    close(pair[0]), close(pair[1]);
}

/** Two legs whose peers have one address: each is known by its line. */
static void legs_with_lines(void) {
    static const uint8_t none[6] = {0};
    uint8_t packet[PARLEY_LEG_PACKET_BYTES] = {0x80};
    int shared = open_socket(PORT + 1001);
    int lines[2];
    for (int32_t i = 0; i < 2; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT + 1001), .sin_addr = host};
        lines[i] = open_socket(PORT + 1002 + 2 * i);
        check(connect(lines[i], (struct sockaddr *)&to, sizeof to) == 0, "connect");
        check(parley_bridge_change(bridge, 7 + i, 0, 0, -1, 3, none) == 0, "change");
        check(parley_io_line(io, 7 + i, lines[i]) == 0, "line");
    }
    int32_t refused = parley_io_stat(io, PARLEY_IO_STAT_REFUSED);
    check(parley_io_tick(io, bridge, board, MOST, 0, 1) == LEGS, "all sent, by two ways");
    check(drained(shared) == 2 && drained(peers[6]) > 0, "each by his own");
    check(parley_io_stat(io, PARLEY_IO_STAT_REFUSED) == refused, "none refused");
    for (int32_t i = 0; i < 2 + PARLEY_IO_LINE_DATAGRAMS; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT + 1004), .sin_addr = host};
        packet[3] = (uint8_t)(i + 1);
        packet[6] = (uint8_t)(160 * (i + 1) >> 8), packet[7] = (uint8_t)(160 * (i + 1));
        check(sendto(shared, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to) > 0, "sendto");
    }
    int32_t before = parley_bridge_leg_stat(bridge, 8, PARLEY_LEG_STAT_RECEIVED);
    check(parley_io_receive(io, bridge, board, MOST) == PARLEY_IO_LINE_DATAGRAMS, "no more at once");
    check(parley_io_receive(io, bridge, board, MOST) == 2, "the rest");
    check(parley_bridge_leg_stat(bridge, 8, PARLEY_LEG_STAT_RECEIVED) > before, "leg 8's");
    check(parley_bridge_leg_stat(bridge, 7, PARLEY_LEG_STAT_RECEIVED) == 1, "nothing for leg 7 since the full house");

    close(lines[0]);
    check(parley_io_tick(io, bridge, board, MOST, 0, 1) == LEGS - 1, "a broken line is the leg's own misfortune");
    check(parley_bridge_leg_stat(bridge, 7, PARLEY_BRIDGE_LEG_STAT_REFUSED) == 2, "counted of the leg");
    for (int32_t i = 0; i < 2; i++) {
        check(parley_io_line(io, 7 + i, -1) == 0 && parley_io_line(io, 7 + i, -1) == 0, "none");
    }
    check(parley_io_tick(io, bridge, board, MOST, 0, 1) == LEGS - 2, "no way to either");
    check(parley_io_line(io, -1, 1) != 0 && parley_io_line(io, PARLEY_BRIDGE_LEGS_MAX, 1) != 0, "no such leg");
    check(parley_io_line(io, 0, -2) == PARLEY_IO_ARGUMENT, "no such line");
    close(lines[1]), close(shared);
}

static int64_t now_ns(void) {
    struct timespec now;
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock");
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

/** @return slack of the first packet of leg 9, begun anew, which lies in the socket for 30 ms and more */
static int32_t slack_of_a_packet_of_30_ms(void) {
    static const int32_t seed[3] = {1, 2, 3};
    uint8_t packet[PARLEY_LEG_PACKET_BYTES] = {0x80}, address[6] = {0};
    memcpy(address, &host, 4);
    address[4] = (PORT + 2 + 2 * 9) >> 8, address[5] = (uint8_t)(PORT + 2 + 2 * 9);
    check(parley_bridge_remove_leg(bridge, 9) == 0, "remove");
    check(parley_bridge_add_leg(bridge, 9, 0, 0, 0, -1, 2, 3, seed, address) == 0, "add");
    say(peers[9], packet, sizeof packet);
    for (int64_t begun_ns = now_ns(); now_ns() - begun_ns < 30000000;) {
    }
    check(parley_io_tick(io, bridge, board, MOST, 0, 1) > 0, "tick");
    return bridge_leg_at(bridge, 9)->leg.least;
}

static void when_packets_came(void) {
    int yes = 1;
    check(slack_of_a_packet_of_30_ms() == HALF_TICK, "nobody knows when");
    check(setsockopt(board, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes) == 0, "SO_TIMESTAMPNS");
    int32_t slack = slack_of_a_packet_of_30_ms();
    for (int again = 0; slack < 240 && again < 100; again++) { /* it begins a moment after it was asked */
        slack = slack_of_a_packet_of_30_ms();
    }
    check(slack >= 240 && slack <= PARLEY_BRIDGE_BEFORE_MAX, "the kernel does");
    check(parley_io_stat(io, PARLEY_IO_STAT_TRUNCATED) == 2, "no control data was cut");
}

/** 4 phases of 5 ms each, the first now. */
static void plan_of(int32_t *plan, int32_t until_ms) {
    static const int32_t usual[PARLEY_IO_RUN_WORDS] = {0, 5, 0, 5, 3, 4, PARLEY_IO_RUN_CLOCK_MASK, -1};
    memcpy(plan, usual, sizeof usual);
    plan[PARLEY_IO_RUN_UNTIL_MS] = until_ms;
}

static void ticks_in_their_time(void) {
    int32_t plan[PARLEY_IO_RUN_WORDS], watched[PARLEY_IO_RUN_WATCHED_MAX + 1] = {0};
    int pipes[2];
    check(pipe(pipes) == 0, "pipe");
    watched[0] = pipes[0];
    int32_t begun = parley_bridge_stat(bridge, PARLEY_BRIDGE_STAT_FRAMES), ticks = 0;
    int64_t start_ns = now_ns();
    while (ticks < 4) { /* a sleep here may be longer than 5 ms: then the rest is ours */
        plan_of(plan, 17);
        int32_t result = parley_io_run(io, bridge, board, MOST, watched, 1, plan);
        check(result >= 1 && result <= 4 && result == plan[PARLEY_IO_RUN_TICKS], "some ticks");
        check(plan[PARLEY_IO_RUN_NEXT_MS] == 5 * result, "the next one");
        check(plan[PARLEY_IO_RUN_PHASE] == (3 + result) % 4, "its phase");
        check(bridge->clock >= 0 && bridge->clock < 1000 && bridge->clock != plan[PARLEY_IO_RUN_CLOCK_MS], "the clock");
        ticks = result;
    }
    check(now_ns() - start_ns >= 17000000, "not before it was time");
    check(parley_bridge_stat(bridge, PARLEY_BRIDGE_STAT_FRAMES) >= begun + CONFERENCES, "all phases had their turn");

    plan_of(plan, PARLEY_IO_RUN_LONGEST_MS);
    check(write(pipes[1], "x", 1) == 1, "write");
    check(parley_io_run(io, bridge, board, MOST, watched, 1, plan) == 1, "what is due, and no more");
    plan_of(plan, PARLEY_IO_RUN_LONGEST_MS);
    plan[PARLEY_IO_RUN_NEXT_MS] = -5;
    check(parley_io_run(io, bridge, board, MOST, watched, 1, plan) == 0, "a late one is not ours");
    plan_of(plan, 0);
    plan[PARLEY_IO_RUN_NEXT_MS] = 1;
    check(parley_io_run(io, bridge, board, MOST, watched, 1, plan) == 0, "there is no time");
    plan_of(plan, 0);
    check(parley_io_run(io, bridge, 9999, MOST, watched, 1, plan) == PARLEY_IO_ERRNO - EBADF, "EBADF");

    check(parley_io_run(io, bridge, board, MOST, watched, -1, plan) == PARLEY_IO_ARGUMENT, "watched");
    check(parley_io_run(io, bridge, board, MOST, watched, PARLEY_IO_RUN_WATCHED_MAX + 1, plan) == PARLEY_IO_ARGUMENT,
          "too many");
    for (int32_t word = 0; word <= PARLEY_IO_RUN_PHASES; word++) {
        plan_of(plan, 0);
        plan[word] = -PARLEY_IO_RUN_LONGEST_MS - 1;
        check(parley_io_run(io, bridge, board, MOST, watched, 1, plan) == PARLEY_IO_ARGUMENT, "out of bounds");
    }
    close(pipes[0]), close(pipes[1]);
}

static void broken_descriptors(void) {
    int pipes[2];
    check(pipe(pipes) == 0, "pipe");
    check(parley_io_tick(io, bridge, 9999, MOST, 0, 1) == PARLEY_IO_ERRNO - EBADF, "EBADF");
    check(parley_io_receive(io, bridge, pipes[0], MOST) == PARLEY_IO_ERRNO - ENOTSOCK, "ENOTSOCK");
}

static void memory_of_the_system(void) {
    for (int32_t octets = 1; octets <= 1 << 24; octets *= 8) {
        uint8_t *memory = parley_io_map(octets);
        check(memory != NULL && memory[0] == 0 && memory[octets - 1] == 0, "zeroed");
        memset(memory, 1, (size_t)octets);
    }
    check(parley_io_map(0) == NULL && parley_io_map(-1) == NULL, "nothing");
}

int main(int count, char **words) {
    check(count == 2 && inet_pton(AF_INET, words[1], &host) == 1, "HOST");
    set_up();
    a_full_house_in_batches();
    odd_datagrams();
    news_of_closed_ports();
    no_way_there();
    legs_with_lines();
    no_room();
    when_packets_came();
    ticks_in_their_time();
    broken_descriptors();
    memory_of_the_system();
    for (int32_t i = 0; i < PARLEY_IO_STAT_COUNT; i++) {
        printf("%d ", (int)parley_io_stat(io, i));
    }
    free(bridge), free(io);
    return 0;
}
