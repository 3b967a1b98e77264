"""The codecs a bridge of today speaks, in the order of our preference in an offer; an answer follows the offer's."""

# (RTP encoding name, clock rate, law number of the kernels). The law number is the static payload type of
# RFC 3551 table 4, which says nothing about the payload type a peer chose for it: that is the leg's. G.722 samples at
# 16000 Hz, but its RTP clock is 8000 (RFC 3551 4.5.2): packets are those of G.711, 160 octets every 20 ms.
CODECS = (
    ("G722", 8000, 9),
    ("PCMU", 8000, 0),
    ("PCMA", 8000, 8),
)

WIDEBAND = ("G722",)

FRAME_MS = 20
PTIME_MS = 20  # of packets, where nobody asks for another
SAMPLE_RATE_HZ = 8000
FRAME_SAMPLES = 160
FRAME_BYTES = FRAME_SAMPLES * 2  # int16 PCM
RTP_HEADER_BYTES = 12
PACKET_BYTES = RTP_HEADER_BYTES + FRAME_SAMPLES  # one byte a sample in both laws


def preference(wide=False):
    """[(name, rate_hz), ...] in the order of our preference, as parley.call.negotiate takes it; wide: G.722, too."""
    return [(name, rate_hz) for name, rate_hz, _law in CODECS if wide or name not in WIDEBAND]


def packet_bytes(name, ptime_ms):
    """Octets of a packet of so much sound, without what protects it."""
    law_of(name)
    return RTP_HEADER_BYTES + FRAME_SAMPLES * ptime_ms // FRAME_MS


def law_of(name):
    """Law number of the kernels for an RTP encoding name in any case (RFC 4855); ValueError if unknown."""
    wanted = name.upper()
    for known, _rate_hz, law in CODECS:
        if known == wanted:
            return law
    raise ValueError("no codec " + name)
