"""A board's SIP side on the bench: all real but sockets and network, which are in memory, and time.

Not a test; used by test_app_*.py.
"""

import gc
import json
import struct
import sys

from app_wires import Randomness, Reports, RtpWire, SilentLog, Wire

from parley.app.clock import Clock
from parley.app.config import parse_config
from parley.app.keys import KeyRing
from parley.app.media_task import MediaTask
from parley.app.media_wire import MediaWire
from parley.app.ports import PortPool
from parley.app.report import register_body
from parley.app.report_wire import ReportWire
from parley.app.sip_task import SipTask
from parley.app.slots import SlotTable
from parley.app.ticker import Ticker
from parley.call.endpoint import Endpoint
from parley.call.negotiate import make_offer
from parley.media.bridge import Bridge
from parley.media.bridge_side import BridgeSide
from parley.media.codecs import FRAME_SAMPLES
from parley.media.packets import SocketPackets
from parley.wire.address import conference_uri, derive, make_token
from parley.wire.sdp import parse_sdp
from parley.wire.sip import parse_message, response_to

MICROPYTHON = sys.implementation.name == "micropython"
BOARD = ("127.0.1.1", 5060)
SERVER = ("127.0.0.1", 5060)
KEY_HEX = "0123456789abcdef" * 4
NOW_S = 1795358400  # Sun, 22 Nov 2026 14:40:00 GMT
DATE = "Sun, 22 Nov 2026 14:40:00 GMT"
TTL_S = 60

CONFIG = {
    "board_id": "virtual-1",
    "host": BOARD[0],
    "sip_port": BOARD[1],
    "rtp_port_first": 10000,
    "server": list(SERVER),
    "key": KEY_HEX,
    "legs": 6,
    "slots": 4,
    "registration_s": 9,
    "offer_ttl_s": TTL_S,
    "board": "virtual",
}


class Bench:
    """One board, and phones around it. `registered`: its clock is set already, and REGISTER answered.

    memory: for its bridge; without it, it is made.
    """

    def __init__(self, registered=True, memory=None, **changes):
        RtpWire.open_ports = []
        if MICROPYTHON:
            gc.collect()  # a bridge is 36 KB in one piece
        fields = dict(CONFIG)
        fields["rtp_timeout_s"] = 0  # most phones here never say a word
        fields.update(changes)
        self.ticks_ms = 500000
        self.config = parse_config(json.dumps(fields))
        self.log = SilentLog()
        self.wire = Wire()
        self.clock = Clock(lambda: self.ticks_ms, lambda end, start: end - start)
        config = self.config
        self.bridge = Bridge(
            config.legs,
            config.slots,
            memory=memory,
            wide=config.wide_legs,
            keyed=config.srtp_legs,
            parcels=config.ptime_legs,
            linear=config.linear_legs,
        )
        side = BridgeSide(self.bridge)
        keys = KeyRing(self.config.srtp, self.config.srtp_legs, side, Randomness(2))
        self.media = MediaTask(
            self.bridge, SocketPackets(self.bridge, 1), keys, side, config.csrc, config.comfort_noise
        )
        self.reports = Reports()
        self.slots = SlotTable(self.config.slots)
        self.ticker = Ticker()
        self.rtp = []
        ports = PortPool(self.config.host, self.config.rtp_port_first, self.config.legs, self._open_rtp)
        self.sip = SipTask(
            self.config,
            self.wire,
            self.slots,
            self.media,
            self.wires(ports),
            self.clock,
            Randomness(1),
            self.body,
            self.log,
        )
        self.phones = []
        self.registers = []
        if registered:
            self.run()
            self.answer_register()

    def wires(self, lines):
        """How RTP goes: here everybody has a line."""
        return MediaWire(lines, reports=ReportWire(BOARD[0], 10000, lambda host, port: self.reports))

    def does(self, number):
        """(whether participant `number` hears, whether he is heard): a tick tells."""
        wire, leg = self.rtp[number], self.media.participants[number].leg
        sent, unwanted = len(wire.outbox), self.bridge.stats(leg)["unwanted"]
        wire.inbox.append(rtp_packet(0, 0xFF))
        self.media.tick()
        return len(wire.outbox) > sent, self.bridge.stats(leg)["unwanted"] == unwanted

    def _open_rtp(self, host, port):
        socket = RtpWire(host, port)
        self.rtp.append(socket)
        return socket

    def body(self, config, first=True):
        trail = self.sip.trail.offer(self.now_ms())
        start = ("00c0ffee", 1, "0123456789abcdef", ["power on", ""], None)
        unix_s = self.clock.state_s()
        return register_body(config, start, unix_s, self.slots, self.media, self.ticker, 1000, trail)

    def now_ms(self):
        return self.clock.now_ms()

    def phone(self, number):
        """Another phone, at 10.0.0.NUMBER."""
        phone = Phone(self, number)
        self.phones.append(phone)
        return phone

    def run(self):
        """Lets board and phones talk until nobody has anything to say."""
        self.sip.tick(self.now_ms())
        busy = True
        while busy:
            busy = False
            for phone in self.phones:
                busy = phone.flush() or busy
            while self.wire.inbox:
                self.sip.drain(self.now_ms(), lambda: True)
                busy = True
            outgoing, self.wire.outbox = self.wire.outbox, []
            for data, peer in outgoing:
                busy = True
                self.deliver(data, peer)

    def deliver(self, data, peer):
        if peer == SERVER:
            self.registers.append(parse_message(data))
            return
        for phone in self.phones:
            if phone.address == peer:
                phone.endpoint.receive(data, BOARD, self.now_ms())

    def pass_ms(self, step_ms):
        """Lets time pass, in steps of 100 ms."""
        for _ in range(step_ms // 100):
            self.ticks_ms += 100
            for phone in self.phones:
                phone.endpoint.tick(self.now_ms())
            self.run()

    def from_server(self, message):
        self.wire.inbox.append((message.to_bytes(), SERVER))
        self.run()

    def answer_register(self, status=200, date=DATE, headers=()):
        """Answers the last REGISTER."""
        response = response_to(self.registers[-1], status)
        if date is not None:
            response.set("Date", date)
        for name, value in headers:
            response.add(name, value)
        self.from_server(response)

    def address(self, slot=0, generation=100, size=3, expires_s=NOW_S + TTL_S, key=None):
        """An address as the server hands it out."""
        token = make_token(self.config.key if key is None else key, slot, generation, size, expires_s)
        return conference_uri(token, BOARD[0], BOARD[1])


class Phone:
    """A phone: its own endpoint, and what happened to it."""

    def __init__(self, bench, number):
        self.bench = bench
        self.address = ("10.0.0.%d" % number, 5060)
        self.uri = "sip:phone%d@%s:5060" % (number, self.address[0])
        self.endpoint = Endpoint(self.address, Randomness(100 + number), user="phone%d" % number)
        self.events = []
        self.answers = True  # to a BYE and all else

    def flush(self):
        """Moves what it has to say onto the board's wire. Returns whether there was anything."""
        moved = False
        for data, _peer in self.endpoint.transmits():
            self.bench.wire.inbox.append((data, self.address))
            moved = True
        for event in self.endpoint.events():
            self.events.append(event)
        return moved

    def offer(self, codecs=(("PCMU", 8000),), host=None, port=4000, direction="sendrecv"):
        """An offer as SDP bytes."""
        return make_offer(list(codecs), host or self.address[0], port, 1, 1, direction).to_bytes()

    def call(self, uri, body=None):
        """Calls an address with an offer; returns the Call after the exchange."""
        body = self.offer() if body is None else body
        call = self.endpoint.invite(uri, body, self.bench.now_ms(), peer=BOARD)
        self.bench.run()
        return call

    def last(self, kind):
        """The message of the last event of a kind; None without one."""
        found = [event.message for event in self.events if event.kind == kind]
        return found[-1] if found else None

    def reinvite(self, call, offer):
        """Offers something else in a call."""
        self.endpoint.reinvite(call, offer, self.bench.now_ms())
        self.bench.run()

    def hang_up(self, call):
        """Ends a call."""
        self.endpoint.hangup(call, self.bench.now_ms())
        self.bench.run()

    def order(self, body, username="server", password=None):
        """Gives the board an order, as the server does; returns the status of its answer."""
        password = derive(self.bench.config.key, "control") if password is None else password
        self.endpoint.request(
            "MESSAGE",
            "sip:%s:%d" % BOARD,
            self.bench.now_ms(),
            headers=[("Content-Type", "application/json")],
            body=body,
            credentials=(username, password),
        )
        self.bench.run()
        return self.last("response").status

    @property
    def refusal(self):
        """Status of the last final refusal."""
        message = self.last("rejected")
        return None if message is None else message.status


def media_of(message):
    """The audio section of a message's SDP."""
    return parse_sdp(message.body).media[0]


def rtp_packet(number, code, payload_type=0):
    """20 ms of one code throughout."""
    return struct.pack(">BBHII", 0x80, payload_type, number, 160 * number, 9) + bytes([code]) * FRAME_SAMPLES
