"""A long SRTP session with losses, wraps and changes: srtp_session.py MODULE. Prints a checksum of every octet.

Runs under CPython and MicroPython; both must print the same.
"""

import binascii
import struct
import sys

MASTERS = (bytes(range(30)), bytes(range(100, 130)))


def rtp(sequence, octets, ssrc=0x12345678):
    return struct.pack(">BBHII", 0x80, 0, sequence & 0xFFFF, 160 * sequence & 0xFFFFFFFF, ssrc) + bytes(
        [(sequence + i) & 255 for i in range(octets)]
    )


def session(kernels, suite, crc):
    here, there = bytearray(kernels.srtp_size()), bytearray(kernels.srtp_size())
    kernels.srtp_init(here, suite, MASTERS[0], MASTERS[1])
    kernels.srtp_init(there, suite, MASTERS[1], MASTERS[0])
    plain, late = bytearray(400), None
    for sequence in range(65300, 65900):
        packet = rtp(sequence, sequence % 200)
        wire = bytearray(packet + bytes(20))
        length = kernels.srtp_protect(here, wire, len(packet))
        crc = binascii.crc32(wire, crc)
        if sequence % 7 == 0:  # comes 3 packets later
            late = bytes(wire[:length]), packet
            continue
        assert kernels.srtp_unprotect(there, wire, length, plain) == len(packet)
        assert plain[: len(packet)] == packet
        assert kernels.srtp_unprotect(there, wire, length, plain) == -3
        if sequence % 7 == 3 and late is not None:
            assert kernels.srtp_unprotect(there, late[0], len(late[0]), plain) == len(late[1])
            assert plain[: len(late[1])] == late[1]
    report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 0x12345678, 1, 2, 3, 4, 5)
    for _ in range(3):
        wire = bytearray(report + bytes(20))
        length = kernels.srtcp_protect(here, wire, len(report))
        crc = binascii.crc32(wire, crc)
        assert kernels.srtcp_unprotect(there, wire, length, plain) == len(report)
        assert plain[: len(report)] == report
    return crc


def refusals(kernels):
    """The caller's own mistakes are raised."""
    state = bytearray(kernels.srtp_size())
    wrong = (
        lambda: kernels.srtp_protect(state, bytearray(40), 20),  # never initialised
        lambda: kernels.srtp_init(state, 0, MASTERS[0], MASTERS[1]),
        lambda: kernels.srtp_init(state, 4, MASTERS[0], MASTERS[1]),
        lambda: kernels.srtp_init(state, 1, bytes(29), MASTERS[1]),
        lambda: kernels.srtp_init(bytearray(len(state) - 4), 1, MASTERS[0], MASTERS[1]),
        lambda: kernels.srtp_unprotect(state, bytes(40), 40, bytearray(40)),
    )
    for call in wrong:
        _raises(call)
    kernels.srtp_init(state, 1, MASTERS[0], MASTERS[1])
    for call in (
        lambda: kernels.srtp_protect(state, bytearray(40), 41),
        lambda: kernels.srtp_protect(state, bytearray(40), -1),
        lambda: kernels.srtp_unprotect(state, bytes(40), 41, bytearray(60)),
        lambda: kernels.srtp_unprotect(state, bytes(40), 40, bytearray(39)),
        lambda: kernels.srtcp_protect(state, bytearray(40), 41),
        lambda: kernels.srtcp_unprotect(state, bytes(40), -1, bytearray(40)),
    ):
        _raises(call)
    kernels.srtp_wipe(state)
    assert state == bytearray(len(state))
    _raises(lambda: kernels.srtp_wipe(state))


def _raises(call):
    try:
        call()
    except ValueError:
        return
    raise AssertionError("accepted")


def main(module):
    kernels = __import__(module)
    crc = 0
    for suite in (1, 2, 3):
        crc = session(kernels, suite, crc)
    refusals(kernels)
    print(hex(crc))


main(sys.argv[1])
