"""What parley.app.runtime takes from MicroPython."""

# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportArgumentType=false
# (boards and the unix port have different libraries)

import errno
import gc
import io
import select
import sys
import time
from array import array

import machine
import micropython

from parley.app.runtime_sockets import RtpSocketBase

try:
    import ssl
except ImportError:  # most boards
    ssl = None

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TLS_WRITE_BYTES = 4096  # of one record
CONSOLE_READ_BYTES = 256
RTP_READS_PER_TICK = 1  # one read empties the socket: see parley.media.burst
READS_JOIN_DATAGRAMS = True

ticks_ms = time.ticks_ms
ticks_diff = time.ticks_diff
heap_free = gc.mem_free


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


def tls_context(certificate, key):
    """What a TlsSocket needs to accept. certificate, key: DER. OSError when they are of no use, or there is no TLS."""
    if ssl is None:
        raise OSError(errno.EOPNOTSUPP)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except ValueError:
        raise OSError(errno.EINVAL)
    return context


class TlsSocket:
    """A connected socket with TLS on it, never blocking; the handshake goes on within recv.

    source: for a Poller; it does not tell of octets that were read from the network and not yet by recv.
    """

    def __init__(self, raw, context, is_server=True):
        """raw: TCP socket that does not block. OSError."""
        self.source = raw
        self._tls = context.wrap_socket(raw, server_side=is_server, do_handshake_on_connect=False)
        self._unsent = b""  # a record that did not go must be given again as it was

    def recv(self, count):
        """At most count octets; None when there is nothing yet, b"" at the end. OSError when it is no TLS."""
        return self._tls.read(count)

    def send(self, data):
        """How many octets went. OSError(EAGAIN): none yet; then data must begin with the same the next time."""
        record = self._unsent or data[:TLS_WRITE_BYTES]
        count = self._tls.write(record)
        self._unsent = b"" if count else record
        if not count:
            raise OSError(errno.EAGAIN)
        return count

    def close(self):
        """Gives the connection up."""
        self._tls.close()
        self.source.close()


def join_network(host, network):
    """Gives the Ethernet interface its address, and returns that. network: (netmask, gateway); None leaves it.

    host: "" for one by DHCP. OSError when it does not work, or no DHCP server has answered yet.
    """
    if host and network is None:
        return host
    import network as interfaces

    lan = interfaces.LAN()
    lan.active(True)
    if host:
        lan.ifconfig((host, network[0], network[1], network[1]))
        return host
    if not lan.ipconfig("dhcp4"):
        lan.ipconfig(dhcp4=True)
    host = leased_address()
    if not host:
        raise OSError(errno.ETIMEDOUT)
    return host


def leased_address():
    """The address that the Ethernet interface has by DHCP now, "" for none."""
    import network as interfaces

    lan = interfaces.LAN()
    address = lan.ipconfig("addr4")[0] if lan.active() and lan.ipconfig("has_dhcp4") else ""
    return "" if address == "0.0.0.0" else address


class Poller:
    """Waits for the SIP socket and the console together.

    descriptors: of all that it looks at, for native code that waits, or None when one of them has none.
    """

    def __init__(self):
        self._poll = select.poll()
        self._tags = []
        self.descriptors: "Any" = None

    def add(self, source, tag):
        """source: SipSocket.raw or the console's raw."""
        self._poll.register(source, select.POLLIN)
        self._tags.append((source, tag))
        self._describe()

    def remove(self, source):
        """Stops looking at it."""
        self._poll.unregister(source)
        self._tags = [pair for pair in self._tags if pair[0] is not source]
        self._describe()

    def _describe(self):
        try:
            self.descriptors = array("i", [source.fileno() for source, _tag in self._tags])
        except AttributeError:  # sockets of a board, and its console
            self.descriptors = None

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
