"""Takes one read of a connected RTP socket apart into its datagrams.

MicroPython's only read that allocates nothing, `readinto`, goes on reading until the buffer is full or the
socket is empty, so several datagrams arrive end to end with no mark between them (py/stream.c, mp_stream_rw).
RTP marks itself: the packets of one source carry the same SSRC in bytes 8..11, version 2 in front of it, and
neighbouring sequence numbers (RFC 3550 5.1). A payload that shows all of that by chance comes about once in
2**43 positions. On CPython a read is one datagram, which passes through here unharmed.
"""

from parley.media.codecs import PACKET_BYTES, RTP_HEADER_BYTES

BURST_BYTES = 2048  # eleven packets of 20 ms: what one leg may take of a tick
SSRC_OFFSET = 8
SEQUENCE_WINDOW = 64  # further apart than this is not the same talk


class Burst:
    """The receive buffer of a board, shared by its legs, with what taking it apart needs."""

    def __init__(self):
        self.buffer = bytearray(BURST_BYTES)
        self._ssrc = bytearray(4)
        self._scratch = bytearray(BURST_BYTES)
        whole = memoryview(self.buffer)
        self._views = [whole[start:] for start in range(0, BURST_BYTES, PACKET_BYTES)]

    def deliver(self, length, leg):
        """Hands each datagram in buffer[:length] to leg.receive(packet, packet_length).

        Returns their number.
        """
        start = 0
        count = 0
        while start < length:
            end = self._next_header(start, length)
            leg.receive(self._from(start, end), end - start)
            start = end
            count += 1
        return count

    def _next_header(self, start, length):
        """Where the datagram at `start` ends: at the next header of the same source, or at `length`."""
        buffer = self.buffer
        if length - start < 2 * RTP_HEADER_BYTES:
            return length
        for i in range(4):
            self._ssrc[i] = buffer[start + SSRC_OFFSET + i]
        found = start + RTP_HEADER_BYTES + SSRC_OFFSET
        while True:
            found = buffer.find(self._ssrc, found, length)
            if found < 0 or found + 4 > length:
                return length
            if self._is_header(found - SSRC_OFFSET, start):
                return found - SSRC_OFFSET
            found += 1

    def _is_header(self, at, start):
        buffer = self.buffer
        if buffer[at] & 0xC0 != 0x80 or buffer[start] & 0xC0 != 0x80:
            return False
        step = (buffer[at + 2] << 8 | buffer[at + 3]) - (buffer[start + 2] << 8 | buffer[start + 3])
        return (step + SEQUENCE_WINDOW) & 0xFFFF < 2 * SEQUENCE_WINDOW

    def _from(self, start, end):
        """The datagram as a buffer beginning at 0, without slicing, which would allocate."""
        if start == 0:
            return self.buffer
        if start % PACKET_BYTES == 0:
            return self._views[start // PACKET_BYTES]
        for i in range(end - start):  # telephone events among audio, other packet times: rare
            self._scratch[i] = self.buffer[start + i]
        return self._scratch
