#!/usr/bin/env python3
"""Deploys a built image to a board over its serial port: silicon and virtual boards alike.

    tools/flash.py --board nucleo-h743zi2 --config board_config.json
    tools/flash.py --board virtual --port ~/.local/state/parley/boards/virtual-1/serial

Only files that differ are written; the board is then reset. MicroPython itself must be on the board already:
boards/<board>/board.toml says how it gets there. Without --config the board keeps the configuration it has.
"""

import argparse
import sys
import time
from pathlib import Path

from serial.tools import list_ports

from parley.wire.errors import LocalError
from parleyd.images import BoardType, load_image
from parleyd.provision import provision, read_config


class PortError(Exception):
    """No port, or more than one, looks like the board."""


def find_port(board: BoardType) -> str:
    """The one serial port with a USB id of the board; PortError when there is not exactly one."""
    found = [
        port.device
        for port in list_ports.comports()
        if port.vid is not None and f"{port.vid:04x}:{port.pid:04x}" in board.usb_ids
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise PortError(f"no serial port looks like {board.title}; name it with --port")
    raise PortError(f"{len(found)} ports look like {board.title}: {', '.join(found)}; choose one with --port")


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--board", required=True, help="name of a built image")
    parser.add_argument("--port", help="serial port (default: found by the board's USB ids)")
    parser.add_argument("--config", type=Path, help="configuration to write, JSON (see parleyd/provision.py)")
    parser.add_argument("--images", type=Path, help="folder of images (default: parleyd's own)")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds to wait for the board (10)")
    arguments = parser.parse_args()
    started_s = time.monotonic()
    try:
        image = load_image(arguments.board, arguments.images)
        config = read_config(arguments.config) if arguments.config else None
        port = arguments.port or find_port(image.board)
        print(f"{image.board.title} on {port} ({image.board.tested})", flush=True)
        done = provision(
            port,
            image,
            config,
            timeout_s=arguments.timeout,
            progress=lambda path: print(f"  {path}", flush=True),
        )
    except (LocalError, PortError) as error:
        print(f"flash: {error}", file=sys.stderr)
        return 1
    print(
        f"{len(done.written)} written, {len(done.removed)} removed, {done.unchanged} unchanged, "
        f"board reset, {time.monotonic() - started_s:.1f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
