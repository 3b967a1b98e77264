"""The kernels that keep no state, in plain Python: G.711, mix-minus, level, RTP header. Part of kernels_slow.

Same functions, same results as the C of native/; what each means stands in native/include/parley_*.h.
"""

import struct

_CHUNK = 160  # samples taken at once: what one call of struct takes as arguments

_LEVEL_ENDS = (  # round(32767^2 * 10^(-(i + 0.5) / 10))
    956915000, 760104603, 603772547, 479593582, 380954723,
    302603093, 240366180, 190929644, 151660807, 120468461,
)  # fmt: skip


def need(condition, text):
    """Raises ValueError unless `condition`."""
    if not condition:
        raise ValueError(text)


def count_items(buffer, size, least=0):
    """Number of items of `size` octets in a buffer; ValueError if broken or less than `least`."""
    octets = len(
        buffer if isinstance(buffer, (bytes, bytearray)) else bytes(buffer)
    )  # of an array: no itemsize
    need(octets % size == 0, "buffer length")
    need(octets >= least * size, "buffer too short")
    return octets // size


def _chunks(samples):
    """Yields (first, count) of each part of a block."""
    for first in range(0, samples, _CHUNK):
        yield first, min(_CHUNK, samples - first)


# --- ITU-T G.711 (parley_g711.h) ---


def _mu_decode(code):
    number = ~code & 0xFF
    magnitude = ((((number & 0x0F) << 3) + 132) << (number >> 4 & 7)) - 132
    return magnitude if code & 0x80 else -magnitude


def _a_decode(code):
    number = code ^ 0x55
    exponent = number >> 4 & 7
    magnitude = ((number & 0x0F) << 4) + 8
    if exponent:
        magnitude = (magnitude + 0x100) << (exponent - 1)
    return magnitude if code & 0x80 else -magnitude


def _positive_codes(bits, last, number_of):
    """Table from magnitude >> bits to code: all decision values are multiples of 1 << bits."""
    return bytes([number_of(min(index, last) << bits) for index in range((32768 >> bits) + 1)])


def _segment(magnitude):
    found = 0
    while magnitude >> 8 + found:
        found += 1
    return found


def _mu_code(magnitude):
    exponent = _segment(magnitude + 132)
    return 0xFF - (exponent << 4 | (magnitude + 132) >> exponent + 3 & 0x0F)


def _a_code(magnitude):
    exponent = _segment(magnitude)
    return (0x80 | exponent << 4 | magnitude >> max(4, exponent + 3) & 0x0F) ^ 0x55


_tables = {}  # law: (decoding table, encoding table, bits); made at first use


def _law(law):
    if law not in _tables:
        need(law in (0, 8), "law")
        if law == 0:
            codes = _positive_codes(2, 8158, _mu_code)
            _tables[law] = (tuple([_mu_decode(code) for code in range(256)]), codes, 2)
        else:
            codes = _positive_codes(4, 2047, _a_code)
            _tables[law] = (tuple([_a_decode(code) for code in range(256)]), codes, 4)
    return _tables[law]


def g711_decode(law, codes, pcm):
    """Decodes all of `codes` into `pcm`; returns the number of samples."""
    table = _law(law)[0]
    samples = count_items(codes, 1)
    count_items(pcm, 2, samples)
    view = memoryview(codes)
    for first, count in _chunks(samples):
        struct.pack_into(
            "<%dh" % count, pcm, 2 * first, *[table[code] for code in view[first : first + count]]
        )
    return samples


def g711_encode(law, pcm, codes):
    """Encodes all of `pcm` into `codes`; returns the number of samples."""
    _, table, bits = _law(law)
    samples = count_items(pcm, 2)
    count_items(codes, 1, samples)
    view = memoryview(codes)
    for first, count in _chunks(samples):
        frame = struct.unpack_from("<%dh" % count, pcm, 2 * first)
        view[first : first + count] = bytes(
            [table[value >> bits] if value >= 0 else table[-value >> bits] ^ 0x80 for value in frame]
        )
    return samples


# --- mix-minus (parley_mix.h) ---


def mix_clear(total):
    """Sets the 32-bit sums `total` to 0."""
    for first, count in _chunks(count_items(total, 4)):
        struct.pack_into("<%di" % count, total, 4 * first, *([0] * count))


def mix_add(total, pcm):
    """Adds all of `pcm` to the 32-bit sums `total`."""
    samples = count_items(pcm, 2)
    count_items(total, 4, samples)
    for first, count in _chunks(samples):
        sums = struct.unpack_from("<%di" % count, total, 4 * first)
        frame = struct.unpack_from("<%dh" % count, pcm, 2 * first)
        struct.pack_into("<%di" % count, total, 4 * first, *[sums[i] + frame[i] for i in range(count)])


def mix_scale(pcm, gain):
    """Makes `pcm` louder or softer in place, in steps of 4: gain in 1/256."""
    need(0 <= gain <= 4096, "argument")
    for first, count in _chunks(count_items(pcm, 2)):
        values = struct.unpack_from("<%dh" % count, pcm, 2 * first)
        values = [4 * max(-8192, min(8191, (value * gain + 512) >> 10)) for value in values]
        struct.pack_into("<%dh" % count, pcm, 2 * first, *values)


# --- level (parley_level.h) ---


def level_dbov(pcm):
    """Level of `pcm` in -dBov, 0..127."""
    samples = count_items(pcm, 2)
    total = 0
    for first, count in _chunks(samples):
        total += sum([value * value for value in struct.unpack_from("<%dh" % count, pcm, 2 * first)])
    if total == 0:
        return 127
    level = 0
    while total < _LEVEL_ENDS[9] * samples and level < 120:
        total *= 10
        level += 10
    while level < 127 and total < _LEVEL_ENDS[level % 10] * samples:
        level += 1
    return level


# --- RTP header (parley_rtp.h) ---


def read_header(packet, length):
    """Returns (payload offset or error, payload end) of a datagram of `length` octets; RFC 3550 5.1."""
    if length < 12:
        return -1, 0
    first = packet[0]
    if first >> 6 != 2:
        return -2, 0
    start = 12 + 4 * (first & 0x0F)
    if start > length:
        return -3, 0
    if first & 0x10:
        if length - start < 4:
            return -4, 0
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
        if start > length:
            return -4, 0
    if not first & 0x20:
        return start, length
    padding = packet[length - 1]
    if padding == 0 or padding > length - start:
        return -5, 0
    return start, length - padding


def rtp_read(packet, length, fields):
    """Reads a header into `fields` (8 words); returns the payload's offset or an error below 0."""
    need(0 <= length <= count_items(packet, 1), "length")
    count_items(fields, 4, 8)
    start, end = read_header(packet, length)
    if start >= 0:
        _, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", packet, 0)
        struct.pack_into(
            "<8I", fields, 0, second & 0x7F, second >> 7, sequence, timestamp, ssrc, packet[0] & 0x0F, end, 0
        )
    return start


def rtp_write(packet, fields):
    """Writes the header in `fields` (8 words) to `packet`; returns 12."""
    count_items(fields, 4, 8)
    count_items(packet, 1, 12)
    payload_type, marker, sequence, timestamp, ssrc = struct.unpack_from("<5I", fields, 0)
    second = (0x80 if marker else 0) | payload_type & 0x7F
    struct.pack_into(">BBHII", packet, 0, 0x80, second, sequence & 0xFFFF, timestamp, ssrc)
    return 12
