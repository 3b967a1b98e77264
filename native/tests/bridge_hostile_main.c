/**
 * @file bridge_hostile_main.c
 * Participants that come and go, and random packets from known and unknown addresses, into a bridge:
 * bridge_hostile_main SEED STEPS. The memory lies on the heap, exactly as long as asked for; the sanitizers
 * watch, and after every step so do the invariants of the tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_linear.h"
#include "bridge_side.h"
#include "hostile.h"
#include "parley_g711.h"
#include "parley_rtp.h"

enum { LEGS = 23, KEYED = 5, PARCELS = 6, LINEAR = 4, WIDE = 5, CONFERENCES = 5, PACKET_MAX = 1500, ADDRESSES = 64 };

static uint32_t ticks;
static int32_t joins, leaves, moves, in_use, no_place;

/** Few addresses, so that places are contended; now and then any, or none. */
static void address(uint8_t *made) {
    uint32_t kind = below(16);
    uint32_t which = below(ADDRESSES);
    for (int32_t i = 0; i < 6; i++) {
        made[i] = kind == 0 ? (uint8_t)below(256) : 0;
    }
    if (kind > 1) {
        made[0] = 127;
        made[3] = (uint8_t)(which / 8 + 1);
        made[5] = (uint8_t)(which % 8 * 2 + 2);
    }
}

static int32_t random_flags(void) {
    return below(3) ? 3 : (int32_t)below(4);
}

static int32_t random_law(void) {
    static const int32_t laws[] = {PARLEY_LAW_PCMU, PARLEY_LAW_PCMA, PARLEY_LAW_G722, PARLEY_LAW_L16_8000,
                                   PARLEY_LAW_L16_16000, 7};
    return laws[below(2) ? below(2) : below(64) ? below(5) : 5];
}

static void join(parley_bridge *bridge) {
    uint8_t peer[6];
    int32_t seed[3] = {(int32_t)below(1U << 31), (int32_t)below(65536), (int32_t)below(1U << 31)};
    int32_t before = parley_bridge_stat(bridge, PARLEY_BRIDGE_STAT_LEGS);
    address(peer);
    int32_t done = parley_bridge_add_leg(bridge, (int32_t)below(LEGS + 1) - (int32_t)below(2),
                                         (int32_t)below(CONFERENCES + 1), random_law(), 0, 101,
                                         (int32_t)below(10), random_flags(), seed, peer);
    joins += done == 0;
    in_use += done == PARLEY_BRIDGE_IN_USE;
    check(parley_bridge_stat(bridge, PARLEY_BRIDGE_STAT_LEGS) == before + (done == 0), "legs in use");
}

static void leave(parley_bridge *bridge) {
    leaves += parley_bridge_remove_leg(bridge, (int32_t)below(LEGS + 1) - (int32_t)below(2)) == 0;
}

static void move(parley_bridge *bridge) {
    uint8_t peer[6];
    address(peer);
    moves += parley_bridge_change(bridge, (int32_t)below(LEGS + 1), random_law(), (int32_t)below(130), -1,
                                  random_flags(), peer) == 0;
}

/** Keys, watching, and what a caller of watched legs does. */
static void attend(parley_bridge *bridge) {
    static const uint8_t master[PARLEY_SRTP_MASTER_BYTES] = {1, 2, 3};
    uint8_t *report = malloc(PARLEY_BRIDGE_REPORT_BYTES_MAX);
    int32_t leg = (int32_t)below(LEGS + 1), whose = NOBODY, figures[PARLEY_BRIDGE_FIGURES];
    check(report != NULL, "memory");
    parley_bridge_clock(bridge, (int32_t)ticks * 20);
    if (below(2)) {
        parley_bridge_secure(bridge, leg, (int32_t)below(5), master, master, (int32_t)below(1U << 31));
    }
    if (below(2)) {
        parley_bridge_watch(bridge, leg, (int32_t)below(4));
    }
    if (below(2)) {
        int32_t done = parley_bridge_ptime(bridge, leg, 10 * (int32_t)below(8));
        no_place += done == PARLEY_BRIDGE_NO_PLACE;
        check(done == 0 || done == PARLEY_BRIDGE_NO_PLACE || done == PARLEY_BRIDGE_ARGUMENT, "packet time");
    }
    if (below(2)) {
        parley_bridge_noise(bridge, leg, (int32_t)below(129));
        parley_bridge_names(bridge, leg, (int32_t)below(17), below(2) ? (int32_t)below(257) : 0, (int32_t)below(257));
    }
    int32_t octets = below(64) ? 0 : parley_bridge_take_report(bridge, &whose, report, PARLEY_BRIDGE_REPORT_BYTES_MAX);
    check(octets == 0 || (octets >= 8 && octets <= PARLEY_BRIDGE_REPORT_BYTES_MAX && whose >= 0 && whose < LEGS),
          "report");
    octets = (int32_t)below(60);
    int32_t protected = parley_bridge_protect_report(bridge, leg, report, octets, octets + (int32_t)below(30));
    check(protected == PARLEY_BRIDGE_ARGUMENT || (protected >= octets && protected < octets + 30), "protected");
    check(parley_bridge_open_report(bridge, leg, report, octets, report) <= octets, "opened");
    int32_t event = below(64) ? PARLEY_BRIDGE_NOTHING : parley_bridge_take_event(bridge, &whose);
    check(event == PARLEY_BRIDGE_NOTHING || (event >= 0 && event < 256 && whose >= 0 && whose < LEGS), "event");
    check(parley_bridge_figures(bridge, leg, figures) == 0 || bridge_leg_in_use(bridge, leg) == NULL, "figures");
    free(report);
}

/** Legs whose packets need more work are counted right, and each with keys has a place of its own, and no other has. */
static void check_special(const parley_bridge *bridge) {
    int32_t special = 0;
    uint32_t places = 0;
    for (int32_t i = 0; i < KEYED; i++) {
        places |= (uint32_t)parley_srtp_usable(bridge_keys_at(bridge, i), parley_srtp_size()) << i;
    }
    for (int32_t i = 0; i < LEGS; i++) {
        const bridge_leg *leg = bridge_leg_at(bridge, i);
        int32_t keyed = leg->conference != NOBODY && (leg->flags & BRIDGE_SECURED) != 0;
        special += leg->conference != NOBODY && (leg->flags & BRIDGE_SPECIAL_OUT) != 0;
        check(!keyed || (leg->keys > 0 && (places >> (leg->keys - 1) & 1) != 0), "a place for keys");
        places &= ~(keyed ? 1U << (leg->keys - 1) : 0);
    }
    check(places == 0, "places for keys that nobody has");
    check(special == bridge->special_legs, "special legs");
}

/** Each leg has the places that its law needs, of its own, and the rest are free. */
static void check_places(const parley_bridge *bridge) {
    const bridge_pool *linear = bridge_at(bridge, bridge->linear_at);
    uint32_t taken = 0, wide = 0, wideband[CONFERENCES] = {0};
    for (int32_t i = 0; i < LEGS; i++) {
        const bridge_leg *leg = bridge_leg_at(bridge, i);
        int in = leg->conference != NOBODY, law = leg->leg.law;
        int is_linear = in && (law == PARLEY_LAW_L16_8000 || law == PARLEY_LAW_L16_16000);
        check(is_linear == (in && leg->linear != 0), "a place for L16");
        check(!is_linear || (leg->parcel != 0 && leg->wide != 0), "its other places");
        check((in && leg->wide != 0) == (is_linear || (in && law == PARLEY_LAW_G722)), "a place for wideband");
        check(!is_linear || (taken >> leg->linear & 1) == 0, "a place for L16 of its own");
        taken |= is_linear ? 1U << leg->linear : 0;
        check(!in || leg->wide == 0 || (wide >> leg->wide & 1) == 0, "a place for wideband of its own");
        wide |= in && leg->wide != 0 ? 1U << leg->wide : 0;
        if (in) {
            wideband[leg->conference] += (uint32_t)bridge_wideband(leg);
        }
    }
    check(__builtin_popcount(taken) == linear->places - linear->free, "places for L16 taken");
    for (int32_t i = 0; i < CONFERENCES; i++) {
        int32_t counted = bridge_conference_at(bridge, i)->wide & BRIDGE_WIDE_LEGS;
        check(counted == (int32_t)wideband[i], "wideband legs of a conference");
    }
}

/** Each leg with packets of its own has one place, and the rest are free. */
static void check_parcels(const parley_bridge *bridge) {
    const bridge_pool *pool = bridge_at(bridge, bridge->parcels_at);
    uint32_t taken = 0;
    for (int32_t i = 0; i < LEGS; i++) {
        const bridge_leg *leg = bridge_leg_at(bridge, i);
        int has = leg->conference != NOBODY && leg->parcel != 0;
        check(has == ((leg->flags & BRIDGE_PARCELLED) != 0), "flag of a leg with packets of its own");
        check(!has || (leg->parcel <= PARCELS && (taken >> leg->parcel & 1) == 0), "a place of its own");
        taken |= has ? 1U << leg->parcel : 0;
    }
    check(__builtin_popcount(taken) == pool->places - pool->free, "places taken");
}

/** A packet on heap memory of its very length, often a good one of a stream that keeps time. */
static void knock(parley_bridge *bridge) {
    uint32_t frame = ticks / 4 + below(3);
    uint8_t from[6];
    static const int32_t usual[] = {172, 172, 332, 652}; /* G.711, L16 */
    int32_t length = below(3) ? usual[below(4)] : (int32_t)below(PACKET_MAX);
    uint8_t *packet = malloc(length > 0 ? (size_t)length : 1);
    check(packet != NULL, "memory");
    for (int32_t i = 0; i < length; i++) {
        packet[i] = (uint8_t)below(256);
    }
    if (length >= PARLEY_RTP_HEADER_BYTES && below(8)) {
        int32_t type = below(8) ? 0 : (int32_t)(below(2) ? 101 : 72);
        int32_t fields[PARLEY_RTP_FIELDS] = {type, type == 72, (int32_t)(frame & 0xFFFF), (int32_t)(frame * (length == 652 ? 320 : 160)), 7};
        parley_rtp_write(packet, length, fields);
    }
    address(from);
    int32_t result = below(4) ? parley_bridge_receive(bridge, packet, length, from)
                              : parley_bridge_receive_leg(bridge, (int32_t)below(LEGS + 1), packet, length);
    check(result <= PARLEY_LEG_TAKEN && (result >= PARLEY_BRIDGE_REPLAYED || result == PARLEY_BRIDGE_ARGUMENT),
          "result");
    free(packet);
}

static void tick(parley_bridge *bridge) {
    int32_t phases = 1 + (int32_t)below(3);
    ticks++;
    parley_bridge_begin(bridge, (int32_t)below((uint32_t)phases), phases);
    for (int32_t made; (made = parley_bridge_mix(bridge, (int32_t)below(LEGS + 4))) > 0;) {
        check(made <= LEGS, "packets within the area");
        int32_t place = (int32_t)below((uint32_t)made);
        int32_t at = parley_bridge_packet(bridge, place);
        check(at > 0 && at + parley_bridge_packet_octets(bridge, place) <= bridge->size, "packet within the memory");
        check((((uint8_t *)bridge)[at] & 0xE0) == 0x80, "packet is RTP");
        check(parley_bridge_refused(bridge, place) == 0, "packet has a leg");
        if (below(16) == 0) {
            break;
        }
    }
}

/** Every leg with an address is found by it, and the table holds nothing else. */
static void check_sources(const parley_bridge *bridge) {
    uint32_t held = 0, expected = 0;
    for (uint32_t place = 0; place <= bridge->source_mask; place++) {
        held += bridge_sources(bridge)[place].port_leg != 0;
    }
    for (int32_t i = 0; i < LEGS; i++) {
        const bridge_leg *leg = bridge_leg_at(bridge, i);
        if (leg->conference != NOBODY && leg->port != 0) {
            check(bridge_source_find(bridge, leg->address, leg->port) == i, "source leads to its leg");
            expected++;
        }
    }
    check(held == expected && 2 * held <= bridge->source_mask + 1, "no other sources");
}

/** Chains are whole both ways and hold every leg in use once. */
static void check_chains(const parley_bridge *bridge) {
    int32_t found = 0, conferences = 0;
    for (int32_t i = 0; i < CONFERENCES; i++) {
        const bridge_conference *conference = bridge_conference_at(bridge, i);
        int32_t before = NOBODY, members = 0;
        for (int32_t leg = conference->first; leg != NOBODY; leg = bridge_leg_at(bridge, leg)->next) {
            check(leg >= 0 && leg < LEGS && ++members <= LEGS, "chain ends");
            check(bridge_leg_at(bridge, leg)->previous == before, "chain back");
            check(bridge_leg_at(bridge, leg)->conference == i, "leg is in its conference");
            before = leg;
        }
        check(conference->last == before && conference->members == members, "conference's own figures");
        found += members;
        conferences += members > 0;
    }
    check(found == parley_bridge_stat(bridge, PARLEY_BRIDGE_STAT_LEGS), "legs");
    check(conferences == parley_bridge_stat(bridge, PARLEY_BRIDGE_STAT_CONFERENCES), "conferences");
}

static void step(parley_bridge *bridge) {
    static void (*const deeds[])(parley_bridge *) = {join, join, leave, move, tick, tick, attend, attend};
    int32_t packets = (int32_t)below(12);
    while (packets-- > 0) {
        knock(bridge);
    }
    deeds[below(sizeof deeds / sizeof deeds[0])](bridge);
    check_sources(bridge);
    check_chains(bridge);
    check_special(bridge);
    check_parcels(bridge);
    check_places(bridge);
}

int main(int count, char **words) {
    int32_t size = parley_bridge_size(LEGS, CONFERENCES);
    int32_t keyed_size = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE + parley_bridge_key_octets(KEYED);
    keyed_size = (keyed_size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    int32_t all = keyed_size + parley_bridge_parcel_octets(PARCELS);
    int32_t with_linear = (all + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE + parley_bridge_linear_octets(LINEAR);
    int32_t whole = (with_linear + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE + parley_bridge_wide_octets(WIDE, CONFERENCES);
    parley_bridge *bridge = malloc((size_t)whole);
    state = count > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : 1;
    int32_t steps = count > 2 ? atoi(words[2]) : 1;
    check(bridge != NULL, "memory");
    memset(bridge, 0xA5, (size_t)whole);
    check(parley_bridge_init(bridge, size - 1, LEGS, CONFERENCES, 0) != 0, "too short");
    check(parley_bridge_init(bridge, size, LEGS, CONFERENCES, (int32_t)(state % 3 + (state % 3 > 0))) == 0, "init");
    check(parley_bridge_usable(bridge, size) && !parley_bridge_usable(bridge, size - 1), "usable");
    check(parley_bridge_key_places(bridge, keyed_size - CACHE_LINE, KEYED) == PARLEY_BRIDGE_ARGUMENT, "too short for keys");
    check(parley_bridge_key_places(bridge, keyed_size, KEYED) == 0, "places for keys");
    check(parley_bridge_parcel_places(bridge, all - 1, PARCELS) == PARLEY_BRIDGE_ARGUMENT, "too short for packets");
    check(parley_bridge_parcel_places(bridge, all, PARCELS) == 0, "places for packets");
    check(parley_bridge_linear_places(bridge, with_linear - 1, LINEAR) == PARLEY_BRIDGE_ARGUMENT, "too short for L16");
    check(parley_bridge_linear_places(bridge, with_linear, LINEAR) == 0, "places for L16");
    check(parley_bridge_widen(bridge, whole, WIDE) == 0, "wideband places");
    for (int32_t i = 0; i < steps; i++) {
        step(bridge);
    }
    for (int32_t i = 0; i < PARLEY_BRIDGE_STAT_COUNT; i++) {
        printf("%d ", (int)parley_bridge_stat(bridge, i));
        check(parley_bridge_stat(bridge, i) > 0, "every counter was reached");
    }
    check(steps < 200000 || (joins > 10000 && no_place > 100), "joins");
    printf("joins %d leaves %d moves %d in use %d\n", (int)joins, (int)leaves, (int)moves, (int)in_use);
    free(bridge);
    return 0;
}
