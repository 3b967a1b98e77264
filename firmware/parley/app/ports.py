"""RTP ports of a board: even (RFC 3550 11), taken in turn, so that one just given back rests the longest."""

from parley.wire.errors import RemoteError


class PortPool:
    """`count` even ports from `first` on. open_socket(host, port) makes the socket or raises OSError."""

    def __init__(self, host, first, count, open_socket):
        self._host = host
        self._ports = [first + first % 2 + 2 * i for i in range(count)]
        self._open_socket = open_socket

    def open(self):
        """A fresh (socket, port). RemoteError(503) when there is none: another program may hold some."""
        for _ in range(len(self._ports)):
            port = self._ports.pop(0)
            try:
                return self._open_socket(self._host, port), port
            except OSError:
                self._ports.append(port)
        raise RemoteError(503, "No RTP port is free")

    def close(self, socket, port):
        """Closes the socket; its port goes to the end of the queue."""
        socket.close()
        self._ports.append(port)
