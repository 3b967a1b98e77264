"""What the daemon says of itself: boards, conferences, participants, as plain data for JSON."""

import os
from typing import Any

from parley import __version__
from parley.wire.address import conference_uri, make_token
from parleyd.lease import Lease, LeaseState, reserved_legs
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
    rows: list[Row] = []
    now_s = server.clock.now_s()
    running = server.running()
    for board in server.pool.boards():
        registration = server.pool.registration(board.board_id)
        report = registration.report if registration else None
        own = [lease for lease in running if lease.board_id == board.board_id]
        reserved = reserved_legs(server.ledger.leases.get(board.board_id, {}).values())
        process = virtual.get(board.board_id)
        state = "ready" if registration else (process.state if process else "lost")
        if report is not None and report.kernels != "native":
            state = "degraded"
        rows.append(
            {
                "board_id": board.board_id,
                "address": f"{board.host}:{board.port}",
                "registered": registration is not None,
                "state": "lost" if state == "running" else state,
                "pid": process.pid if process else None,
                "serial": str(process.serial) if process else None,
                "legs": report.legs if report else 0,
                "legs_used": reserved,
                "legs_free": max(0, report.legs - reserved) if report else 0,
                "connected": report.connected if report else 0,
                "slots": report.slots if report else 0,
                "conferences": len(own),
                "codecs": report.codecs if report else [],
                "firmware": report.firmware if report else None,
                "kernels": report.kernels if report else None,
                "registered_for_s": int(now_s - registration.since_s) if registration else 0,
                "stats": report.stats if report else {},
            }
        )
    return rows


def conference_rows(server: ConferenceServer) -> list[Row]:
    """Return one row for each conference that is offered or active."""
    rows: list[Row] = []
    for lease in sorted(server.running(), key=lambda lease: lease.since_s):
        board = server.pool.board(lease.board_id)
        if board is None:
            continue
        registration = server.pool.registration(lease.board_id)
        live = registration.report.live if registration else []
        participants = [
            uri
            for conference in live
            if (conference.slot, conference.generation) == (lease.slot, lease.generation)
            for uri in conference.participants
        ]
        rows.append(
            {
                "id": lease.conference_id,
                "board_id": lease.board_id,
                "address": conference_address(board, lease),
                "state": "active" if lease.state is LeaseState.ACTIVE else "offered",
                "size": lease.size,
                "participants": participants,
                "asked_by": lease.asked_by,
                "since": lease.since_s,
            }
        )
    return rows


def status_document(server: ConferenceServer, virtual: dict[str, VirtualBoard]) -> Row:
    """Return everything: the answer of GET /v1/status and of `parley status --json`."""
    conferences = conference_rows(server)
    return {
        "server": {
            "conference": f"sip:{server.rules.factory_user}@{server.local[0]}:{server.local[1]}",
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
