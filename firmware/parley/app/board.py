"""A whole board: reads its configuration, joins its parts, runs the loop. main.py calls run().

States: "unprovisioned" (no usable configuration), "no network" (address or port cannot be had; tried again),
"running", "stopped" (soft reset out of a raw session). The console works in each of them.
"""

from parley import __version__
from parley.app import runtime
from parley.app.clock import Clock
from parley.app.config import Config, read_config
from parley.app.console import Console
from parley.app.log import Log
from parley.app.loop import Loop
from parley.app.media_task import MediaTask
from parley.app.media_wire import MediaWire, open_media
from parley.app.report import register_body
from parley.app.sip_task import SipTask
from parley.app.slots import SlotTable
from parley.app.ticker import Ticker, phases_for
from parley.app.upgrade import Upgrade, last_end, note_crash
from parley.app.watchdog import TIMEOUT_MS, Watchdog
from parley.media import kernels
from parley.wire.errors import LocalError

NETWORK_RETRY_MS = 2000
CRASH_LOOP_MS = 10000
ADDRESS_MS = 1000  # how often a board with DHCP looks whether its address is still the same
HEAP_MS = 10000  # how often the free heap is counted: that walks through all of it


class Board:
    """The parts of one board. Reachable as `board` from the console."""

    def __init__(self):
        self.state = "unprovisioned"
        self.config: "Config | None" = None
        self.clock = Clock(runtime.ticks_ms, runtime.ticks_diff)
        port = runtime.ConsolePort()
        self._log = Log(port.write, self.clock.now_ms)
        self.ticker = Ticker()
        self.watchdog = Watchdog(runtime.watchdog(TIMEOUT_MS))
        self.console = Console(port, runtime.traceback_of, self._log, self._soft_reset)
        self.console.namespace["__name__"] = "__main__"
        self.console.namespace["board"] = self
        self.poller = runtime.Poller()
        self.poller.add(port.raw, "console")
        self.media = MediaTask()
        self.wire: "MediaWire | None" = None
        self.slots = SlotTable(0)
        self.boot = runtime.random_bytes(4).hex()
        self.upgrade = Upgrade(self._log)
        self.last_end = last_end(runtime.reset_cause())
        self.sip: "SipTask | None" = None
        self._retry_ms = 0
        self._reports = 0  # made on this boot
        self._heap_free = 0
        self._heap_ms: "int | None" = None
        self._look_ms = 0
        self.loop = Loop(self.clock, self.poller, self.ticker, self.media, self.console, self.watchdog)

    def start(self):
        """Reads the configuration and goes on the network, as far as that is possible."""
        packets = "portable" if runtime.parley_io is None else "native"
        terms = (__version__, kernels.KERNELS, packets, self.boot)
        self._log.info("board", "Parley %s, %s kernels, %s packet I/O, boot %s" % terms)
        self._log.info(
            "board", "firmware %s, started after: %s" % (self.upgrade.image, " ".join(self.last_end))
        )
        if kernels.KERNELS_FAULT:
            self._log.warning(
                "board", "native kernels refused, the slow ones serve: %s" % kernels.KERNELS_FAULT
            )
        if runtime.IO_FAULT:
            self._log.warning(
                "board", "native packet I/O refused, Python's sockets serve: %s" % runtime.IO_FAULT
            )
        try:
            self.config = read_config()
        except LocalError as error:
            self._log.warning("board", "unprovisioned: %s" % error)
            return
        self._go_online(self.config)

    def turn(self):
        """One turn of the loop."""
        if self.config is not None and self.state == "no network" and self.clock.now_ms() >= self._retry_ms:
            self._go_online(self.config)
        self.loop.turn()
        if self.config is not None and self.config.dhcp and self.state == "running":
            self._watch_address(self.config)
        if self.upgrade.on_trial and self.registered():
            self.upgrade.registered()
            if self.sip is not None:
                self.sip.servers.changed(self.clock.now_ms())
                self.loop.news()

    def registered(self):
        """The server knows this board."""
        return self.sip is not None and self.sip.servers.registered(self.clock.now_ms())

    def _watch_address(self, config):
        """Starts anew when the address is no longer ours: nobody who is in a call here can be reached."""
        now_ms = self.clock.now_ms()
        if now_ms < self._look_ms:
            return
        self._look_ms = now_ms + ADDRESS_MS
        address = runtime.leased_address()
        if address == config.host:
            return
        self._log.warning("board", "address by DHCP: %s, was %s" % (address or "none", config.host))
        self.stop()
        runtime.reset()

    def stop(self):
        """Hangs up on everybody and leaves the network."""
        if self.sip is not None:
            self.sip.hang_up(self.clock.now_ms())
            self.poller.remove(self.sip.source)
            self.sip.close()
        if self.wire is not None:
            self.wire.shut()
            self.wire = None
        self.sip = self.loop.sip = None
        self.state = "stopped"

    def crashed(self, error):
        """Says so. A board that had worked for a while starts anew; of one that fails at once main.py takes care."""
        self._log.release()
        self._log.error("board", "crash\r\n" + runtime.traceback_of(error))
        self.stop()
        if self.clock.now_ms() > CRASH_LOOP_MS:
            note_crash(error)
            runtime.reset()

    def status(self):
        """Everything a person at the console may want to know, as a dictionary."""
        now_ms = self.clock.now_ms()
        return {
            "state": self.state,
            "board_id": None if self.config is None else self.config.board_id,
            "boot": self.boot,
            "uptime_s": now_ms // 1000,
            "unix_s": self.clock.unix_s(),
            "registered": self.registered(),
            "image": self.upgrade.image,
            "upgrade": self.upgrade.told(),
            "last_end": self.last_end,
            "conferences": [(one.slot, one.generation, one.size, one.count) for one in self.slots.live()],
            "legs": [
                (one.uri, "line" if one.line else "shared", self._figures(one))
                for one in self.media.everybody()
            ],
            "media": self.media.totals(),
            "ticks": self.ticker.ticks,
            "late_ticks": self.ticker.late_by(),
            "skipped_ticks": self.ticker.skipped_ticks,
            "sip": {} if self.sip is None else self.sip.endpoint.counters,
            "heap_free": runtime.heap_free(),
        }

    def _figures(self, participant):
        """What is counted of a participant's RTP and RTCP."""
        found = self.media.stats(participant)
        if self.sip is not None:
            found.update(self.sip.attendant.figures(participant))
        return found

    def _go_online(self, config):
        try:
            config.host = runtime.join_network("" if config.dhcp else config.host, config.network)
            socket = runtime.SipSocket(config.host, config.sip_port, config.server)
            try:
                self.media, self.wire = open_media(config, runtime.parley_io)
            except OSError:
                socket.close()
                raise
        except OSError as error:
            self.state = "no network"
            self._retry_ms = self.clock.now_ms() + NETWORK_RETRY_MS
            self.loop.longest_wait_ms = NETWORK_RETRY_MS  # to come back here
            host = "DHCP" if config.dhcp else config.host
            self._log.error("board", "%s:%d: %s" % (host, config.sip_port, error))
            return
        self.slots = SlotTable(config.slots)
        self.sip = SipTask(
            config,
            socket,
            self.slots,
            self.media,
            self.wire,
            self.clock,
            runtime.random_bytes,
            self._body,
            self._log,
        )
        self.poller.add(self.sip.source, "sip")
        self.sip.listen(self.poller)
        self.ticker.divide(phases_for(config.legs, runtime.TICK_PHASES) if self.wire.port else 1)
        self.loop.sip, self.loop.media = self.sip, self.media
        self.loop.longest_wait_ms = self.watchdog.longest_wait_ms
        self.state = "running"
        self._log.info("board", "%s at %s:%d" % (config.board_id, config.host, config.sip_port))

    def _body(self, config, first):
        self._reports += 1
        now_ms = self.clock.now_ms()
        trail = [] if self.sip is None or not first else self.sip.trail.offer(now_ms)
        if self._heap_ms is None or now_ms - self._heap_ms >= HEAP_MS:
            self._heap_ms, self._heap_free = now_ms, runtime.heap_free()
        transports = () if self.sip is None else self.sip.transports
        start = (self.boot, self._reports, self.upgrade.image, self.last_end, self.upgrade.told())
        facts = (self.clock.state_s(), self.slots, self.media, self.ticker, self._heap_free)
        quality = [] if self.sip is None or not first else self.sip.attendant.quality()
        turn = self._reports // len(config.servers)
        dialogs = [] if self.sip is None else self.sip.returns.told(self.boot, turn)
        return register_body(config, start, *facts, trail, transports, quality, dialogs)

    def _soft_reset(self, raw):
        """Ctrl-D on the console.

        Out of a raw session the application stops and the console stays, as on any board.
        """
        self.stop()
        if not raw:
            runtime.reset()


def run():
    """Runs the board until it is reset (SystemExit) or interrupted."""
    board = Board()
    board.start()
    try:
        while True:
            board.turn()
    except Exception as error:
        board.crashed(error)
        raise
    finally:
        board.stop()


if __name__ == "__main__":  # on CPython: python -m parley.app.board FOLDER
    import os
    import sys

    os.chdir(sys.argv[1])
    run()
