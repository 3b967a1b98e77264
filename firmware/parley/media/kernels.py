"""The media kernels: native where the firmware takes the module, else plain Python; the only import of them.

KERNELS tells which ("native" or "slow"), KERNELS_FAULT why not native. Functions, units and clauses:
native/include/parley_*.h; the numbers they take and return: kernel_numbers.py.

In short (pcm: 16-bit samples; total: 32-bit sums; fields, seed: 32-bit words):

    g711_decode(law, codes, pcm) -> samples      g711_encode(law, pcm, codes) -> samples
    mix_clear(total)  mix_add(total, pcm)        mix_minus(total, own or None, out, gain) -> gain
    level_dbov(pcm) -> 0..127
    rtp_read(packet, length, fields) -> payload offset, or RTP_SHORT ...
    rtp_write(packet, fields) -> 12
    leg_size() -> octets of a leg's state
    leg_init(leg, law, payload_type, event_payload_type or -1, depth_frames, seed of 3 words)
    leg_receive(leg, packet, length) -> LEG_TAKEN, or LEG_BAD ...
    leg_playout(leg, pcm) -> 1 played, 0 silence
    leg_packetise(leg, pcm or None, packet) -> 172, or 0
    leg_stat(leg, index in LEG_STATS) -> int

and everything for all conferences of a board (media/bridge.py is the face to use; address: 6 octets):

    bridge_size(legs, conferences) -> octets     bridge_init(bridge, legs, conferences, loudest or 0)
    bridge_wide_octets(places, conferences)      bridge_widen(bridge, places) for wideband legs
    bridge_key_octets(places)                    bridge_key_places(bridge, places) for legs with keys
    bridge_parcel_octets(places)                 bridge_parcel_places(bridge, places) for packets of other times
    bridge_linear_octets(places)                 bridge_linear_places(bridge, places) for legs with L16
    bridge_ptime(bridge, leg, ptime_ms) -> 0 or BRIDGE_NO_PLACE   bridge_parcel(bridge, leg, number) -> offset
    bridge_add_leg(bridge, leg, conference, law, payload_type, event_payload_type, depth_frames, flags, seed,
        address) -> 0 or BRIDGE_IN_USE           bridge_remove_leg(bridge, leg)
    bridge_change(bridge, leg, law, payload_type, event_payload_type, flags, address) -> 0 or BRIDGE_IN_USE
    bridge_receive(bridge, packet, length, address) -> as leg_receive, or BRIDGE_UNKNOWN, BRIDGE_UNWANTED
    bridge_receive_leg(bridge, leg, packet, length)
    bridge_before(bridge, before)
    bridge_begin(bridge, phase, phases)          bridge_mix(bridge, most) -> packets made, 0: tick over
    bridge_packet(bridge, place) -> offset       bridge_packet_leg(bridge, place) -> leg
    bridge_refused(bridge, place)                bridge_skip(bridge, ticks)
    bridge_leg_stat(bridge, leg, index in BRIDGE_LEG_STATS)   bridge_stat(bridge, index in BRIDGE_STATS)
    bridge_packet_octets(bridge, place)          bridge_secure(bridge, leg, suite, master_out, master_in, ssrc word)
    bridge_watch(bridge, leg, 1 or 0)            bridge_clock(bridge, now_ms)
    bridge_take_report(bridge, leg word, packet of BRIDGE_REPORT_BYTES) -> octets, 0 none
    bridge_protect_report(bridge, leg, packet, length) -> octets
    bridge_open_report(bridge, leg, packet, length, plain) -> octets, or below 0
    bridge_tell(bridge, leg, tone, times)        bridge_gain(bridge, leg, gain of 1/256)
    bridge_channels(bridge, leg, says, hears: 30 bits each)
    bridge_names(bridge, leg, most, level_id_out or 0, level_id_in or 0)
    bridge_noise(bridge, leg, level or 0)
    bridge_take_event(bridge, leg word) -> event, BRIDGE_NOTHING   bridge_figures(bridge, leg, BRIDGE_FIGURES words)

and SRTP of one stream (native only; media/srtp.py is the face to use):

    srtp_size() -> octets   srtp_init(state, suite, master_out, master_in)   srtp_wipe(state)
    srtp_protect, srtcp_protect(state, packet, length) -> octets, or below 0
    srtp_unprotect, srtcp_unprotect(state, packet, length, plain) -> octets, or below 0

The first buffer read sets the number of samples; the others must be as long or longer, else ValueError.
"""

from parley.media.native_file import check

KERNELS = "native"
KERNELS_FAULT = ""

try:
    check("parley_native")
    from parley_native import (
        bridge_add_leg,
        bridge_before,
        bridge_begin,
        bridge_change,
        bridge_channels,
        bridge_clock,
        bridge_figures,
        bridge_gain,
        bridge_init,
        bridge_key_octets,
        bridge_key_places,
        bridge_leg_stat,
        bridge_linear_octets,
        bridge_linear_places,
        bridge_mix,
        bridge_names,
        bridge_noise,
        bridge_open_report,
        bridge_packet,
        bridge_packet_leg,
        bridge_packet_octets,
        bridge_parcel,
        bridge_parcel_octets,
        bridge_parcel_places,
        bridge_protect_report,
        bridge_ptime,
        bridge_receive,
        bridge_receive_leg,
        bridge_refused,
        bridge_remove_leg,
        bridge_secure,
        bridge_size,
        bridge_skip,
        bridge_stat,
        bridge_take_event,
        bridge_take_report,
        bridge_tell,
        bridge_watch,
        bridge_wide_octets,
        bridge_widen,
        g711_decode,
        g711_encode,
        leg_init,
        leg_packetise,
        leg_playout,
        leg_receive,
        leg_size,
        leg_stat,
        level_dbov,
        mix_add,
        mix_clear,
        mix_minus,
        rtp_read,
        rtp_write,
        srtcp_protect,
        srtcp_unprotect,
        srtp_init,
        srtp_protect,
        srtp_size,
        srtp_unprotect,
        srtp_wipe,
    )
except (
    ImportError,
    ValueError,
    OSError,
    MemoryError,
) as fault:  # ValueError: a damaged file, or MicroPython's "incompatible .mpy ..."
    KERNELS = "slow"
    KERNELS_FAULT = str(fault) or type(fault).__name__
    from parley.media.kernels_slow import (
        bridge_add_leg,
        bridge_before,
        bridge_begin,
        bridge_change,
        bridge_channels,
        bridge_clock,
        bridge_figures,
        bridge_gain,
        bridge_init,
        bridge_key_octets,
        bridge_key_places,
        bridge_leg_stat,
        bridge_linear_octets,
        bridge_linear_places,
        bridge_mix,
        bridge_names,
        bridge_noise,
        bridge_open_report,
        bridge_packet,
        bridge_packet_leg,
        bridge_packet_octets,
        bridge_parcel,
        bridge_parcel_octets,
        bridge_parcel_places,
        bridge_protect_report,
        bridge_ptime,
        bridge_receive,
        bridge_receive_leg,
        bridge_refused,
        bridge_remove_leg,
        bridge_secure,
        bridge_size,
        bridge_skip,
        bridge_stat,
        bridge_take_event,
        bridge_take_report,
        bridge_tell,
        bridge_watch,
        bridge_wide_octets,
        bridge_widen,
        g711_decode,
        g711_encode,
        leg_init,
        leg_packetise,
        leg_playout,
        leg_receive,
        leg_size,
        leg_stat,
        level_dbov,
        mix_add,
        mix_clear,
        mix_minus,
        rtp_read,
        rtp_write,
        srtcp_protect,
        srtcp_unprotect,
        srtp_init,
        srtp_protect,
        srtp_size,
        srtp_unprotect,
        srtp_wipe,
    )

__all__ = (
    "bridge_add_leg",
    "bridge_before",
    "bridge_begin",
    "bridge_change",
    "bridge_channels",
    "bridge_clock",
    "bridge_figures",
    "bridge_gain",
    "bridge_init",
    "bridge_key_octets",
    "bridge_key_places",
    "bridge_leg_stat",
    "bridge_linear_octets",
    "bridge_linear_places",
    "bridge_mix",
    "bridge_names",
    "bridge_noise",
    "bridge_open_report",
    "bridge_packet",
    "bridge_packet_leg",
    "bridge_packet_octets",
    "bridge_parcel",
    "bridge_parcel_octets",
    "bridge_parcel_places",
    "bridge_protect_report",
    "bridge_ptime",
    "bridge_receive",
    "bridge_receive_leg",
    "bridge_refused",
    "bridge_remove_leg",
    "bridge_secure",
    "bridge_size",
    "bridge_skip",
    "bridge_stat",
    "bridge_take_event",
    "bridge_take_report",
    "bridge_tell",
    "bridge_watch",
    "bridge_wide_octets",
    "bridge_widen",
    "g711_decode",
    "g711_encode",
    "leg_init",
    "leg_packetise",
    "leg_playout",
    "leg_receive",
    "leg_size",
    "leg_stat",
    "level_dbov",
    "mix_add",
    "mix_clear",
    "mix_minus",
    "rtp_read",
    "rtp_write",
    "srtcp_protect",
    "srtcp_unprotect",
    "srtp_init",
    "srtp_protect",
    "srtp_size",
    "srtp_unprotect",
    "srtp_wipe",
)
