"""What the daemon says of itself: boards, conferences, participants, as plain data for JSON."""

import os
from typing import Any

from parley import __version__
from parley.wire.address import conference_uri, make_token
from parley.wire.grammar import format_host_port
from parleyd.complaints import complaint_of
from parleyd.gain import AUTOMATIC, GAIN_ONE, gain_db
from parleyd.health import Verdict, judge
from parleyd.lease import Lease, LeaseState, reserved_legs
from parleyd.live_conference import Gain, LiveConference
from parleyd.pool import ProvisionedBoard
from parleyd.server import ConferenceServer
from parleyd.virtual import VirtualBoard

Row = dict[str, Any]


def conference_address(board: ProvisionedBoard, lease: Lease) -> str:
    """Return the address that was given out for the lease; "" for one that this store never gave out."""
    if lease.expires_s == 0:
        return ""
    token = make_token(board.key, lease.slot, lease.generation, lease.size, lease.expires_s)
    return conference_uri(token, board.host, board.port)


def board_rows(server: ConferenceServer, virtual: dict[str, VirtualBoard]) -> list[Row]:
    """Return one row for each known board, registered or not."""
    return [board_row(server, virtual.get(board.board_id), board) for board in server.pool.boards()]


def board_row(server: ConferenceServer, process: VirtualBoard | None, board: ProvisionedBoard) -> Row:
    """Return what is known of a board. process: of one without hardware."""
    board_id = board.board_id
    registration = server.pool.registration(board_id)
    report = registration.report if registration else None
    reserved = reserved_legs(server.ledger.leases.get(board_id, {}).values())
    verdict = health_of(server, process, board_id)
    return {
        "board_id": board_id,
        "address": format_host_port(board.host, board.port),
        "registered": registration is not None,
        "state": verdict.state.value,
        "reason": verdict.reason,
        "draining": board_id in server.pool.draining,
        "kind": report.board if report else None,
        "pid": process.pid if process else None,
        "serial": str(process.serial) if process else None,
        "legs": report.legs if report else 0,
        "legs_used": reserved,
        "legs_free": max(0, report.legs - reserved) if report else 0,
        "connected": report.connected if report else 0,
        "slots": report.slots if report else 0,
        "conferences": sum(lease.board_id == board_id for lease in server.running()),
        "codecs": report.codecs if report else [],
        "firmware": report.firmware if report else None,
        "kernels": report.kernels if report else None,
        "registered_for_s": int(server.clock.now_s() - registration.since_s) if registration else 0,
        "image": report.image if report else None,
        "resets": server.pool.starts(board_id),
        "last_end": list(report.last_end) if report else [],
        "stats": report.stats if report else {},
    }


def health_of(server: ConferenceServer, process: VirtualBoard | None, board_id: str) -> Verdict:
    """Return a board's state and why."""
    seen_ms = server.pool.last_seen_ms(board_id)
    registration = server.pool.registration(board_id)
    twin = server.pool.twins.of(board_id, server.clock.now_ms())
    return judge(
        registration,
        board_id in server.pool.draining,
        process.facts if process else None,
        None if seen_ms is None else (server.clock.now_ms() - seen_ms) / 1000,
        complaint_of(registration.report, twin) if registration else "",
    )


def conference_rows(server: ConferenceServer) -> list[Row]:
    """Return one row for each conference that is offered or active."""
    leases = sorted(server.running(), key=lambda lease: lease.since_s)
    return [conference_row(server, lease) for lease in leases if server.pool.board(lease.board_id)]


def conference_row(server: ConferenceServer, lease: Lease) -> Row:
    """Return what is known of a conference; its board must be known. `members` has more than `participants`."""
    board = server.pool.board(lease.board_id)
    assert board is not None
    live = _live(server, lease)
    return {
        "id": lease.conference_id,
        "board_id": lease.board_id,
        "address": conference_address(board, lease),
        "state": "active" if lease.state is LeaseState.ACTIVE else "offered",
        "size": lease.size,
        "locked": live.locked if live else False,
        "participants": list(live.participants) if live else [],
        "members": member_rows(server, lease, live),
        "asked_by": lease.asked_by,
        "since": lease.since_s,
    }


def member_rows(server: ConferenceServer, lease: Lease, live: LiveConference | None) -> list[Row]:
    """Return the participants: number, URI, what was done to them, hand raised, level [dBov] while watched."""
    if live is None:
        return []
    levels = server.journal.levels(lease.conference_id)
    gains = {gain.number: gain for gain in live.gains}
    present = set(live.numbers)  # who has left may be named by others until their page comes
    return [
        {
            "number": number,
            "uri": uri,
            "muted": number in live.muted,
            "muted_self": number in live.muted_self,
            "hand": number in live.hands,
            "gain_db": gain_db(_heard_at(gains.get(number))),
            "gain_auto": number in gains and gains[number].gain == AUTOMATIC,
            "unheard": [other for listener, other in live.unheard if listener == number and other in present],
            "level_dbov": -levels[number] if number in levels else None,
        }
        for number, uri in zip(live.numbers, live.participants, strict=False)
    ]


def _heard_at(gain: Gain | None) -> int:
    """Return a gain in 1/256; an automatic one as it was at the moment of the report, GAIN_ONE if that is not told."""
    if gain is None:
        return GAIN_ONE
    if gain.gain != AUTOMATIC:
        return gain.gain
    return GAIN_ONE if gain.now is None else gain.now


def _live(server: ConferenceServer, lease: Lease) -> LiveConference | None:
    registration = server.pool.registration(lease.board_id)
    for live in registration.report.live if registration else ():
        if (live.slot, live.generation) == (lease.slot, lease.generation):
            return live
    return None


def status_document(server: ConferenceServer, virtual: dict[str, VirtualBoard]) -> Row:
    """Return everything: the answer of GET /v1/status and of `parley status --json`."""
    conferences = conference_rows(server)
    return {
        "server": {
            "conference": f"sip:{server.rules.factory_user}@{format_host_port(*server.local[:2])}",
            "version": __version__,
            "pid": os.getpid(),
            "going_down": server.closing,
            "time": int(server.clock.now_s()),
            "counters": dict(server.counters),
        },
        "boards": board_rows(server, virtual),
        "conferences": conferences,
        "participants": [
            {"uri": uri, "conference": row["id"]} for row in conferences for uri in row["participants"]
        ],
    }
