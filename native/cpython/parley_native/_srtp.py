"""SRTP on CPython (parley_srtp.h); taken into the package's own names."""

from parley_native._buffers import OCTET, WORD, checked, need, octets_of, view
from parley_native._native import ffi, lib


def _srtp_in(state):
    words = view(state, WORD, 1)
    srtp = ffi.cast("parley_srtp *", words)
    need(lib.parley_srtp_usable(srtp, 4 * len(words)), "srtp not initialised")
    return srtp


def _master(octets):
    return view(octets, OCTET, lib.PARLEY_SRTP_MASTER_BYTES, writable=False)


def srtp_size():
    """Returns the octets one participant's SRTP state needs."""
    return lib.parley_srtp_size()


def srtp_init(state, suite, master_out, master_in):
    """Derives the session keys; master keys: 30 octets of key and salt, for what is sent and for what comes."""
    size = lib.parley_srtp_size()
    srtp = ffi.cast("parley_srtp *", view(state, WORD, size // 4))
    done = lib.parley_srtp_init(srtp, size, suite, _master(master_out), _master(master_in))
    return checked(done, "srtp")


def srtp_wipe(state):
    """Forgets keys and streams; `state` has to be prepared anew."""
    lib.parley_srtp_wipe(_srtp_in(state))


def srtp_protect(state, packet, length):
    """Protects the RTP packet in place; returns its new length, or below 0 why not."""
    octets = view(packet, OCTET, length)
    need(length >= 0, "length")
    return checked(lib.parley_srtp_protect(_srtp_in(state), octets, length, len(octets)), "srtp")


def srtp_unprotect(state, packet, length, plain):
    """Writes the RTP packet of a datagram to `plain`; returns its length, or below 0 why there is none."""
    octets, result = octets_of(packet, length), view(plain, OCTET, length)
    return checked(lib.parley_srtp_unprotect(_srtp_in(state), octets, length, result), "srtp")


def srtcp_protect(state, packet, length):
    """Protects the RTCP packet in place; returns its new length, or below 0 why not."""
    octets = view(packet, OCTET, length)
    need(length >= 0, "length")
    return checked(lib.parley_srtcp_protect(_srtp_in(state), octets, length, len(octets)), "srtp")


def srtcp_unprotect(state, packet, length, plain):
    """Writes the RTCP packet of a datagram to `plain`; returns its length, or below 0 why there is none."""
    octets, result = octets_of(packet, length), view(plain, OCTET, length)
    return checked(lib.parley_srtcp_unprotect(_srtp_in(state), octets, length, result), "srtp")
