"""What names of who is heard, and comfort noise, make of a packet's length (native/include/parley_bridge_side.h)."""

CSRC_BYTES = 4  # RFC 3550 5.1
EXTENSION_HEAD_BYTES = 4  # RFC 3550 5.3.1
ONE_BYTE_ID_MAX = 14  # RFC 8285 4.2
NOISE_BYTES = 13  # of a packet: its header and a level


def _growth(count, level_id):
    if level_id == 0 or count == 0:
        return CSRC_BYTES * count
    element = count + (2 if level_id > ONE_BYTE_ID_MAX else 1)
    return CSRC_BYTES * count + EXTENSION_HEAD_BYTES + (element + 3) // 4 * 4


def growths(most, level_id):
    """By how many bytes a header may be longer than 12: with no name, one, ... `most`. level_id: of levels, or 0."""
    return [_growth(count, level_id) for count in range(most + 1)]


def noise_growth(octets):
    """By how many bytes a packet of comfort noise (RFC 3389) is longer than one of so many: below 0."""
    return NOISE_BYTES - octets
