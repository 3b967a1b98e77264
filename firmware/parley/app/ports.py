"""RTP ports of a board: even (RFC 3550 11), taken in turn, so that one just given back rests the longest."""

from parley.wire.errors import RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PortPool:
    """`count` even ports from `first` on. open_socket(host, port) makes the socket or raises OSError.

    open_pair(host, port) makes (line, ear), sockets on one port: once the line is connected, the ear hears others.
    """

    def __init__(self, host, first, count, open_socket, open_pair=None):
        self._host = host
        self._ports = [first + first % 2 + 2 * i for i in range(count)]
        self._open_socket = open_socket
        self._open_pair: "Any" = open_pair

    @property
    def splits(self):
        """There are such pairs."""
        return self._open_pair is not None

    def open(self, deaf=False):
        """A fresh (socket, port). RemoteError(503) when there is none: another program may hold some.

        deaf: it hears nobody until it is connected.
        """
        for _ in range(len(self._ports)):
            port = self._ports.pop(0)
            try:
                socket = self._open_socket(self._host, port)
            except OSError:
                self._ports.append(port)
                continue
            if not deaf or _deafen(socket, self._host, port):
                return socket, port
            self.close(socket, port)
        raise RemoteError(503, "No RTP port is free")

    def split(self, socket, port):
        """(line, ear) on the port of this socket, which is closed; ear is None where two sockets cannot have one port.

        RemoteError(503) when somebody else has taken it meanwhile.
        """
        socket.close()
        try:
            return self._open_pair(self._host, port)
        except OSError:
            pass
        try:
            return self._open_socket(self._host, port), None
        except OSError:
            raise RemoteError(503, "No RTP port is free")

    def close(self, socket, port):
        """Closes the socket; its port goes to the end of the queue."""
        socket.close()
        self._ports.append(port)


def _deafen(socket, host, port):
    """Has a socket hear itself alone, whom it never says anything to. Returns whether that could be."""
    try:
        socket.connect(host, port)
    except OSError:
        return False
    return True
