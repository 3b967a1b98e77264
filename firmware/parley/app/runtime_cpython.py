"""What parley.app.runtime takes from CPython."""

# pyright: reportAttributeAccessIssue=false, reportCallIssue=false
# (tools/check_stubs.py looks with MicroPython's library)

import base64
import errno
import os
import select
import ssl
import sys
import tempfile
import time
import traceback
from array import array

from parley.app.runtime_sockets import RtpSocketBase

CONSOLE_READ_BYTES = 256
RTP_READS_PER_TICK = 8
READS_JOIN_DATAGRAMS = False


def join_network(host, network):
    """The operating system has joined already. OSError for DHCP (host ""), which is its affair."""
    if not host:
        raise OSError(errno.ETIMEDOUT)
    return host


def leased_address():
    """There is none that is ours to look after."""
    return ""


def ticks_ms():
    """Milliseconds of a clock that never goes back."""
    return time.monotonic_ns() // 1_000_000


def ticks_diff(end, start):
    """end - start in milliseconds."""
    return end - start


def heap_free():
    """CPython's heap has no end worth telling."""
    return 0


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


def tls_context(certificate, key):
    """What a TlsSocket needs to accept. certificate, key: DER. OSError when they are of no use."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    body = base64.encodebytes(key).decode()
    pem = ssl.DER_cert_to_PEM_cert(certificate)
    pem += f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)  # an SSLError is an OSError
    return context


class TlsSocket:
    """A connected socket with TLS on it, never blocking; the handshake goes on within recv.

    source: for a Poller; it does not tell of octets that were read from the network and not yet by recv.
    """

    def __init__(self, raw, context, is_server=True):
        """raw: TCP socket that does not block. OSError."""
        self.source = context.wrap_socket(raw, server_side=is_server, do_handshake_on_connect=False)

    def recv(self, count):
        """At most count octets; None when there is nothing yet, b"" at the end. OSError when it is no TLS."""
        try:
            return self.source.recv(count)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def send(self, data):
        """How many octets went. OSError(EAGAIN): none yet."""
        try:
            return self.source.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise OSError(errno.EAGAIN) from None

    def close(self):
        """Gives the connection up."""
        self.source.close()


class Poller:
    """Waits for the SIP socket and the console together. descriptors: of all that it looks at."""

    def __init__(self):
        self._poll = select.poll()
        self._tags = {}
        self.descriptors = array("i")

    def add(self, source, tag):
        """source: anything with fileno()."""
        self._poll.register(source, select.POLLIN)
        self._tags[source.fileno()] = tag
        self.descriptors = array("i", self._tags)

    def remove(self, source):
        """Stops looking at it."""
        self._poll.unregister(source)
        del self._tags[source.fileno()]
        self.descriptors = array("i", self._tags)

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
