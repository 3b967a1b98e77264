"""The codecs a bridge of today speaks, in the order of our preference in an offer; an answer follows the offer's.

A codec's name is its RTP encoding name, with the clock rate behind it where that is not 8000: "PCMU", "L16/16000".
"""

# (RTP encoding name, clock rate, law number of the kernels, octets of 20 ms). The law number is the static payload type
# of RFC 3551 table 4, where there is one, which says nothing about the payload type a peer chose: that is the leg's.
# G.722 samples at 16000 Hz, but its RTP clock is 8000 (RFC 3551 4.5.2): packets are those of G.711. L16 is last, for it
# takes two and four times the network.
CODECS = (
    ("G722", 8000, 9, 160),
    ("PCMU", 8000, 0, 160),
    ("PCMA", 8000, 8, 160),
    ("L16", 16000, 129, 640),
    ("L16", 8000, 128, 320),
)

LINEAR = ("L16", "L16/16000")
WIDEBAND = ("G722", "L16/16000")
WIDE_PLACES = ("G722", "L16", "L16/16000")  # what takes a place for a wideband leg

FRAME_MS = 20
PTIME_MS = 20  # of packets, where nobody asks for another
SAMPLE_RATE_HZ = 8000
FRAME_SAMPLES = 160
FRAME_BYTES = FRAME_SAMPLES * 2  # int16 PCM
RTP_HEADER_BYTES = 12
PACKET_BYTES = RTP_HEADER_BYTES + FRAME_SAMPLES  # one byte a sample in both laws


def codec_name(name, rate_hz):
    """A codec's name of its encoding name, in any case, and its clock rate."""
    return name.upper() if rate_hz == SAMPLE_RATE_HZ else "%s/%d" % (name.upper(), rate_hz)


def preference(wide=False, linear=False):
    """[(name, rate_hz), ...] in the order of our preference, as parley.call.negotiate takes it.

    wide: G.722, too; linear: L16, too.
    """
    found = []
    for name, rate_hz, _law, _octets in CODECS:
        known = codec_name(name, rate_hz)
        if (linear if known in LINEAR else wide) or known not in WIDE_PLACES:
            found.append((name, rate_hz))
    return found


def _row(codec):
    wanted = codec.upper()
    for row in CODECS:
        if codec_name(row[0], row[1]) == wanted:
            return row
    raise ValueError("no codec " + codec)


def packet_bytes(codec, ptime_ms):
    """Octets of a packet of so much sound, without what protects it."""
    return RTP_HEADER_BYTES + _row(codec)[3] * ptime_ms // FRAME_MS


def law_of(codec):
    """Law number of the kernels for a codec's name in any case (RFC 4855); ValueError if unknown."""
    return _row(codec)[2]
