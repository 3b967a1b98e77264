/** @file redirects.h What redirects.c, its table and its answers share. Part of parley_sip. */
#ifndef PARLEY_SIP_REDIRECTS_H
#define PARLEY_SIP_REDIRECTS_H

#include "parley_sip.h"

enum { NONE = -1, LISTS = 6, DONE = 5 };

/** Waits of one kind end in the order in which they began. */
typedef struct waits {
    int32_t first, last;
} waits;

/** One transaction. */
typedef struct redirect {
    uint8_t *text;     /* key, merged; until it is answered the lines before To's tag, and after it */
    uint8_t *response; /* NULL before it is answered, and after the ACK */
    int32_t key_octets, merged_octets, before_octets, after_octets, response_octets;
    int32_t fd, port;
    uint32_t address;
    int32_t list, earlier, later; /* of its timer; NONE while it waits for an answer */
    int32_t wait_ms;
    int64_t due_ms, over_ms;
    int32_t key_place, key_next, merged_place, merged_next; /* in the table; merged_place NONE: another's copy */
} redirect;

struct parley_redirects {
    uint64_t seed[2];
    redirect *all;
    int32_t most, room, held, unused; /* unused: the first of those that are free, chained by key_next */
    int32_t places;                   /* of each table, a power of two */
    int32_t *keys, *merged;           /* heads of chains */
    waits lists[LISTS];               /* 0.5, 1, 2, 4 s, the last wait, DONE */
    int64_t now_ms;
    int32_t *outgoing, outgoing_count, outgoing_room;
    int32_t counts[PARLEY_SIP_COUNTS];
    const uint8_t *tags;
    int32_t tags_left;
    uint8_t *server;
    int32_t server_octets;
};

/* Table: redirect_table.c */
int32_t redirects_find(const parley_redirects *redirects, const uint8_t *key, int32_t octets);
/** Begins one with the pieces in scratch; NONE without room. */
int32_t redirects_begin(parley_redirects *redirects, const uint8_t *scratch, const int32_t *ends);
void redirects_remove(parley_redirects *redirects, int32_t number);

/* Timers: redirects.c */
void redirects_wait(parley_redirects *redirects, int32_t number, int32_t list, int64_t due_ms);
void redirects_wait_no_more(parley_redirects *redirects, int32_t number);
/** Lets the response be sent; 0 without memory. */
int redirects_queue(parley_redirects *redirects, int32_t number);

#endif
