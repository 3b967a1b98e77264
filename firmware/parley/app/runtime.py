"""The one module that knows which Python it runs on: clock ticks, sockets, polling, console, collector,
reset.

Everything else under firmware/ is the same for MicroPython and CPython (media/kernels.py chooses between the
native and the slow kernels, no more). What the two have in common stands first, then one section each.
"""

# pyright: reportRedeclaration=false, reportAttributeAccessIssue=false, reportMissingImports=false
# pyright: reportAssignmentType=false, reportArgumentType=false
# (two runtimes in one file: what one section declares or uses is unknown to the other's stubs)

import errno
import gc
import os
import select
import socket
import sys
import time

MICROPYTHON = sys.implementation.name == "micropython"

SIP_DATAGRAM_BYTES = 8192  # longer than any request we can use; the rest of a longer datagram is lost
SHORT_DATAGRAM_BYTES = 2048
CONSOLE_READ_BYTES = 256
ADDRESS_CACHE = 64

random_bytes = os.urandom
collect = gc.collect


class SipSocket:
    """The board's one SIP socket (UDP), never blocking."""

    def __init__(self, host, port, server):
        """Binds to (host, port); OSError when that cannot be. server: the only peer that may have a name."""
        self.raw = _bound_socket(host, port)
        self._readable = select.poll()
        self._readable.register(self.raw, select.POLLIN)
        self._addresses = {}
        self._server = server
        try:
            self._server_address = _resolve(server[0], server[1])
        except OSError:
            self.raw.close()
            raise

    def receive(self):
        """The next datagram as (data, (host, port)); None when there is none."""
        if not self._readable.poll(0):  # recvfrom makes its buffer before it looks
            return None
        try:
            data, address = self._recvfrom()
        except OSError:
            return None  # nothing there, or the echo of an earlier send (ICMP), which SIP's timers deal with
        return data, host_and_port(address)

    def _recvfrom(self):
        try:
            return self.raw.recvfrom(SIP_DATAGRAM_BYTES)
        except MemoryError:  # a heap in pieces: most requests fit in less
            collect()
            return self.raw.recvfrom(SHORT_DATAGRAM_BYTES)

    def send(self, data, peer):
        """Sends one datagram to (host, port). False when the network refuses it, or host is a name."""
        try:
            self.raw.sendto(data, self._address(peer))
        except OSError:
            return False
        return True

    def _address(self, peer):
        if peer == self._server:
            return self._server_address
        if peer not in self._addresses:
            if len(self._addresses) >= ADDRESS_CACHE:
                self._addresses.clear()
            self._addresses[peer] = literal(peer[0], peer[1])
        return self._addresses[peer]

    def close(self):
        """Gives the port back."""
        self.raw.close()


class RtpSocketBase:
    """One leg's RTP socket, connected, so that the kernel keeps strangers' packets out.

    Nothing in it allocates.
    """

    def __init__(self, host, port):
        """Binds to (host, port); OSError when that cannot be."""
        self.raw = _bound_socket(host, port)

    def connect(self, host, port):
        """From now on the peer is (host, port). May be repeated. OSError when there is no way to it."""
        self.raw.connect(literal(host, port))

    def close(self):
        """Gives the port back."""
        self.raw.close()


def _bound_socket(host, port):
    bound = _socket(host, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.bind(_resolve(host, port))
    except OSError:
        bound.close()
        raise
    return bound


def _socket(host, kind):
    """A socket of the host's address family. OSError where there is no IPv6."""
    if ":" not in host:
        return socket.socket(socket.AF_INET, kind)
    if not hasattr(socket, "AF_INET6"):
        raise OSError(errno.EHOSTUNREACH)
    return socket.socket(socket.AF_INET6, kind)


def stream_socket(host):
    """A new TCP socket that never blocks, for a peer or an address like host."""
    made = _socket(host, socket.SOCK_STREAM)
    made.setblocking(False)
    return made


def stream_listener(host, port):
    """A TCP socket that takes connections to (host, port); OSError when that cannot be."""
    listener = stream_socket(host)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(literal(host, port))
        listener.listen(4)
    except OSError:
        listener.close()
        raise
    return listener


def _resolve(host, port):
    return socket.getaddrinfo(host, port)[0][-1]


def literal(host, port):
    """Socket address of an IP literal. OSError for a name: looking it up would stop everybody's media."""
    if host.strip("0123456789abcdefABCDEF:." if ":" in host else "0123456789."):
        raise OSError(errno.EHOSTUNREACH)
    return _resolve(host, port)


if MICROPYTHON:
    import io

    import machine
    import micropython

    PORTABLE_SOCKETS = "portable_sockets"  # a file of this name on the flash chooses them
    RTP_READS_PER_TICK = 1  # one read empties the socket: see parley.media.burst

    ticks_ms = time.ticks_ms
    ticks_diff = time.ticks_diff
    heap_free = gc.mem_free

    def host_and_port(address):
        """The (host, port) of a socket address."""
        if isinstance(address, tuple):
            return address[0], address[1]  # boards
        family, packed, port = socket.sockaddr(address)[:3]  # unix port: a raw struct sockaddr
        return socket.inet_ntop(family, packed), port

    class RtpSocket(RtpSocketBase):
        """What RtpSocketBase is, and the two calls of a media tick, which allocate nothing."""

        def receive_into(self, buffer):
            """Bytes read, 0 when there are none, -1 for an earlier packet refused by the peer's host (ICMP).

            May be several datagrams end to end.
            """
            try:
                return self.raw.readinto(buffer) or 0
            except OSError:
                return -1

        def send(self, packet):
            """Sends the whole buffer as one datagram; False when it could not."""
            try:
                return self.raw.write(packet) is not None
            except OSError:
                return False

    try:
        os.stat(PORTABLE_SOCKETS)
    except OSError:
        try:
            from parley.app.queued import RTP_READS_PER_TICK, RtpSocket, SipSocket  # noqa: F401
        except ImportError:
            pass  # stock firmware

    def join_network(host, network):
        """Gives the Ethernet interface its address. network: (netmask, gateway); None leaves it as it is.

        OSError when it does not work.
        """
        if network is not None:
            import network as interfaces

            lan = interfaces.LAN()
            lan.active(True)
            lan.ifconfig((host, network[0], network[1], network[1]))

    class Poller:
        """Waits for the SIP socket and the console together."""

        def __init__(self):
            self._poll = select.poll()
            self._tags = []

        def add(self, source, tag):
            """source: SipSocket.raw or the console's raw."""
            self._poll.register(source, select.POLLIN)
            self._tags.append((source, tag))

        def remove(self, source):
            """Stops looking at it."""
            self._poll.unregister(source)
            self._tags = [pair for pair in self._tags if pair[0] is not source]

        def wait(self, timeout_ms):
            """Tags of what became readable within timeout_ms (-1: no limit)."""
            ready = [entry[0] for entry in self._poll.poll(timeout_ms)]
            return [tag for source, tag in self._tags if source in ready]

    class ConsolePort:
        """The serial port that the interpreter was started on."""

        def __init__(self):
            self.raw = sys.stdin
            self._poll = select.poll()
            self._poll.register(sys.stdin, select.POLLIN)
            if hasattr(micropython, "kbd_intr") and hasattr(machine, "WDT"):  # Ctrl-C is for the console
                micropython.kbd_intr(-1)

        def read(self):
            """What has arrived, at most CONSOLE_READ_BYTES; b"" at the end of the line."""
            data = bytearray()
            while len(data) < CONSOLE_READ_BYTES and self._poll.poll(0):
                byte = sys.stdin.buffer.read(1)
                if not byte:
                    break
                data.extend(byte)
            return bytes(data)

        def write(self, data):
            """Sends bytes to the host."""
            sys.stdout.buffer.write(data)

    def traceback_of(error):
        """The traceback as text."""
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()

    def watchdog(timeout_ms):
        """The hardware watchdog, started; None on a board without one."""
        return machine.WDT(timeout=timeout_ms) if hasattr(machine, "WDT") else None

    def reset_cause():
        """Why the board was started: "watchdog", "power on", "reset", or "" where nobody knows."""
        if not hasattr(machine, "reset_cause"):
            return ""
        cause = machine.reset_cause()
        if cause == getattr(machine, "WDT_RESET", 3):
            return "watchdog"
        return "power on" if cause == getattr(machine, "PWRON_RESET", 0) else "reset"

    def reset():
        """Starts the board anew.

        Without a hardware reset the process ends with code 0 and is started again.
        """
        if hasattr(machine, "reset"):
            machine.reset()
        raise SystemExit(0)

else:
    import traceback

    RTP_READS_PER_TICK = 8

    def join_network(host, network):
        """The operating system has joined already."""

    def ticks_ms():
        """Milliseconds of a clock that never goes back."""
        return time.monotonic_ns() // 1_000_000

    def ticks_diff(end, start):
        """end - start in milliseconds."""
        return end - start

    def heap_free():
        """CPython's heap has no end worth telling."""
        return 0

    def host_and_port(address):
        """The (host, port) of a socket address."""
        return address[0], address[1]

    class RtpSocket(RtpSocketBase):
        """What RtpSocketBase is, and the two calls of a media tick."""

        def receive_into(self, buffer):
            """Bytes of the next datagram, 0 when there is none, -1 for an earlier packet refused (ICMP)."""
            try:
                return self.raw.recv_into(buffer)
            except BlockingIOError:
                return 0
            except OSError:
                return -1

        def send(self, packet):
            """Sends the whole buffer as one datagram; False when it could not."""
            try:
                self.raw.send(packet)
            except OSError:
                return False
            return True

    class Poller:
        """Waits for the SIP socket and the console together."""

        def __init__(self):
            self._poll = select.poll()
            self._tags = {}

        def add(self, source, tag):
            """source: anything with fileno()."""
            self._poll.register(source, select.POLLIN)
            self._tags[source.fileno()] = tag

        def remove(self, source):
            """Stops looking at it."""
            self._poll.unregister(source)
            del self._tags[source.fileno()]

        def wait(self, timeout_ms):
            """Tags of what became readable within timeout_ms (-1: no limit)."""
            return [self._tags[number] for number, _what in self._poll.poll(timeout_ms)]

    class ConsolePort:
        """Standard input and output."""

        def __init__(self):
            self.raw = sys.stdin

        def read(self):
            """What has arrived, at most CONSOLE_READ_BYTES; b"" at the end of the line."""
            return os.read(sys.stdin.fileno(), CONSOLE_READ_BYTES)

        def write(self, data):
            """Sends bytes to the host, after what print() has left in its buffer."""
            sys.stdout.flush()
            os.write(sys.stdout.fileno(), data)

    def traceback_of(error):
        """The traceback as text."""
        return "".join(traceback.format_exception(error))

    def watchdog(timeout_ms):
        """None: there is no watchdog here."""

    def reset_cause():
        """Nobody knows."""
        return ""

    def reset():
        """Ends the process with code 0, which asks its supervisor to start it again."""
        raise SystemExit(0)
