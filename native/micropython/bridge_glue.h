/** @file bridge_glue.h The bridge's functions as MicroPython calls them. */
#ifndef PARLEY_BRIDGE_GLUE_H
#define PARLEY_BRIDGE_GLUE_H

#include "mpy_abi.h"
#include "parley_bridge_side.h"

/** A bridge that was initialised. */
parley_bridge *bridge_in(mpy_obj object);

/** The same, and how many octets its memory has. */
parley_bridge *bridge_of(mpy_obj object, int32_t *octets);

mpy_obj bridge_size(mpy_obj legs, mpy_obj conferences);
mpy_obj bridge_init(size_t count, const mpy_obj *arguments);
mpy_obj bridge_wide_octets(mpy_obj places, mpy_obj conferences);
mpy_obj bridge_widen(mpy_obj bridge, mpy_obj places);
mpy_obj bridge_add_leg(size_t count, const mpy_obj *arguments);
mpy_obj bridge_change(size_t count, const mpy_obj *arguments);
mpy_obj bridge_remove_leg(mpy_obj bridge, mpy_obj leg);
mpy_obj bridge_receive(size_t count, const mpy_obj *arguments);
mpy_obj bridge_receive_leg(size_t count, const mpy_obj *arguments);
mpy_obj bridge_before(mpy_obj bridge, mpy_obj before);
mpy_obj bridge_begin(mpy_obj bridge, mpy_obj phase, mpy_obj phases);
mpy_obj bridge_mix(mpy_obj bridge, mpy_obj most);
mpy_obj bridge_skip(mpy_obj bridge, mpy_obj ticks);
mpy_obj bridge_packet(mpy_obj bridge, mpy_obj place);
mpy_obj bridge_packet_leg(mpy_obj bridge, mpy_obj place);
mpy_obj bridge_refused(mpy_obj bridge, mpy_obj place);
mpy_obj bridge_leg_stat(mpy_obj bridge, mpy_obj leg, mpy_obj index);
mpy_obj bridge_stat(mpy_obj bridge, mpy_obj index);

/* bridge_side_glue.c */
mpy_obj bridge_packet_octets(mpy_obj bridge, mpy_obj place);
mpy_obj bridge_parcel_octets(mpy_obj places);
mpy_obj bridge_parcel_places(mpy_obj bridge, mpy_obj places);
mpy_obj bridge_linear_octets(mpy_obj places);
mpy_obj bridge_linear_places(mpy_obj bridge, mpy_obj places);
mpy_obj bridge_ptime(mpy_obj bridge, mpy_obj leg, mpy_obj ptime_ms);
mpy_obj bridge_parcel(mpy_obj bridge, mpy_obj leg, mpy_obj number);
mpy_obj bridge_key_octets(mpy_obj places);
mpy_obj bridge_key_places(mpy_obj bridge, mpy_obj places);
mpy_obj bridge_secure(size_t count, const mpy_obj *arguments);
mpy_obj bridge_watch(mpy_obj bridge, mpy_obj leg, mpy_obj watched);
mpy_obj bridge_clock(mpy_obj bridge, mpy_obj now_ms);
mpy_obj bridge_take_report(mpy_obj bridge, mpy_obj leg, mpy_obj packet);
mpy_obj bridge_protect_report(size_t count, const mpy_obj *arguments);
mpy_obj bridge_open_report(size_t count, const mpy_obj *arguments);
mpy_obj bridge_take_event(mpy_obj bridge, mpy_obj leg);
mpy_obj bridge_figures(mpy_obj bridge, mpy_obj leg, mpy_obj figures);
mpy_obj bridge_tell(size_t count, const mpy_obj *arguments);
mpy_obj bridge_gain(mpy_obj bridge, mpy_obj leg, mpy_obj gain);
mpy_obj bridge_channels(size_t count, const mpy_obj *arguments);
mpy_obj bridge_names(size_t count, const mpy_obj *arguments);
mpy_obj bridge_noise(mpy_obj bridge, mpy_obj leg, mpy_obj level);

#endif
