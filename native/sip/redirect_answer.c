/** @file redirect_answer.c Responses of parley_redirects, made from pieces and sent. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "batch.h"
#include "redirects.h"
#include "text.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>

enum { T1_MS = 500, TIMEOUT_MS = 32000, MOST_GRANT = 512 };

static uint8_t *put(uint8_t *to, const void *octets, int32_t count) {
    memcpy(to, octets, (size_t)count);
    return to + count;
}

static uint8_t *put_text(uint8_t *to, const char *text) { return put(to, text, (int32_t)strlen(text)); }

static const char END[] = "\r\nContent-Length: 0\r\n\r\n", VERSION[] = "SIP/2.0 ", TAG[] = ";tag=";

void parley_redirects_tags(parley_redirects *redirects, const uint8_t *tags, int32_t count) {
    redirects->tags = tags;
    redirects->tags_left = count;
}

int32_t parley_redirects_answer(parley_redirects *redirects, int32_t number, const uint8_t *status, int32_t status_octets,
                                const uint8_t *more, int32_t more_octets) {
    redirect *one = &redirects->all[number];
    int32_t octets = (int32_t)(sizeof END + sizeof VERSION + sizeof TAG) + 2 + PARLEY_SIP_TAG + status_octets +
                     one->before_octets + one->after_octets + redirects->server_octets + more_octets;
    uint8_t *response = redirects->tags_left > 0 ? malloc((size_t)octets) : NULL;
    if (response == NULL || !redirects_queue(redirects, number)) {
        free(response);
        return -1;
    }
    const uint8_t *lines = one->text + one->key_octets + one->merged_octets;
    uint8_t *at = put_text(response, VERSION);
    at = put(at, status, status_octets);
    at = put(at, "\r\n", 2);
    at = put(at, lines, one->before_octets);
    at = put_text(at, TAG);
    at = put(at, redirects->tags + --redirects->tags_left * PARLEY_SIP_TAG, PARLEY_SIP_TAG);
    at = put(at, lines + one->before_octets, one->after_octets);
    at = put(at, redirects->server, redirects->server_octets);
    at = put(at, more, more_octets);
    at = put_text(at, END);
    one->response = response;
    one->response_octets = (int32_t)(at - response);
    uint8_t *shorter = realloc(one->text, (size_t)(one->key_octets + one->merged_octets));
    one->text = shorter != NULL ? shorter : one->text;
    one->wait_ms = T1_MS;
    one->over_ms = redirects->now_ms + TIMEOUT_MS;
    redirects_wait(redirects, number, 0, redirects->now_ms + T1_MS);
    return redirects->tags_left;
}

void parley_sip_place_at(parley_sip_place *place, const uint8_t *key, int32_t key_octets, const uint8_t *text,
                         int32_t octets) {
    token_key(place, key, key_octets);
    place->octets = octets < PARLEY_SIP_PLACE ? octets : PARLEY_SIP_PLACE;
    memcpy(place->text, text, (size_t)place->octets);
}

static int32_t grant(parley_redirects *redirects, const parley_sip_grant *one) {
    static const char status[] = "302 Moved Temporarily";
    uint8_t more[MOST_GRANT], *at = put_text(more, "\r\nContact: <sip:");
    token_write(one->place, one->slot, one->generation, one->size, one->expires_s, at);
    at = put(at + TOKEN_CHARACTERS, one->place->text, one->place->octets);
    at = put_decimal(put_text(at, "\r\nExpires: "), (uint32_t)one->ttl_s);
    return parley_redirects_answer(redirects, one->number, (const uint8_t *)status, (int32_t)strlen(status), more,
                                   (int32_t)(at - more));
}

int32_t parley_redirects_grant(parley_redirects *redirects, const parley_sip_grant *grants, int32_t count,
                               int32_t *answered) {
    int32_t left = redirects->tags_left;
    for (*answered = 0; *answered < count && left > 0; ++*answered) {
        left = grant(redirects, &grants[*answered]);
        if (left < 0) {
            return left;
        }
    }
    return left;
}

/** Describes responses from `begin` on that leave by one socket, as many as a batch takes; returns where it stopped. What
 * came by none is kept. */
static int32_t gather(parley_redirects *redirects, int32_t begin, batch *all, int32_t *count, int32_t *fd, int32_t *kept) {
    int32_t at = begin;
    for (*count = 0; at < redirects->outgoing_count && *count < PARLEY_SIP_BATCH; at++) {
        const redirect *one = &redirects->all[redirects->outgoing[at]];
        if (one->response == NULL) { /* acknowledged since */
            continue;
        }
        if (one->fd < 0) {
            redirects->outgoing[(*kept)++] = redirects->outgoing[at];
            continue;
        }
        if (*count != 0 && one->fd != *fd) {
            break;
        }
        *fd = one->fd;
        batch_describe(all, *count, one->response, (size_t)one->response_octets);
        batch_address(all, *count, one->address, one->port);
        ++*count;
    }
    return at;
}

int32_t parley_redirects_send(parley_redirects *redirects) {
    batch all;
    int32_t lost = 0, at = 0, count, fd = NONE, kept = 0;
    while (at < redirects->outgoing_count) {
        at = gather(redirects, at, &all, &count, &fd, &kept);
        lost += batch_send(&all, count, fd);
    }
    redirects->outgoing_count = kept;
    return lost;
}

const uint8_t *parley_redirects_pop(parley_redirects *redirects, int32_t *octets, uint32_t *address, int32_t *port) {
    while (redirects->outgoing_count > 0) {
        const redirect *one = &redirects->all[redirects->outgoing[0]];
        redirects->outgoing_count--;
        memmove(redirects->outgoing, redirects->outgoing + 1,
                (size_t)redirects->outgoing_count * sizeof *redirects->outgoing);
        if (one->response != NULL) {
            *octets = one->response_octets;
            *address = one->address;
            *port = one->port;
            return one->response;
        }
    }
    return NULL;
}
