/**
 * @file delay.c
 * How long a bridge holds what it hears: pairs of one who sends short bursts and one who listens.
 *
 *     delay SECONDS JITTER_MS SEED EVERY < lines "FD HOST PORT", talker and listener in turn
 *
 * Sockets are open already (FD) and each sends to its HOST PORT. Both of a pair send a PCMU frame every 20 ms, each
 * pair at its own phase; every EVERYth of a talker's frames is a square wave, all others are silence. JITTER_MS: each
 * of the talker's packets is held back for a random time up to that. A burst's delay is from when its packet was due
 * to leave to when its first sample came: the kernel's time of arrival, and the sample's place in the packet.
 * Prints one JSON object; what came in the first 4 seconds is not counted.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { FRAME = 160, SETTLE_S = 4, WHEEL = 8192, STEP_NS = 100000, MOST = 65536, QUIET_FRAMES = 5, LOUD = 1000 };

typedef struct end {
    int fd, quiet_samples;
    struct sockaddr_in to;
    uint16_t sequence;
} end;

typedef struct sending {
    int who, frame;
    int64_t due_ns;
    struct sending *next;
} sending;

static const int64_t SECOND_NS = 1000000000, FRAME_NS = 20000000;
static end *ends;
static sending *wheel[WHEEL]; /* all that is yet to be sent, by its time */
static int count, every;
static int64_t start_ns, jitter_ns, delays_us[MOST], late_us[MOST], held_us[MOST];
static int delays, lates, helds, said, received;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static int magnitude(uint8_t code) { return ((((~code & 15) << 3) + 132) << (~code >> 4 & 7)) - 132; }

static void read_ends(void) {
    char host[64];
    int fd, port, room = 0;
    while (scanf("%d %63s %d", &fd, host, &port) == 3) {
        if (count == room) {
            room = room ? 2 * room : 64;
            ends = realloc(ends, (size_t)room * sizeof *ends);
        }
        int on = 1;
        end *one = &ends[count++];
        *one = (end){.fd = fd, .to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}};
        inet_pton(AF_INET, host, &one->to.sin_addr);
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    }
}

/** When frame `frame` of participant `who` is due. */
static int64_t due_ns(int who, int frame) {
    return start_ns + frame * FRAME_NS + (int64_t)(who / 2) * FRAME_NS * 2 / count;
}

static void plan(int who, int frame) {
    sending *one = malloc(sizeof *one);
    int64_t held = who % 2 == 0 && jitter_ns ? (int64_t)(drand48() * (double)jitter_ns) : 0;
    int64_t due = due_ns(who, frame);
    sending **slot = &wheel[(due + held) / STEP_NS % WHEEL];
    *one = (sending){who, frame, due + held, *slot};
    *slot = one;
    if (who % 2 == 0 && helds < MOST) {
        held_us[helds++] = held / 1000;
    }
}

static void send_frame(const sending *one) {
    uint8_t packet[12 + FRAME] = {0x80, 0, (uint8_t)(one->frame >> 8), (uint8_t)one->frame};
    uint32_t timestamp = htonl((uint32_t)one->frame * FRAME), ssrc = htonl(0x60000000U + (uint32_t)one->who);
    memcpy(packet + 4, &timestamp, 4);
    memcpy(packet + 8, &ssrc, 4);
    memset(packet + 12, 0xFF, FRAME);
    if (one->who % 2 == 0 && one->frame % every == every / 2) {
        for (int i = 0; i < FRAME; i++) {
            packet[12 + i] = i & 4 ? 0x9F : 0x1F; /* 1 kHz */
        }
        said += due_ns(one->who, one->frame) - start_ns > SETTLE_S * SECOND_NS;
    }
    if (lates < MOST) {
        late_us[lates++] = (now_ns() - one->due_ns) / 1000;
    }
    sendto(ends[one->who].fd, packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&ends[one->who].to,
           sizeof ends[one->who].to);
}

/** The delay of what listener `who` heard begin at `at`: against the talker's last burst before that. */
static void heard(int who, int64_t at) {
    int64_t first = due_ns(who - 1, every / 2), period = every * FRAME_NS;
    if (at - start_ns > SETTLE_S * SECOND_NS && delays < MOST) {
        delays_us[delays++] = (at - first) % period / 1000;
    }
}

static void take(int who) {
    uint8_t packet[2048];
    union {
        struct cmsghdr header;
        uint8_t octets[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct iovec part = {packet, sizeof packet};
    for (;;) {
        struct msghdr message = {NULL, 0, &part, 1, &control, sizeof control, 0};
        ssize_t length = recvmsg(ends[who].fd, &message, MSG_DONTWAIT);
        if (length < 0) {
            return;
        }
        if (length < 12 || (packet[1] & 127) != 0 || who % 2 == 0) {
            continue;
        }
        struct timespec *stamp = (struct timespec *)CMSG_DATA(&control.header);
        int64_t at = stamp->tv_sec * SECOND_NS + stamp->tv_nsec;
        received++;
        for (int i = 12; i < length; i++) {
            int loud = magnitude(packet[i]) > LOUD;
            if (loud && ends[who].quiet_samples >= QUIET_FRAMES * FRAME) {
                heard(who, at + (i - 12) * (SECOND_NS / 8000));
            }
            ends[who].quiet_samples = loud ? 0 : ends[who].quiet_samples + 1;
        }
    }
}

/** Sends what is due by now. */
static void turn(int64_t *reached, int64_t now) {
    for (; *reached <= now / STEP_NS; (*reached)++) {
        sending **place = &wheel[*reached % WHEEL];
        while (*place != NULL) {
            sending *one = *place;
            if (one->due_ns / STEP_NS > *reached) { /* of another turn of the wheel */
                place = &one->next;
                continue;
            }
            *place = one->next;
            send_frame(one);
            free(one);
        }
    }
}

static void print_all(const char *name, const int64_t *values, int number) {
    printf("\"%s\": [", name);
    for (int i = 0; i < number; i++) {
        printf("%s%lld", i ? "," : "", (long long)values[i]);
    }
    printf("], ");
}

int main(int words, char **word) {
    if (words != 5) {
        fprintf(stderr, "delay SECONDS JITTER_MS SEED EVERY < ends\n");
        return 2;
    }
    int frames = (int)(atof(word[1]) * 50);
    jitter_ns = (int64_t)(atof(word[2]) * 1e6);
    srand48(atol(word[3]));
    every = atoi(word[4]);
    read_ends();
    struct pollfd *polled = calloc((size_t)count, sizeof *polled);
    start_ns = now_ns() + SECOND_NS / 5;
    for (int i = 0; i < count; i++) {
        polled[i] = (struct pollfd){ends[i].fd, POLLIN, 0};
        for (int frame = 0; frame < frames; frame++) {
            plan(i, frame);
        }
    }
    int64_t reached = start_ns / STEP_NS, last = start_ns + frames * FRAME_NS;
    while (now_ns() < last) {
        struct timespec wait = {0, STEP_NS};
        if (ppoll(polled, (nfds_t)count, &wait, NULL) > 0) {
            for (int i = 0; i < count; i++) {
                if (polled[i].revents) {
                    take(i);
                }
            }
        }
        turn(&reached, now_ns());
    }
    printf("{");
    print_all("delays_us", delays_us, delays);
    print_all("late_us", late_us, lates);
    print_all("held_us", held_us, helds);
    printf("\"said\": %d, \"received\": %d}\n", said, received);
    return 0;
}
