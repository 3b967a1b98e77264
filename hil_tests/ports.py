"""Free UDP and TCP ports and loopback networks, so that benches run side by side."""

import errno
import random
import socket
from pathlib import Path

# Away from the kernel's range of ephemeral ports (32768..60999) and from the usual SIP ports.
FIRST_PORT, LAST_PORT = 20000, 31000


def is_free(host: str, port: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> bool:
    """Whether the port can be bound now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def both_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether the port can be bound in UDP and in TCP."""
    return is_free(host, port) and is_free(host, port, socket.SOCK_STREAM)


def listened_to(port: int) -> bool:
    """Whether some program of this machine has the UDP port, at whatever address."""
    tables = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
    return any(f":{port:04X} " in table.read_text() for table in tables if table.exists())


def connections_to(host: str) -> list[int]:
    """The ports at which an IPv4 address listens and TCP connections stand, one for each connection (proc(5))."""
    packed = socket.inet_aton(host)[::-1].hex().upper()
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    open_ends = {row[1] for row in rows if row[3] == "0A"}  # local_address of those that listen
    ends = [row[2] for row in rows if row[3] == "01"]  # rem_address of the established
    return [int(end.split(":")[1], 16) for end in ends if end in open_ends and end.split(":")[0] == packed]


class PortPicker:
    """Hands out ports that are free in UDP and TCP, none of them twice in one run."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self._next = random.randrange(FIRST_PORT, LAST_PORT, 50)

    def take(self, step: int = 2) -> int:
        """An even free port; the `step` - 1 ports above it are free too."""
        for _ in range(LAST_PORT - FIRST_PORT):
            port = self._next
            self._next += step + step % 2
            if self._next >= LAST_PORT:
                self._next = FIRST_PORT
            if all(both_free(port + offset, self.host) for offset in range(step)):
                return port
        raise OSError("no free port left")


def free_board_net(prefer: int | None = None) -> str:
    """A loopback /24 on which no board answers yet, as `127.0.N.0/24`."""
    candidates = random.sample(range(2, 250), 40)
    for third in ([prefer] if prefer is not None else []) + candidates:
        if all(is_free(f"127.0.{third}.{last}", 5060) for last in range(1, 5)):
            return f"127.0.{third}.0/24"
    raise OSError("no free loopback network")
