"""What a daemon claims for itself at its start: the state folder and its addresses."""

import errno
import fcntl
import os
import socket
from pathlib import Path

from parley.wire.errors import LocalError
from parley.wire.grammar import format_host_port

SIP_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024


class DaemonError(LocalError):
    """The daemon cannot start or cannot become ready; one sentence says why."""


def lock_state(state: Path) -> int:
    """Make the state folder and keep other daemons out of it; returns the lock's descriptor."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(state / "daemon.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DaemonError(
            f"cannot use the state folder {state}: {error.strerror}; choose one with --state"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise DaemonError(
            f"another daemon uses the state folder {state}; choose another with --state"
        ) from None
    return lock


def bind(kind: socket.SocketKind, address: tuple[str, int], flag: str) -> socket.socket:
    """Return a bound, non-blocking socket. Raises DaemonError with one sentence."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    bound = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:  # IPv4 has a socket of its own, if it is wanted
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind is socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SIP_RECEIVE_BUFFER_BYTES)
        bound.bind(address)
    except OSError as error:
        bound.close()
        what = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        raise DaemonError(f"{format_host_port(*address)} {what}; choose another with --{flag}") from error
    bound.setblocking(False)
    return bound
