"""The kernels in plain Python: same functions, same results, octet for octet, as the C of native/.

For a board whose firmware takes no native module, and as a second opinion in the tests. All are had from here;
what each function means: native/include/parley_*.h.
"""

from parley.media.kernels_slow_bridge import (
    bridge_add_leg,
    bridge_change,
    bridge_init,
    bridge_leg_stat,
    bridge_packet,
    bridge_packet_leg,
    bridge_refused,
    bridge_remove_leg,
    bridge_size,
    bridge_skip,
    bridge_stat,
    bridge_wide_octets,
    bridge_widen,
)
from parley.media.kernels_slow_bridge_receive import bridge_before, bridge_receive, bridge_receive_leg
from parley.media.kernels_slow_bridge_side import (
    bridge_clock,
    bridge_figures,
    bridge_key_octets,
    bridge_key_places,
    bridge_linear_octets,
    bridge_linear_places,
    bridge_open_report,
    bridge_packet_octets,
    bridge_parcel,
    bridge_parcel_octets,
    bridge_parcel_places,
    bridge_protect_report,
    bridge_ptime,
    bridge_secure,
    bridge_take_event,
    bridge_take_report,
    bridge_watch,
)
from parley.media.kernels_slow_leg import (
    leg_init,
    leg_packetise,
    leg_playout,
    leg_size,
    leg_stat,
)
from parley.media.kernels_slow_leg_receive import leg_receive
from parley.media.kernels_slow_limit import mix_minus
from parley.media.kernels_slow_mix import bridge_begin, bridge_mix
from parley.media.kernels_slow_names import bridge_names
from parley.media.kernels_slow_noise import bridge_noise
from parley.media.kernels_slow_plc import plc_conceal, plc_pitch, plc_recover
from parley.media.kernels_slow_shape import bridge_channels, bridge_gain
from parley.media.kernels_slow_srtp import (
    srtcp_protect,
    srtcp_unprotect,
    srtp_init,
    srtp_protect,
    srtp_size,
    srtp_unprotect,
    srtp_wipe,
)
from parley.media.kernels_slow_stateless import (
    g711_decode,
    g711_encode,
    level_dbov,
    mix_add,
    mix_clear,
    mix_scale,
    rtp_read,
    rtp_write,
)
from parley.media.kernels_slow_stretch import stretch
from parley.media.kernels_slow_tone import bridge_tell

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
    "mix_scale",
    "plc_conceal",
    "plc_pitch",
    "plc_recover",
    "rtp_read",
    "rtp_write",
    "srtcp_protect",
    "srtcp_unprotect",
    "srtp_init",
    "srtp_protect",
    "srtp_size",
    "srtp_unprotect",
    "srtp_wipe",
    "stretch",
)
