/**
 * @file load.c
 * Many participants at once, for measurements: each has its own address of 127.0.0.0/8, its own SSRC, sends a
 * PCMU frame every 20 ms and counts what comes back.
 *
 *     load HOST PORT PARTICIPANTS SIZE TALKERS SILENT SLOTS SECONDS [FRAME_MS [PEERS]]
 *
 * Participant i has the slot i modulo SLOTS, so that of a crowd any first part may speak alone. Participants
 * i..i+SIZE-1 share a conference; its first TALKERS send a tone each (400, 700, 1100, 1900 Hz in
 * turn), the others digital silence (SILENT 1) or nothing at all (SILENT 0). SLOTS 20 spreads the sending
 * over the frame, 1 sends all at once. FRAME_MS: between a participant's packets, 20 if not given. PEERS: a file
 * with a line "HOST PORT" for each participant, where his packets go instead. Prints one JSON object.
 *
 * Source addresses are given by IP_PKTINFO, so few sockets play them all; board.py knows the rule, too.
 */
#define _GNU_SOURCE
#include "load_sound.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { FRAME_MS = 20, BATCH = 64, SOCKETS = 8, PACKET = 172, FIRST_PORT = 40000 };
enum { SSRC_BASE = 0x40000000, BUFFER_OCTETS = 8 << 20, JITTER_MS = 64 };

typedef struct participant {
    uint8_t header[12];
    uint32_t received, first, last, duplicates;
    int32_t checked; /* which of those whose sound is checked, and 1; 0: none */
    int64_t arrived_ns;
    struct sockaddr_in to;
} participant;

typedef union pktinfo {
    struct cmsghdr header;
    uint8_t octets[CMSG_SPACE(sizeof(struct in_pktinfo))];
} pktinfo;

static participant *people;
static int32_t count, size, talkers, silent, slots;
static const int64_t FRAME_NS = FRAME_MS * 1000000;
static int64_t frame_ns = FRAME_MS * 1000000;
static int sockets[SOCKETS];
static int64_t sent, send_errors, late_slots, jitter[JITTER_MS + 1];

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int32_t checked(int which) {
    return (int32_t)((int64_t)(count - 1) * which / (CHECKED - 1));
}

static uint32_t bench_address(int32_t i) {
    return 127U << 24 | 16U << 16 | (uint32_t)i; /* 127.16.x.y */
}

static void open_sockets(void) {
    int room = BUFFER_OCTETS, on = 1;
    for (int i = 0; i < SOCKETS; i++) {
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST_PORT + 2 * i))};
        sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
            setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        }
        setsockopt(sockets[i], IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
        if (bind(sockets[i], (struct sockaddr *)&own, sizeof own) != 0) {
            perror("bind");
            exit(2);
        }
    }
}

static struct sockaddr_in address_of(const char *host, int port) {
    struct sockaddr_in made = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &made.sin_addr);
    return made;
}

static void read_peers(const char *name) {
    FILE *file = fopen(name, "r");
    char host[64];
    int port;
    for (int32_t i = 0; i < count; i++) {
        if (file == NULL || fscanf(file, "%63s %d", host, &port) != 2) {
            fprintf(stderr, "load: %s has no line for participant %d\n", name, i);
            exit(2);
        }
        people[i].to = address_of(host, port);
    }
    fclose(file);
}

static void prepare(const char *host, int port) {
    people = calloc((size_t)count, sizeof *people);
    sound_prepare(talkers > 8 ? 20000.0 / talkers : 2500);
    for (int32_t i = 0; i < count; i++) {
        uint32_t ssrc = htonl((uint32_t)(SSRC_BASE + i));
        people[i].header[0] = 0x80;
        people[i].to = address_of(host, port);
        memcpy(people[i].header + 8, &ssrc, 4);
    }
    for (int which = 0; which < CHECKED; which++) {
        people[checked(which)].checked = which + 1;
    }
}

/** What participant i says, or NULL. */
static const uint8_t *voice(int32_t i) {
    int32_t seat = i % size;
    return seat < talkers ? sound_tone(seat % TONES) : silent ? sound_silence() : NULL;
}

static void address_from(pktinfo *info, int32_t i) {
    struct in_pktinfo *source = (struct in_pktinfo *)CMSG_DATA(&info->header);
    memset(info, 0, sizeof *info);
    info->header.cmsg_level = IPPROTO_IP;
    info->header.cmsg_type = IP_PKTINFO;
    info->header.cmsg_len = CMSG_LEN(sizeof *source);
    source->ipi_spec_dst.s_addr = htonl(bench_address(i));
}

static void send_batch(int fd, struct mmsghdr *messages, int made) {
    for (int done = 0; done < made;) {
        int result = sendmmsg(fd, messages + done, (unsigned)(made - done), 0);
        send_errors += result < 0;
        done += result < 0 ? 1 : result;
        sent += result < 0 ? 0 : result;
    }
}

/** Sends the frame of everybody whose slot it is. */
static void send_slot(int32_t slot, uint32_t frame) {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH][2];
    pktinfo infos[BATCH];
    int made = 0;
    uint32_t timestamp = htonl(frame * SAMPLES);
    for (int32_t i = slot; i < count; i += slots) {
        const uint8_t *codes = voice(i);
        if (codes != NULL) {
            people[i].header[2] = (uint8_t)(frame >> 8);
            people[i].header[3] = (uint8_t)frame;
            memcpy(people[i].header + 4, &timestamp, 4);
            address_from(&infos[made], i);
            parts[made][0] = (struct iovec){people[i].header, 12};
            parts[made][1] = (struct iovec){(void *)(uintptr_t)codes, SAMPLES};
            messages[made].msg_hdr =
                (struct msghdr){&people[i].to, sizeof people[i].to, parts[made], 2, &infos[made], sizeof infos[made], 0};
            made++;
        }
        if (made == BATCH || (made > 0 && i + slots >= count)) {
            send_batch(sockets[slot % SOCKETS], messages, made);
            made = 0;
        }
    }
}

/** Whom a packet is for; `count` when it is for nobody. */
static int32_t addressed(const pktinfo *info) {
    const struct in_pktinfo *target = (const struct in_pktinfo *)CMSG_DATA(&info->header);
    uint32_t i = ntohl(target->ipi_addr.s_addr) - bench_address(0);
    return info->header.cmsg_type == IP_PKTINFO && i < (uint32_t)count ? (int32_t)i : count;
}

static void take(const uint8_t *packet, unsigned length, int32_t i, int64_t now, int counting) {
    uint16_t sequence = (uint16_t)(packet[2] << 8 | packet[3]);
    if (length != PACKET || i >= count || !counting) {
        return;
    }
    participant *to = &people[i];
    if (to->received++ == 0) {
        to->first = to->last = sequence;
    } else {
        int32_t step = (int16_t)(uint16_t)(sequence - to->last);
        int64_t off_ms = llabs(now - to->arrived_ns - frame_ns) / 1000000;
        to->duplicates += step == 0;
        to->last += step > 0 ? (uint32_t)step : 0;
        jitter[off_ms < JITTER_MS ? off_ms : JITTER_MS]++;
    }
    to->arrived_ns = now;
    if (to->checked > 0) {
        sound_listen(to->checked - 1, packet + 12);
    }
}

static void receive_all(int counting) {
    static uint8_t packets[BATCH][256];
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    pktinfo infos[BATCH];
    for (int s = 0; s < SOCKETS; s++) {
        int got = BATCH;
        while (got == BATCH) {
            for (int i = 0; i < BATCH; i++) {
                parts[i] = (struct iovec){packets[i], sizeof packets[i]};
                messages[i].msg_hdr = (struct msghdr){NULL, 0, &parts[i], 1, &infos[i], sizeof infos[i], 0};
            }
            got = recvmmsg(sockets[s], messages, BATCH, MSG_DONTWAIT, NULL);
            int64_t now = now_ns();
            for (int i = 0; i < got; i++) {
                take(packets[i], messages[i].msg_len, addressed(&infos[i]), now, counting);
            }
        }
    }
}

/** 1 if the checked participant heard what he should. */
static int heard_right(int which) {
    if (people[checked(which)].checked != which + 1) {
        return 1; /* so few participants that another place checks him */
    }
    return sound_right(which, checked(which) % size, talkers);
}

/** 99 of 100 packets came within so many ms of 20 ms after the one before. */
static int interval_error_p99_ms(void) {
    int64_t all = 0, part = 0;
    int ms = 0;
    for (int i = 0; i <= JITTER_MS; i++) {
        all += jitter[i];
    }
    while (ms < JITTER_MS && (part += jitter[ms]) < all * 99 / 100) {
        ms++;
    }
    return ms;
}

static void say(const char *name, int64_t value) {
    printf("\"%s\": %lld, ", name, (long long)value);
}

static void report(double seconds) {
    int64_t received = 0, lost = 0, duplicates = 0, unheard = 0, right = 0;
    for (int32_t i = 0; i < count; i++) {
        const participant *one = &people[i];
        received += one->received;
        duplicates += one->duplicates;
        unheard += one->received == 0;
        lost += one->received == 0 ? 0 : one->last - one->first + 1 - one->received + one->duplicates;
    }
    for (int which = 0; which < CHECKED; which++) {
        right += heard_right(which);
    }
    printf("{");
    say("sent", sent), say("send_errors", send_errors), say("received", received), say("lost", lost);
    say("duplicates", duplicates), say("streams_without_packets", unheard), say("late_slots", late_slots);
    say("interval_error_p99_ms", interval_error_p99_ms()), say("streams_checked", CHECKED);
    say("streams_right", right);
    printf("\"seconds\": %.3f, \"cpu_seconds\": %.3f}\n", seconds, (double)clock() / CLOCKS_PER_SEC);
}

int main(int words, char **word) {
    if (words < 9 || words > 11) {
        fprintf(stderr, "load HOST PORT PARTICIPANTS SIZE TALKERS SILENT SLOTS SECONDS [FRAME_MS [PEERS]]\n");
        return 2;
    }
    if (words > 9) {
        frame_ns = atoll(word[9]) * 1000000;
    }
    count = atoi(word[3]), size = atoi(word[4]), talkers = atoi(word[5]), silent = atoi(word[6]);
    slots = atoi(word[7]);
    double seconds = atof(word[8]);
    open_sockets();
    prepare(word[1], atoi(word[2]));
    if (words == 11) {
        read_peers(word[10]);
    }
    int64_t frames = (int64_t)(seconds * 1e9 / (double)frame_ns), start = now_ns();
    uint32_t first = (uint32_t)(start / FRAME_NS); /* by the clock: who comes back has only paused */
    for (int64_t step = 0; step < frames * slots; step++) {
        int64_t due = start + step * frame_ns / slots, ahead = due - now_ns();
        struct timespec until = {due / 1000000000, due % 1000000000};
        late_slots += ahead < -frame_ns / 4;
        if (ahead > 0) {
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        }
        send_slot((int32_t)(step % slots), first + (uint32_t)(step / slots * (frame_ns / FRAME_NS)));
        receive_all(step / slots >= 50); /* the first second is the board's to settle */
    }
    report((double)(now_ns() - start) / 1e9);
    return 0;
}
