"""What stands in for network, log and chance around a board on the bench (app_bench.py). Not a test."""


class SilentLog:
    """Takes lines and keeps them."""

    def __init__(self):
        self.lines = []

    def _line(self, area, text):
        self.lines.append(area + ": " + text)

    debug = info = warning = error = _line


class Wire:
    """The board's SIP socket: what it received and what it sent."""

    def __init__(self):
        self.inbox = []
        self.outbox = []
        self.broken = False

    def receive(self):
        return self.inbox.pop(0) if self.inbox else None

    def send(self, data, peer):
        if self.broken:
            return False
        self.outbox.append((data, peer))
        return True


class Reports:
    """The board's RTCP socket."""

    def __init__(self):
        self.inbox = []
        self.outbox = []

    def receive(self):
        return self.inbox.pop(0) if self.inbox else None

    def send(self, packet, peer):
        self.outbox.append((packet, peer))
        return True

    def close(self):
        pass


class RtpWire:
    """A leg's RTP socket."""

    open_ports = []  # of all that live

    def __init__(self, host, port):
        if port in RtpWire.open_ports:
            raise OSError(98)
        RtpWire.open_ports.append(port)
        self.port = port
        self.peer = None
        self.inbox = []
        self.outbox = []

    def connect(self, host, port):
        if host == "192.0.2.255":
            raise OSError(101)
        self.peer = (host, port)

    def receive_into(self, buffer):
        data = b"".join(self.inbox)  # end to end, as MicroPython reads: see parley.media.burst
        self.inbox = []
        buffer[: len(data)] = data
        return len(data)

    def send(self, packet):
        self.outbox.append(bytes(packet))
        return True

    def close(self):
        RtpWire.open_ports.remove(self.port)


class Randomness:
    """Unpredictable enough for a test, and the same in every run."""

    def __init__(self, seed):
        self._state = seed

    def __call__(self, count):
        octets = []
        for _ in range(count):
            self._state = (self._state * 69069 + 1) & 0x3FFFFFFF
            octets.append(self._state >> 12 & 0xFF)
        return bytes(octets)
