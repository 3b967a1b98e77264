"""Metrics in the Prometheus text format, made from the server's own books at each scrape."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from parley import __version__
from parleyd.health import Health
from parleyd.status import Row, board_rows, conference_rows
from parleyd.web.access import daemon_of, viewer
from parleyd.web.problems import RESPONSES

if TYPE_CHECKING:
    from parleyd.daemon import Daemon

router = APIRouter(tags=["metrics"], dependencies=[Depends(viewer)], responses=RESPONSES)

# name, what it is, key in a board's row
BOARD_GAUGES = (
    ("parley_board_legs", "Participants that the board may carry", "legs"),
    ("parley_board_legs_reserved", "Legs kept by offers and conferences", "legs_used"),
    ("parley_board_participants", "Participants that are connected", "connected"),
    ("parley_board_conferences", "Conferences offered or active", "conferences"),
    ("parley_board_registered", "Whether the board is registered", "registered"),
    (
        "parley_board_registered_seconds",
        "For how long it has been registered without a break",
        "registered_for_s",
    ),
)
# name, what it is, key in a board's own statistics
BOARD_COUNTERS = (
    ("parley_board_media_ticks", "Media ticks of 20 ms since the board's start", "ticks"),
    ("parley_board_late_media_ticks", "Media ticks that began more than 5 ms late", "late_ticks"),
)
LEG_LABELS = ("board", "conference", "participant")
# name, what it is, field of LegQuality, factor to the unit
LEG_GAUGES = (
    ("parley_leg_lost_ratio", "RTP packets of the participant that were lost", "lost_per_mille", 0.001),
    ("parley_leg_jitter_seconds", "Interarrival jitter of his packets (RFC 3550)", "jitter_ms", 0.001),
    ("parley_leg_round_trip_seconds", "Round trip to him, by RTCP", "round_trip_ms", 0.001),
    ("parley_leg_playout_depth_seconds", "Sound that waits in his jitter buffer", "depth_ms", 0.001),
)
GAIN = "How much louder everybody hears the participant than he is; an automatic gain as last reported"

# the server's counter, why
TURNED_AWAY = (("overload", "load"), ("limited refuse", "source"), ("limited drop", "flood"))


class DaemonCollector(Collector):
    """Makes every metric of one daemon."""

    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Make them."""
        daemon = self._daemon
        rows = board_rows(daemon.server, daemon.boards)
        yield from self._server()
        yield from _boards(rows)
        yield from self._legs(rows)
        running = conference_rows(daemon.server)
        yield _gains(running)
        conferences = GaugeMetricFamily("parley_conferences", "Conferences by state", labels=["state"])
        states = [row["state"] for row in running]
        for state in ("offered", "active"):
            conferences.add_metric([state], states.count(state))
        yield conferences

    def _legs(self, rows: list[Row]) -> Iterator[Metric]:
        gauges = [GaugeMetricFamily(name, text, labels=LEG_LABELS) for name, text, _, _ in LEG_GAUGES]
        for row in rows:
            for leg in self._daemon.server.journal.quality(row["board_id"]):
                labels = [row["board_id"], f"{leg.slot}/{leg.generation}", str(leg.number)]
                for gauge, (_, _, key, scale) in zip(gauges, LEG_GAUGES, strict=True):
                    value = getattr(leg, key)
                    if value is not None:
                        gauge.add_metric(labels, value * scale)
        yield from gauges

    def _server(self) -> Iterator[Metric]:
        daemon = self._daemon
        build = GaugeMetricFamily("parley_build_info", "Version of the server", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        answers = CounterMetricFamily(
            "parley_sip_requests", "Requests the server answered", labels=["method", "status"]
        )
        orders = CounterMetricFamily("parley_orders", "Orders of operators", labels=["order"])
        early = CounterMetricFamily(
            "parley_sip_turned_away",
            "Requests refused without a transaction, or not answered: by the server's load or a source's rate",
            labels=["why"],
        )
        for key, why in TURNED_AWAY:
            early.add_metric([why], daemon.server.counters.get(key, 0))
        yield early
        for name, count in daemon.server.counters.items():
            first, _, second = name.partition(" ")
            if second.isdigit():
                answers.add_metric([first.upper(), second], count)
            elif second == "on request":
                orders.add_metric([first], count)
        yield answers
        yield orders
        held = GaugeMetricFamily("parley_sip_held", "What SIP the server has under way", labels=["what"])
        for name, count in daemon.server.held().items():
            held.add_metric([name], count)
        yield held
        memory = GaugeMetricFamily("parley_resident_memory_bytes", "Memory of the server's process")
        memory.add_metric([], _resident_bytes())
        yield memory


def _gains(conferences: list[Row]) -> Metric:
    gauge = GaugeMetricFamily("parley_leg_gain_decibels", GAIN, labels=LEG_LABELS)
    for row in conferences:
        conference = row["id"].removeprefix(f"{row['board_id']}/")
        for member in row["members"]:
            gauge.add_metric([row["board_id"], conference, str(member["number"])], member["gain_db"])
    return gauge


def _boards(rows: list[Row]) -> Iterator[Metric]:
    states = GaugeMetricFamily("parley_boards", "Boards by state", labels=["state"])
    for state in Health:
        states.add_metric([state.value], sum(row["state"] == state.value for row in rows))
    yield states
    for name, text, key in BOARD_GAUGES:
        gauge = GaugeMetricFamily(name, text, labels=["board"])
        for row in rows:
            gauge.add_metric([row["board_id"]], float(row[key]))
        yield gauge
    for name, text, key in BOARD_COUNTERS:
        counter = CounterMetricFamily(name, text, labels=["board"])
        for row in rows:
            value = row["stats"].get(key)
            if isinstance(value, (int, float)):
                counter.add_metric([row["board_id"]], value)
        yield counter
    heap = GaugeMetricFamily("parley_board_heap_free_bytes", "Free heap of the board", labels=["board"])
    for row in rows:
        value = row["stats"].get("heap_free")
        if isinstance(value, (int, float)) and value > 0:
            heap.add_metric([row["board_id"]], value)
    yield heap
    resets = CounterMetricFamily(
        "parley_board_resets", "Starts of the board seen by this server, by cause", labels=["board", "cause"]
    )
    for row in rows:
        for cause, count in row["resets"].items():
            resets.add_metric([row["board_id"], cause], count)
    yield resets


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@router.get("/metrics", response_class=Response)
def metrics(request: Request) -> Response:
    """Everything countable, for Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DaemonCollector(daemon_of(request)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
