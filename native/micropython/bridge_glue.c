/** @file bridge_glue.c The bridge's functions as MicroPython calls them; arrays hold as many as VARIADIC says. */
#include "bridge_glue.h"

#include "glue.h"
#include "parley_bridge.h"

parley_bridge *bridge_of(mpy_obj object, int32_t *octets) {
    int32_t words;
    parley_bridge *bridge =
        view(object, MPY_BUFFER_READ | MPY_BUFFER_WRITE, sizeof(int32_t), 1, &words);
    *octets = words * (int32_t)sizeof(int32_t);
    need(parley_bridge_usable(bridge, *octets), "bridge not initialised");
    return bridge;
}

parley_bridge *bridge_in(mpy_obj object) {
    int32_t unused;
    return bridge_of(object, &unused);
}

static mpy_obj checked(int32_t result) {
    need(result != PARLEY_BRIDGE_ARGUMENT, "argument");
    return mpy_small_int(result);
}

static const uint8_t *address_in(mpy_obj object) {
    int32_t unused;
    return readable(object, 1, PARLEY_BRIDGE_ADDRESS_BYTES, &unused);
}

mpy_obj bridge_size(mpy_obj legs, mpy_obj conferences) {
    return checked(parley_bridge_size(integer(legs), integer(conferences)));
}

mpy_obj bridge_init(size_t count, const mpy_obj *arguments) {
    int32_t legs = integer(arguments[1]);
    int32_t conferences = integer(arguments[2]);
    int32_t size = parley_bridge_size(legs, conferences);
    (void)count;
    need(size > 0, "argument");
    parley_bridge *bridge = writable(arguments[0], sizeof(int32_t), size / (int32_t)sizeof(int32_t));
    return checked(parley_bridge_init(bridge, size, legs, conferences, integer(arguments[3])));
}

mpy_obj bridge_wide_octets(mpy_obj places, mpy_obj conferences) {
    return checked(parley_bridge_wide_octets(integer(places), integer(conferences)));
}

mpy_obj bridge_widen(mpy_obj bridge, mpy_obj places) {
    int32_t octets;
    parley_bridge *widened = bridge_of(bridge, &octets);
    return checked(parley_bridge_widen(widened, octets, integer(places)));
}

mpy_obj bridge_add_leg(size_t count, const mpy_obj *arguments) {
    int32_t terms[7];
    int32_t unused;
    (void)count;
    for (int32_t i = 0; i < 7; i++) {
        terms[i] = integer(arguments[1 + i]);
    }
    const int32_t *seed = readable(arguments[8], sizeof(int32_t), 3, &unused);
    const uint8_t *address = address_in(arguments[9]);
    return checked(parley_bridge_add_leg(bridge_in(arguments[0]), terms[0], terms[1], terms[2], terms[3],
                                         terms[4], terms[5], terms[6], seed, address));
}

mpy_obj bridge_change(size_t count, const mpy_obj *arguments) {
    int32_t terms[5];
    (void)count;
    for (int32_t i = 0; i < 5; i++) {
        terms[i] = integer(arguments[1 + i]);
    }
    const uint8_t *address = address_in(arguments[6]);
    return checked(parley_bridge_change(bridge_in(arguments[0]), terms[0], terms[1], terms[2], terms[3],
                                        terms[4], address));
}

mpy_obj bridge_remove_leg(mpy_obj bridge, mpy_obj leg) {
    return checked(parley_bridge_remove_leg(bridge_in(bridge), integer(leg)));
}

mpy_obj bridge_receive(size_t count, const mpy_obj *arguments) {
    int32_t length = integer(arguments[2]);
    const uint8_t *packet = datagram(arguments[1], length);
    (void)count;
    return checked(
        parley_bridge_receive(bridge_in(arguments[0]), packet, length, address_in(arguments[3])));
}

mpy_obj bridge_receive_leg(size_t count, const mpy_obj *arguments) {
    int32_t length = integer(arguments[3]);
    const uint8_t *packet = datagram(arguments[2], length);
    (void)count;
    return checked(
        parley_bridge_receive_leg(bridge_in(arguments[0]), integer(arguments[1]), packet, length));
}

mpy_obj bridge_before(mpy_obj bridge, mpy_obj before) {
    return checked(parley_bridge_before(bridge_in(bridge), integer(before)));
}

mpy_obj bridge_begin(mpy_obj bridge, mpy_obj phase, mpy_obj phases) {
    return checked(parley_bridge_begin(bridge_in(bridge), integer(phase), integer(phases)));
}

mpy_obj bridge_mix(mpy_obj bridge, mpy_obj most) {
    return checked(parley_bridge_mix(bridge_in(bridge), integer(most)));
}

mpy_obj bridge_skip(mpy_obj bridge, mpy_obj ticks) {
    return checked(parley_bridge_skip(bridge_in(bridge), integer(ticks)));
}

mpy_obj bridge_packet(mpy_obj bridge, mpy_obj place) {
    return checked(parley_bridge_packet(bridge_in(bridge), integer(place)));
}

mpy_obj bridge_packet_leg(mpy_obj bridge, mpy_obj place) {
    return checked(parley_bridge_packet_leg(bridge_in(bridge), integer(place)));
}

mpy_obj bridge_refused(mpy_obj bridge, mpy_obj place) {
    return checked(parley_bridge_refused(bridge_in(bridge), integer(place)));
}

mpy_obj bridge_leg_stat(mpy_obj bridge, mpy_obj leg, mpy_obj index) {
    return checked(parley_bridge_leg_stat(bridge_in(bridge), integer(leg), integer(index)));
}

mpy_obj bridge_stat(mpy_obj bridge, mpy_obj index) {
    return checked(parley_bridge_stat(bridge_in(bridge), integer(index)));
}
