"""SIP messages out of a byte stream (RFC 3261 18.3): Content-Length says where each one ends.

No I/O here: bytes go in as they arrive, in pieces of any size; whole messages come out.
"""

from parley.wire.errors import SILENT, RemoteError
from parley.wire.grammar import parse_decimal
from parley.wire.message import Response
from parley.wire.parser import MAX_MESSAGE_BYTES, parse_message

MAX_HEAD_BYTES = 16384  # start line and headers
_LINE_ENDS = b"\r\n"
PING = b"\r\n\r\n"  # RFC 5626 3.5.1
PONG = b"\r\n"
_MAX_LENGTH = 10**9  # no Content-Length is read beyond it


class StreamReader:
    """One direction of one connection.

    feed() the bytes, then take() until it gives None. pongs: answers owed to keep-alives (PONG each); the
    caller sends them and sets it to 0. awaits_pong: a keep-alive of ours is under way; False again once it is
    answered. After a RemoteError the place in the stream is lost: answer with it if
    it has a message and a status, then close the connection.
    """

    def __init__(self, limit_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._buffer = bytearray()
        self._searched = 0  # octets that hold no end of the headers
        self._wanted = 0  # octets of the message at the front, 0 while its headers are incomplete
        self.pongs = 0
        self.awaits_pong = False

    @property
    def waiting(self) -> bool:
        """Whether a message has begun and is not whole yet."""
        return len(self._buffer) > 0

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._buffer.extend(data)

    def take(self) -> "bytes | None":
        """Return the next whole message, None until more has arrived.

        Raises RemoteError: 400 without a usable Content-Length, 513 when it is larger than the limit, status
        0 when the headers have no end.
        """
        if self._wanted == 0:
            self._skip_line_ends()
            head_bytes = self._head_bytes()
            if head_bytes == 0:
                return None
            self._wanted = head_bytes + self._body_bytes(bytes(self._buffer[:head_bytes]))
        if len(self._buffer) < self._wanted:
            return None
        message = bytes(self._buffer[: self._wanted])
        self._buffer = self._buffer[self._wanted :]
        self._wanted = self._searched = 0
        return message

    def _skip_line_ends(self) -> None:
        # RFC 3261 7.5: line ends before a start line are no part of it; two of them ask for an answer.
        if self.awaits_pong and bytes(self._buffer[: len(PONG)]) == PONG:
            self.awaits_pong = False
            self._buffer = self._buffer[len(PONG) :]
        count = 0
        while count < len(self._buffer) and self._buffer[count] in _LINE_ENDS:
            count += 1
        whole = count - count % len(PING) if count == len(self._buffer) else count
        self.pongs += whole // len(PING)
        if whole:
            self._buffer = self._buffer[whole:]
            self._searched = 0

    def _head_bytes(self) -> int:
        # Octets up to and with the empty line, 0 while it has not come. A bare LF is a line end too.
        buffer = self._buffer
        if buffer and buffer[0] in _LINE_ENDS:  # half a keep-alive
            return 0
        at = buffer.find(b"\n", max(0, self._searched - 2))
        while at >= 0:
            after = bytes(buffer[at + 1 : at + 3])
            if after[:1] == b"\n":
                return at + 2
            if after == b"\r\n":
                return at + 3
            at = buffer.find(b"\n", at + 1)
        self._searched = len(buffer)
        if len(buffer) > min(MAX_HEAD_BYTES, self._limit_bytes):
            raise RemoteError(SILENT, "Headers without end")
        return 0

    def _body_bytes(self, head: bytes) -> int:
        lengths = _lengths(head)
        if len(lengths) != 1:
            raise self._refusal(head, 400, "Not one Content-Length")  # RFC 3261 20.14: needed over streams
        try:
            length = parse_decimal(lengths[0], _MAX_LENGTH, "Content-Length")
        except RemoteError as error:
            raise self._refusal(head, 400, error.reason)
        if len(head) + length > self._limit_bytes:
            raise self._refusal(head, 513, "Message Too Large")  # RFC 3261 21.5.7
        return length

    def _refusal(self, head: bytes, status: int, reason: str) -> RemoteError:
        try:
            message = parse_message(head)
        except RemoteError as error:
            return RemoteError(status if error.status else SILENT, reason, error.message)
        if isinstance(message, Response) or message.method == "ACK":  # never answered
            return RemoteError(SILENT, reason)
        return RemoteError(status, reason, message)


def _lengths(head: bytes) -> "list[str]":
    found: list[str] = []
    lines = head.replace(b"\r\n", b"\n").replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() in (b"content-length", b"l"):
            try:
                found.append(value.strip().decode())
            except UnicodeError:
                found.append("")
    return found
