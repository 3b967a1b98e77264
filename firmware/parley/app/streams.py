"""SIP over TCP and TLS on a board (RFC 3261 18): a few connections, never blocking, looked after by the SIP task."""

import errno

from parley.app import runtime
from parley.wire.errors import RemoteError
from parley.wire.stream import PONG, StreamReader

LIMIT = 16  # connections: each holds up to two messages of memory
MESSAGE_BYTES = runtime.SIP_DATAGRAM_BYTES
UNSENT_BYTES = 16384  # whoever takes nothing in is let go; one message may be longer
READ_BYTES = 1024
READS_PER_TURN = 8
IDLE_MS = 900000  # phones keep connections alive every two minutes or so (RFC 5626 4.4.1)
UNFINISHED_MS = 32000  # for a message to become whole, for a connection to be made
RETRY_MS = 20  # between attempts to write what did not go
_LATER = (errno.EAGAIN, errno.EINPROGRESS, errno.EALREADY, errno.ENOTCONN)


class Connection:
    """One connection. raw: its socket or TlsSocket, source: for a Poller; peer: (host, port, "tcp" or "tls")."""

    def __init__(self, raw, source, peer, now_ms):
        self.raw = raw
        self.source = source
        self.peer = peer
        self.reader = StreamReader(MESSAGE_BYTES)
        self.unsent = b""
        self.heard_ms = now_ms
        self.opening = peer[2] == "tls"  # until its handshake is over
        self.unread = False  # there was more than one turn takes, of which no Poller may tell

    def read(self):
        """What has arrived; None when nothing has, b"" at the end."""
        try:
            return self.raw.recv(READ_BYTES)
        except OSError as error:
            return None if error.errno in _LATER else b""

    def write(self, data):
        """Sends what is left and this, as far as it goes. False when the connection is of no use any more."""
        waiting = len(self.unsent)
        self.unsent += data
        while self.unsent:
            try:
                count = self.raw.send(self.unsent)
            except OSError as error:
                return error.errno in _LATER and waiting <= UNSENT_BYTES
            self.unsent = self.unsent[count:]
        return True

    def is_stale(self, now_ms):
        """Silent, or in the middle of something, for too long."""
        unfinished = self.opening or self.reader.waiting or self.unsent
        limit_ms = UNFINISHED_MS if unfinished else IDLE_MS
        return now_ms - self.heard_ms > limit_ms


class Streams:
    """All connections of a board.

    receive(data, peer, now_ms), refuse(error, peer, now_ms) and failed(peer, now_ms) hear of what happens;
    poller is the loop's, so that it wakes up for them. OSError when the address cannot be had.
    """

    def __init__(self, host, port, poller, receive, refuse, failed):
        self._listeners = {}  # transport ->
        self._host = host
        self._tls = None
        self._poller = poller  # the loop's: tells that there is something
        self._ready = runtime.Poller()  # ours: tells what
        self._receive = receive
        self._refuse = refuse
        self._failed = failed
        self._connections = {}
        self.deadline_ms = None  # when serve is due although nothing has arrived
        self._listen("tcp", host, port)

    def listen_tls(self, host, port, context):
        """Takes connections over TLS there, too. context: runtime.tls_context(). OSError when that cannot be."""
        self._tls = context
        self._listen("tls", host, port)

    def __len__(self):
        return len(self._connections)

    def serve(self, now_ms):
        """Takes what has arrived, sends what could not be sent before, closes what is stale."""
        unread = [one for one in self._connections.values() if one.unread]
        opened = False
        for ready in self._ready.wait(0):
            if ready in self._listeners:
                self._accept(ready, now_ms)
            elif ready not in unread and not (opened and ready.opening):
                opened = opened or ready.opening  # a step of a handshake takes long: one a turn
                self._take(ready, now_ms)
        for connection in unread:
            self._take(connection, now_ms)
        for connection in list(self._connections.values()):
            if connection.is_stale(now_ms) or (connection.unsent and not connection.write(b"")):
                self._drop(connection, now_ms)
        self._plan(now_ms)

    def send(self, data, peer, now_ms):
        """Sends a message on the peer's connection, which is made when there is none. False: it cannot be."""
        connection = self._connections.get(peer)
        if connection is None:
            connection = self._connect(peer, now_ms)
        if connection is None:
            return False
        if connection.write(data):
            self._plan(now_ms)
            return True
        self._forget(connection)
        return False

    def close(self):
        """Hangs up everywhere."""
        for connection in list(self._connections.values()):
            self._forget(connection)
        for listener in self._listeners.values():
            self._unwatch(listener)
            listener.close()

    def _listen(self, transport, host, port):
        self._listeners[transport] = runtime.stream_listener(host, port)
        self._watch(self._listeners[transport], transport)

    def _plan(self, now_ms):
        self.deadline_ms = None
        connections = self._connections.values()
        if [one for one in connections if one.unread]:
            self.deadline_ms = now_ms
        elif connections:
            unsent = [one for one in connections if one.unsent]
            self.deadline_ms = now_ms + (RETRY_MS if unsent else UNFINISHED_MS)

    def _accept(self, transport, now_ms):
        try:
            raw, address = self._listeners[transport].accept()
        except OSError:
            return
        if len(self._connections) >= LIMIT:
            raw.close()
            return
        host, port = runtime.host_and_port(address)
        self._add(raw, (host, port, transport), now_ms)

    def _connect(self, peer, now_ms):
        if len(self._connections) >= LIMIT or peer[2] == "tls":  # we cannot tell whom to trust
            return None
        try:
            raw = runtime.stream_from(self._host, peer[0])
        except OSError:
            return None
        try:
            raw.connect(runtime.literal(peer[0], peer[1]))
        except OSError as error:
            if error.errno not in _LATER:
                raw.close()
                return None
        return self._add(raw, peer, now_ms)

    def _add(self, raw, peer, now_ms):
        raw.setblocking(False)
        source = raw
        if peer[2] == "tls":
            try:
                raw = runtime.TlsSocket(raw, self._tls)
            except OSError:
                raw.close()
                return None
            source = raw.source
        connection = Connection(raw, source, peer, now_ms)
        self._connections[peer] = connection
        self._watch(source, connection)
        return connection

    def _take(self, connection, now_ms):
        connection.unread = False
        for _ in range(READS_PER_TURN):
            data = connection.read()
            if data is None:
                return
            if data == b"":
                self._drop(connection, now_ms)
                return
            connection.opening = False
            connection.reader.feed(data)
            if not self._hand_over(connection, now_ms):
                return
        connection.unread = True

    def _hand_over(self, connection, now_ms):
        """Whole messages to the endpoint. False when the connection is gone."""
        reader = connection.reader
        try:
            message = reader.take()
            while message is not None:
                connection.heard_ms = now_ms
                self._receive(message, connection.peer, now_ms)
                message = reader.take()
        except RemoteError as error:
            self._refuse(error, connection.peer, now_ms)
            self._drop(connection, now_ms)
            return False
        if reader.pongs:
            connection.heard_ms = now_ms
            pongs, reader.pongs = reader.pongs, 0
            if not connection.write(PONG * pongs):
                self._drop(connection, now_ms)
        return self._connections.get(connection.peer) is connection

    def _drop(self, connection, now_ms):
        if self._forget(connection):
            self._failed(connection.peer, now_ms)

    def _forget(self, connection):
        if self._connections.get(connection.peer) is not connection:
            return False
        del self._connections[connection.peer]
        self._unwatch(connection.source)
        connection.raw.close()
        return True

    def _watch(self, raw, tag):
        self._ready.add(raw, tag)
        self._poller.add(raw, "sip")

    def _unwatch(self, raw):
        self._ready.remove(raw)
        self._poller.remove(raw)
