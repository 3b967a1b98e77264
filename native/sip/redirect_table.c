/** @file redirect_table.c Transactions by key, and by what copies of a request have in common (RFC 3261 17.2.3, 8.2.2.2). */
#include "redirects.h"
#include "siphash.h"

#include <stdlib.h>
#include <string.h>

static int32_t place_of(const parley_redirects *redirects, const uint8_t *octets, int32_t count) {
    return (int32_t)(siphash(redirects->seed, octets, count) & (uint64_t)(redirects->places - 1));
}

int32_t redirects_find(const parley_redirects *redirects, const uint8_t *key, int32_t octets) {
    int32_t number = redirects->keys[place_of(redirects, key, octets)];
    while (number != NONE) {
        const redirect *one = &redirects->all[number];
        if (one->key_octets == octets && memcmp(one->text, key, (size_t)octets) == 0) {
            break;
        }
        number = one->key_next;
    }
    return number;
}

static int has_copy(const parley_redirects *redirects, int32_t place, const uint8_t *merged, int32_t octets) {
    for (int32_t number = redirects->merged[place]; number != NONE; number = redirects->all[number].merged_next) {
        const redirect *one = &redirects->all[number];
        if (one->merged_octets == octets && memcmp(one->text + one->key_octets, merged, (size_t)octets) == 0) {
            return 1;
        }
    }
    return 0;
}

static int grow(parley_redirects *redirects) {
    int32_t room = redirects->room == 0 ? 256 : 2 * redirects->room;
    room = room < redirects->most ? room : redirects->most;
    redirect *all = room == redirects->room ? NULL : realloc(redirects->all, (size_t)room * sizeof *all);
    if (all == NULL) {
        return 0;
    }
    for (int32_t number = room - 1; number >= redirects->room; number--) {
        all[number].key_next = redirects->unused;
        redirects->unused = number;
    }
    redirects->all = all;
    redirects->room = room;
    return 1;
}

int32_t redirects_begin(parley_redirects *redirects, const uint8_t *scratch, const int32_t *ends) {
    if (redirects->unused == NONE && !grow(redirects)) {
        return NONE;
    }
    uint8_t *text = malloc((size_t)ends[3]);
    if (text == NULL) {
        return NONE;
    }
    int32_t number = redirects->unused;
    redirect *one = &redirects->all[number];
    redirects->unused = one->key_next;
    redirects->held++;
    memset(one, 0, sizeof *one);
    memcpy(text, scratch, (size_t)ends[3]);
    one->text = text;
    one->key_octets = ends[0];
    one->merged_octets = ends[1] - ends[0];
    one->before_octets = ends[2] - ends[1];
    one->after_octets = ends[3] - ends[2];
    one->list = NONE;
    one->key_place = place_of(redirects, text, ends[0]);
    one->key_next = redirects->keys[one->key_place];
    redirects->keys[one->key_place] = number;
    one->merged_place = place_of(redirects, text + ends[0], one->merged_octets);
    if (has_copy(redirects, one->merged_place, text + ends[0], one->merged_octets)) {
        one->merged_place = NONE;
    } else {
        one->merged_next = redirects->merged[one->merged_place];
        redirects->merged[one->merged_place] = number;
    }
    return number;
}

void redirects_remove(parley_redirects *redirects, int32_t number) {
    redirect *one = &redirects->all[number];
    redirects_wait_no_more(redirects, number);
    int32_t *link = &redirects->keys[one->key_place];
    while (*link != number) {
        link = &redirects->all[*link].key_next;
    }
    *link = one->key_next;
    if (one->merged_place != NONE) {
        link = &redirects->merged[one->merged_place];
        while (*link != number) {
            link = &redirects->all[*link].merged_next;
        }
        *link = one->merged_next;
    }
    free(one->text);
    free(one->response);
    one->text = one->response = NULL;
    one->key_next = redirects->unused;
    redirects->unused = number;
    redirects->held--;
}
