"""SRTP is in the native kernels only: these say so. Part of kernels_slow.

Plain Python takes milliseconds for a packet; a board without the native kernels does not offer encryption.
"""

_TEXT = "no SRTP without native kernels"


def srtp_size():
    """Octets of state."""
    raise ValueError(_TEXT)


def srtp_init(state, suite, master_out, master_in):
    """Keys."""
    raise ValueError(_TEXT)


def srtp_wipe(state):
    """Forgets them."""
    raise ValueError(_TEXT)


def srtp_protect(state, packet, length):
    """A packet out."""
    raise ValueError(_TEXT)


def srtp_unprotect(state, packet, length, plain):
    """A packet in."""
    raise ValueError(_TEXT)


def srtcp_protect(state, packet, length):
    """A report out."""
    raise ValueError(_TEXT)


def srtcp_unprotect(state, packet, length, plain):
    """A report in."""
    raise ValueError(_TEXT)
