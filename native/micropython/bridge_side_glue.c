/** @file bridge_side_glue.c The bridge's legs that are more than plain, as MicroPython calls them. */
#include "bridge_glue.h"
#include "glue.h"
#include "parley_bridge_side.h"
#include "parley_srtp.h"

static mpy_obj checked(int32_t result) {
    need(result != PARLEY_BRIDGE_ARGUMENT, "argument");
    return mpy_small_int(result);
}

/** Lets so many legs have what `kernel` makes places for at the end of the bridge's memory. */
static mpy_obj let(int32_t (*kernel)(parley_bridge *, int32_t, int32_t), mpy_obj bridge, mpy_obj places) {
    int32_t octets;
    parley_bridge *extended = bridge_of(bridge, &octets);
    return checked(kernel(extended, octets, integer(places)));
}

static const uint8_t *master_in(mpy_obj object) {
    int32_t unused;
    return readable(object, 1, PARLEY_SRTP_MASTER_BYTES, &unused);
}

mpy_obj bridge_packet_octets(mpy_obj bridge, mpy_obj place) {
    return checked(parley_bridge_packet_octets(bridge_in(bridge), integer(place)));
}

mpy_obj bridge_parcel_octets(mpy_obj places) {
    return checked(parley_bridge_parcel_octets(integer(places)));
}

mpy_obj bridge_parcel_places(mpy_obj bridge, mpy_obj places) {
    return let(parley_bridge_parcel_places, bridge, places);
}

mpy_obj bridge_linear_octets(mpy_obj places) {
    return checked(parley_bridge_linear_octets(integer(places)));
}

mpy_obj bridge_linear_places(mpy_obj bridge, mpy_obj places) {
    return let(parley_bridge_linear_places, bridge, places);
}

mpy_obj bridge_ptime(mpy_obj bridge, mpy_obj leg, mpy_obj ptime_ms) {
    return checked(parley_bridge_ptime(bridge_in(bridge), integer(leg), integer(ptime_ms)));
}

mpy_obj bridge_parcel(mpy_obj bridge, mpy_obj leg, mpy_obj number) {
    return checked(parley_bridge_parcel(bridge_in(bridge), integer(leg), integer(number)));
}

mpy_obj bridge_key_octets(mpy_obj places) {
    return checked(parley_bridge_key_octets(integer(places)));
}

mpy_obj bridge_key_places(mpy_obj bridge, mpy_obj places) {
    return let(parley_bridge_key_places, bridge, places);
}

mpy_obj bridge_secure(size_t count, const mpy_obj *arguments) {
    int32_t unused;
    (void)count;
    int32_t leg = integer(arguments[1]), suite = integer(arguments[2]);
    const uint8_t *out = master_in(arguments[3]), *in = master_in(arguments[4]);
    const int32_t *ssrc = readable(arguments[5], sizeof(int32_t), 1, &unused);
    return checked(parley_bridge_secure(bridge_in(arguments[0]), leg, suite, out, in, ssrc[0]));
}

mpy_obj bridge_watch(mpy_obj bridge, mpy_obj leg, mpy_obj watched) {
    return checked(parley_bridge_watch(bridge_in(bridge), integer(leg), integer(watched)));
}

mpy_obj bridge_clock(mpy_obj bridge, mpy_obj now_ms) {
    return checked(parley_bridge_clock(bridge_in(bridge), integer(now_ms)));
}

mpy_obj bridge_take_report(mpy_obj bridge, mpy_obj leg, mpy_obj packet) {
    int32_t *whose = writable(leg, sizeof(int32_t), 1);
    uint8_t *octets = writable(packet, 1, PARLEY_BRIDGE_REPORT_BYTES_MAX);
    return checked(parley_bridge_take_report(bridge_in(bridge), whose, octets, PARLEY_BRIDGE_REPORT_BYTES_MAX));
}

mpy_obj bridge_protect_report(size_t count, const mpy_obj *arguments) {
    int32_t room;
    int32_t leg = integer(arguments[1]), length = integer(arguments[3]);
    (void)count;
    uint8_t *packet = view(arguments[2], MPY_BUFFER_READ | MPY_BUFFER_WRITE, 1, 0, &room);
    need(length >= 0 && length <= room, "length");
    return checked(parley_bridge_protect_report(bridge_in(arguments[0]), leg, packet, length, room));
}

mpy_obj bridge_open_report(size_t count, const mpy_obj *arguments) {
    int32_t leg = integer(arguments[1]), length = integer(arguments[3]);
    (void)count;
    const uint8_t *packet = datagram(arguments[2], length);
    uint8_t *plain = writable(arguments[4], 1, length);
    return checked(parley_bridge_open_report(bridge_in(arguments[0]), leg, packet, length, plain));
}

mpy_obj bridge_take_event(mpy_obj bridge, mpy_obj leg) {
    int32_t *whose = writable(leg, sizeof(int32_t), 1);
    return checked(parley_bridge_take_event(bridge_in(bridge), whose));
}

mpy_obj bridge_figures(mpy_obj bridge, mpy_obj leg, mpy_obj figures) {
    int32_t *words = writable(figures, sizeof(int32_t), PARLEY_BRIDGE_FIGURES);
    return checked(parley_bridge_figures(bridge_in(bridge), integer(leg), words));
}

mpy_obj bridge_tell(size_t count, const mpy_obj *arguments) {
    int32_t leg = integer(arguments[1]), tone = integer(arguments[2]), times = integer(arguments[3]);
    (void)count;
    return checked(parley_bridge_tell(bridge_in(arguments[0]), leg, tone, times));
}

mpy_obj bridge_gain(mpy_obj bridge, mpy_obj leg, mpy_obj gain) {
    return checked(parley_bridge_gain(bridge_in(bridge), integer(leg), integer(gain)));
}

mpy_obj bridge_channels(size_t count, const mpy_obj *arguments) {
    int32_t leg = integer(arguments[1]), says = integer(arguments[2]), hears = integer(arguments[3]);
    (void)count;
    return checked(parley_bridge_channels(bridge_in(arguments[0]), leg, says, hears));
}

mpy_obj bridge_names(size_t count, const mpy_obj *arguments) {
    int32_t leg = integer(arguments[1]), most = integer(arguments[2]);
    int32_t out = integer(arguments[3]), in = integer(arguments[4]);
    (void)count;
    return checked(parley_bridge_names(bridge_in(arguments[0]), leg, most, out, in));
}

mpy_obj bridge_noise(mpy_obj bridge, mpy_obj leg, mpy_obj level) {
    return checked(parley_bridge_noise(bridge_in(bridge), integer(leg), integer(level)));
}
