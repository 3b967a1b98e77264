"""An endpoint with its streams as a board has them, for tests; on the loopback."""

from parley.app import runtime
from parley.app.streams import Streams
from parley.call.endpoint import Endpoint

FIRST_PORT = 23960
OPTIONS = (
    b"OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP phone.example;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
    b"To: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n"
)


class Side:
    """An endpoint and its streams, as in SipTask."""

    def __init__(self, host="127.0.0.1"):
        self.poller = runtime.Poller()
        self.failures = []
        self.peers = []  # of what was received
        for port in range(FIRST_PORT, FIRST_PORT + 200):
            try:
                self.streams = Streams(host, port, self.poller, self.receive, self.refuse, self.failed)
                break
            except OSError:
                continue
        self.address = (host, port)
        self.endpoint = Endpoint(self.address, runtime.random_bytes)

    def receive(self, data, peer, now_ms):
        self.peers.append(peer)
        self.endpoint.receive(data, peer, now_ms)
        self.pump(now_ms)

    def refuse(self, error, peer, now_ms):
        self.endpoint.stream_lost(error, peer, now_ms)
        self.pump(now_ms)

    def failed(self, peer, now_ms):
        self.failures.append(peer)
        self.endpoint.transport_error(peer, now_ms)

    def pump(self, now_ms):
        for data, peer in self.endpoint.transmits():
            if not self.streams.send(data, peer, now_ms):
                self.endpoint.transport_error(peer, now_ms)
