/** @file redirects.c Server transactions of plain INVITEs and their timers; the contract stands in parley_sip.h. */
#include "redirects.h"

#include <stdlib.h>
#include <string.h>

enum { T1_MS = 500, T2_MS = 4000, T4_MS = 5000, TIMEOUT_MS = 32000, LAST_WAIT = 4 };
enum { FORGET_LATE_MS = 100 }; /* else, under load, something would be due in every millisecond */
enum { REPEATED, SENT_AGAIN, GIVEN_UP };

parley_redirects *parley_redirects_new(int32_t most, const uint8_t *seed, const uint8_t *server, int32_t octets) {
    parley_redirects *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->most = most;
    made->unused = NONE;
    for (made->places = 1; made->places < most; made->places *= 2) {
    }
    made->keys = malloc((size_t)made->places * sizeof *made->keys);
    made->merged = malloc((size_t)made->places * sizeof *made->merged);
    made->server = malloc((size_t)octets);
    if (made->keys == NULL || made->merged == NULL || made->server == NULL) {
        parley_redirects_free(made);
        return NULL;
    }
    memset(made->keys, 0xff, (size_t)made->places * sizeof *made->keys);
    memset(made->merged, 0xff, (size_t)made->places * sizeof *made->merged);
    memcpy(made->seed, seed, sizeof made->seed);
    memcpy(made->server, server, (size_t)octets);
    made->server_octets = octets;
    for (int32_t list = 0; list < LISTS; list++) {
        made->lists[list].first = made->lists[list].last = NONE;
    }
    return made;
}

void parley_redirects_free(parley_redirects *redirects) {
    for (int32_t place = 0; place < redirects->places && redirects->all != NULL; place++) {
        while (redirects->keys[place] != NONE) {
            redirects_remove(redirects, redirects->keys[place]);
        }
    }
    free(redirects->all);
    free(redirects->keys);
    free(redirects->merged);
    free(redirects->server);
    free(redirects->outgoing);
    free(redirects);
}

void redirects_wait(parley_redirects *redirects, int32_t number, int32_t list, int64_t due_ms) {
    redirect *one = &redirects->all[number];
    waits *those = &redirects->lists[list];
    one->list = list;
    one->due_ms = due_ms;
    one->later = NONE;
    one->earlier = those->last;
    if (those->last == NONE) {
        those->first = number;
    } else {
        redirects->all[those->last].later = number;
    }
    those->last = number;
}

void redirects_wait_no_more(parley_redirects *redirects, int32_t number) {
    redirect *one = &redirects->all[number];
    if (one->list == NONE) {
        return;
    }
    waits *those = &redirects->lists[one->list];
    *(one->earlier == NONE ? &those->first : &redirects->all[one->earlier].later) = one->later;
    *(one->later == NONE ? &those->last : &redirects->all[one->later].earlier) = one->earlier;
    one->list = NONE;
}

int redirects_queue(parley_redirects *redirects, int32_t number) {
    if (redirects->outgoing_count == redirects->outgoing_room) {
        int32_t room = redirects->outgoing_room == 0 ? 256 : 2 * redirects->outgoing_room;
        int32_t *outgoing = realloc(redirects->outgoing, (size_t)room * sizeof *outgoing);
        if (outgoing == NULL) {
            return 0;
        }
        redirects->outgoing = outgoing;
        redirects->outgoing_room = room;
    }
    redirects->outgoing[redirects->outgoing_count++] = number;
    return 1;
}

static void move_on(parley_redirects *redirects, int64_t now_ms) {
    redirects->now_ms = now_ms > redirects->now_ms ? now_ms : redirects->now_ms;
}

static int32_t acknowledged(parley_redirects *redirects, int32_t number) {
    redirect *one = number == NONE ? NULL : &redirects->all[number];
    if (one == NULL) {
        return PARLEY_SIP_OTHER;
    }
    if (one->response != NULL) {
        free(one->response);
        one->response = NULL;
        redirects_wait_no_more(redirects, number);
        redirects_wait(redirects, number, DONE, redirects->now_ms + T4_MS);
    }
    return PARLEY_SIP_TAKEN;
}

static int32_t repeated(parley_redirects *redirects, int32_t number) {
    redirects->counts[REPEATED]++;
    if (redirects->all[number].response != NULL && redirects_queue(redirects, number)) {
        redirects->counts[SENT_AGAIN]++;
    }
    return PARLEY_SIP_TAKEN;
}

int32_t parley_redirects_take(parley_redirects *redirects, const uint8_t *data, int32_t octets, uint32_t address,
                              int32_t port, int32_t fd, int64_t now_ms, int32_t begin, uint8_t *scratch, int32_t *ends,
                              int32_t *number) {
    int32_t back_port = 0;
    int32_t kind = parley_sip_read(data, octets, address, port, scratch, ends, &back_port);
    if (kind == PARLEY_SIP_OTHER) {
        return kind;
    }
    move_on(redirects, now_ms);
    *number = redirects_find(redirects, scratch, ends[0]);
    if (kind == PARLEY_SIP_ACK) {
        return acknowledged(redirects, *number);
    }
    if (*number != NONE) {
        return repeated(redirects, *number);
    }
    if (!begin) {
        return PARLEY_SIP_OTHER;
    }
    *number = redirects_begin(redirects, scratch, ends);
    if (*number == NONE) {
        return PARLEY_SIP_FULL;
    }
    redirect *one = &redirects->all[*number];
    one->address = address;
    one->port = back_port;
    one->fd = fd;
    return one->merged_place == NONE ? PARLEY_SIP_MERGED : PARLEY_SIP_INVITE;
}

void parley_redirects_forget(parley_redirects *redirects, int32_t number) { redirects_remove(redirects, number); }

static void due(parley_redirects *redirects, int32_t number) {
    redirect *one = &redirects->all[number];
    int64_t now_ms = redirects->now_ms;
    if (now_ms >= one->over_ms) {
        redirects->counts[GIVEN_UP]++;
        redirects_remove(redirects, number);
        return;
    }
    if (redirects_queue(redirects, number)) {
        redirects->counts[SENT_AGAIN]++;
    }
    one->wait_ms = 2 * one->wait_ms < T2_MS ? 2 * one->wait_ms : T2_MS;
    redirects_wait_no_more(redirects, number);
    if (now_ms + one->wait_ms >= one->over_ms) {
        redirects_wait(redirects, number, LAST_WAIT, one->over_ms);
        return;
    }
    int32_t list = 0;
    while (T1_MS << list < one->wait_ms) {
        list++;
    }
    redirects_wait(redirects, number, list, now_ms + one->wait_ms);
}

void parley_redirects_tick(parley_redirects *redirects, int64_t now_ms) {
    move_on(redirects, now_ms);
    for (int32_t list = 0; list < LISTS; list++) {
        const waits *those = &redirects->lists[list];
        while (those->first != NONE && redirects->all[those->first].due_ms <= redirects->now_ms) {
            if (list == DONE) {
                redirects_remove(redirects, those->first);
            } else {
                due(redirects, those->first);
            }
        }
    }
}

int64_t parley_redirects_deadline(const parley_redirects *redirects) {
    int64_t due_ms = NONE;
    for (int32_t list = 0; list < LISTS; list++) {
        int32_t first = redirects->lists[list].first;
        if (first == NONE) {
            continue;
        }
        int64_t first_ms = redirects->all[first].due_ms + (list == DONE ? FORGET_LATE_MS : 0);
        due_ms = due_ms == NONE || first_ms < due_ms ? first_ms : due_ms;
    }
    return due_ms;
}

int32_t parley_redirects_held(const parley_redirects *redirects) { return redirects->held; }

int32_t parley_redirects_knows(const parley_redirects *redirects, const uint8_t *key, int32_t octets) {
    return redirects_find(redirects, key, octets) != NONE;
}

void parley_redirects_counts(parley_redirects *redirects, int32_t *counts) {
    for (int32_t kind = 0; kind < PARLEY_SIP_COUNTS; kind++) {
        counts[kind] += redirects->counts[kind];
        redirects->counts[kind] = 0;
    }
}
