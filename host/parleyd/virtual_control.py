"""The wire between the daemon and a virtual board's keeper: a Unix socket, one JSON object a line.

    keeper -> daemon   its KeeperStatus, at once and after every change
    daemon -> keeper   {"do": "stop"}         end the board and yourself
                       {"do": "kill"}         SIGKILL to the board process, as pulling the plug
                       {"do": "provisioned"}  remember that the board holds its image and configuration

A lost connection changes nothing on the keeper's side: that is the daemon dying.
"""

import json
import select
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SOCKET_NAME = "control"
LINE_LIMIT_BYTES = 4096


@dataclass
class KeeperStatus:
    """What a keeper says about its board.

    state: "running", "restarting" (waiting to start it again), "failed" (it will not), "stopped".
    pid: of the MicroPython process, 0 when there is none. boots: how often it was started.
    exit_status: of the last run, negative for a signal, None before the first end.
    crashes: how many ends in a row were no reset.
    fingerprint: what the board is, in the daemon's own word. provisioned: the daemon has deployed to it.
    device: path of the serial port. keeper: the keeper's process.
    """

    state: str
    pid: int
    boots: int
    exit_status: int | None
    fingerprint: str
    provisioned: bool
    device: str
    keeper: int
    crashes: int = 0

    def to_line(self) -> bytes:
        """The status as it goes over the wire."""
        return json.dumps(asdict(self)).encode() + b"\n"


def read_status(line: bytes) -> KeeperStatus:
    """The status in one line of the wire; ValueError when it is none."""
    try:
        return KeeperStatus(**json.loads(line))
    except TypeError as error:
        raise ValueError(f"not a keeper's status: {error}") from error


def order_line(order: str) -> bytes:
    """An order as it goes over the wire."""
    return json.dumps({"do": order}).encode() + b"\n"


class ControlServer:
    """The keeper's side. It must be in its folder: the path of a Unix socket holds 107 bytes only.

    poller: the epoll of the keeper's loop, which hands ready handles to serve(). obey: takes each order.
    """

    def __init__(self, status: KeeperStatus, poller: select.epoll, obey: Callable[[str], None]) -> None:
        self.status = status
        self._poller = poller
        self._obey = obey
        self._clients: dict[int, tuple[socket.socket, bytearray]] = {}
        Path(SOCKET_NAME).unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(SOCKET_NAME)
        self._listener.listen()
        self._listener.setblocking(False)
        poller.register(self._listener, select.EPOLLIN)

    def serve(self, handle: int) -> None:
        """Handles a ready file; files of others are left alone."""
        if handle == self._listener.fileno():
            self._accept()
        elif handle in self._clients:
            self._hear(handle)

    def tell(self, **changes: Any) -> None:
        """Changes fields of the status and sends it to everybody."""
        for name, value in changes.items():
            setattr(self.status, name, value)
        for handle in list(self._clients):
            self._send(handle)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(False)
        self._clients[client.fileno()] = (client, bytearray())
        self._poller.register(client, select.EPOLLIN)
        self._send(client.fileno())

    def _hear(self, handle: int) -> None:
        client, heard = self._clients[handle]
        try:
            data = client.recv(LINE_LIMIT_BYTES)
        except OSError:
            data = b""
        heard += data
        while (end := heard.find(b"\n")) >= 0:
            line = bytes(heard[:end])
            del heard[: end + 1]
            self._take(line)
        if not data or len(heard) > LINE_LIMIT_BYTES:
            self._drop(handle)

    def _take(self, line: bytes) -> None:
        try:
            order = str(json.loads(line)["do"])
        except (ValueError, KeyError, TypeError):
            return
        self._obey(order)

    def _send(self, handle: int) -> None:
        try:
            self._clients[handle][0].send(self.status.to_line())
        except BlockingIOError:
            self._drop(handle)
        except OSError:
            pass  # it has gone, but its last order may still be there to read

    def _drop(self, handle: int) -> None:
        client, _ = self._clients.pop(handle)
        self._poller.unregister(client)
        client.close()
