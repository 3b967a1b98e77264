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

    def open(self):
        """A fresh (socket, port). RemoteError(503) when there is none: another program may hold some."""
        for _ in range(len(self._ports)):
            port = self._ports.pop(0)
            try:
                return self._open_socket(self._host, port), port
            except OSError:
                self._ports.append(port)
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
