"""Numbers and names that the media kernels agree on with their callers; their meaning: native/include/parley_*.h."""

# laws, by static RTP payload type (RFC 3551 6)
LAW_PCMU = 0
LAW_PCMA = 8
LAW_G722 = 9
LAW_L16_8000 = 128  # L16 has dynamic ones
LAW_L16_16000 = 129

FRAME_SAMPLES = 160  # 20 ms at 8000 Hz
PACKET_BYTES = 172  # what leg_packetise makes
LEG_DEPTH_FRAMES = 1  # usual prefill
LEVEL_SILENCE = 127

# index of each word of `fields`; timestamp and SSRC are two's complement bits
RTP_FIELDS = 8
RTP_PAYLOAD_TYPE = 0
RTP_MARKER = 1
RTP_SEQUENCE = 2
RTP_TIMESTAMP = 3
RTP_SSRC = 4
RTP_CSRC_COUNT = 5
RTP_PAYLOAD_END = 6

# why rtp_read refuses
RTP_SHORT = -1
RTP_VERSION = -2
RTP_CSRC = -3
RTP_EXTENSION = -4
RTP_PADDING = -5

# what leg_receive returns
LEG_TAKEN = 0
LEG_BAD = -1
LEG_WRONG_TYPE = -2
LEG_LATE = -3
LEG_DUPLICATE = -4
LEG_STRAY = -5

# leg_stat by index; lost, dropped and concealed count slots of 10 ms, played and silent ticks of 20 ms, depth is in ms,
# level_in in -dBov, stretched frames, the rest are packets or occasions (native/include/parley_leg.h)
LEG_STATS = (
    "received",
    "lost",
    "late",
    "duplicate",
    "played",
    "silent",
    "depth",
    "bad",
    "level_in",
    "wrong_type",
    "event",
    "stray",
    "resync",
    "underrun",
    "dropped",
    "sent",
    "concealed",
    "stretched",
    "noise",
)

# what a leg may do: bits of `flags`
BRIDGE_SPEAKS = 1
BRIDGE_HEARS = 2

# RTCP packet at most; index of each word of bridge_figures (native/include/parley_bridge.h)
BRIDGE_REPORT_BYTES = 504
BRIDGE_FIGURES = 12
FIGURES = (
    "ssrc_out",
    "packets_out",
    "timestamp_out",
    "heard",
    "ssrc_in",
    "first_sequence",
    "highest_sequence",
    "packets_in",
    "jitter",
    "heard_ms",
    "octets_out",
    "gain",
)

# what bridge_tell can play, in the order of its numbers
TONES = (
    "none",
    "join",
    "leave",
    "alone",
    "locked",
    "opened",
    "muted",
    "unmuted",
    "hand_up",
    "hand_down",
    "roll",
    "refused",
)
MOST_TIMES = 255

BRIDGE_NAMES = 15  # in a packet (RFC 3550 5.1)
BRIDGE_CHANNELS = 30
BRIDGE_CHANNELS_ALL = 0x3FFFFFFF  # who listens to all hears everybody
BRIDGE_GAIN_AUTO = -1
GAIN_ONE = 256  # as it came
GAIN_MOST = 4096  # 24 dB

# what the bridge returns, beside the leg's
BRIDGE_UNKNOWN = -6
BRIDGE_UNWANTED = -7
BRIDGE_IN_USE = -8
BRIDGE_FORGED = -9
BRIDGE_REPLAYED = -10
BRIDGE_NOTHING = -11
BRIDGE_NO_PLACE = -12

# bridge_leg_stat by index: the leg's, packets that came while it did not speak, packets the network refused, packets
# that were not under its keys, or twice, RTCP packets, and what it says of its level (RFC 6464: 128 voice, -dBov)
BRIDGE_LEG_STATS = LEG_STATS + ("unwanted", "refused", "forged", "replayed", "reports", "level_told")

# bridge_stat by index; packets, but for legs, conferences, frames of conferences, voices mixed in them, and
# frames encoded for one leg and for several (native/include/parley_bridge.h)
BRIDGE_STATS = (
    "legs",
    "conferences",
    "received",
    "taken",
    "unknown",
    "sent",
    "refused",
    "frames",
    "voices",
    "encoded",
    "shared",
    "copied",
    "silence",
    "reports_dropped",
    "events_dropped",
)
