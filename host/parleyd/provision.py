"""Provisioning: giving a board its firmware, its identity and its server, over the serial port."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

from parley.wire.errors import LocalError
from parleyd.deployment import Deployment, deploy, stage
from parleyd.images import Image
from parleyd.serial_link import SerialLink

CONFIG_FILE = "board_config.json"


@dataclass(frozen=True)
class BoardConfig:
    """What a board is told of itself; becomes board_config.json on its flash.

    board_id: its name at the server. board: its kind, the image's name. host: its own IP address,
    or "dhcp".
    server: host and port of the SIP server. servers: of all servers of a fleet, at IP addresses, if there are several.
    key: 64 hex digits, the board's secret. registration_s: expiry of a registration. offer_ttl_s: how long the server
    lets an unused address live. rtp_port_first: even. network: netmask and gateway, for a board that sets up an
    interface of its own. srtp: "off", "optional" (as boards have it without) or "required"; srtp_legs: how many may be
    encrypted; None: all. rtp_timeout_s: who sends nothing for so long is hung up on; 0 never, None: 30. announce: 1:
    tones tell of comings and goings; None: 0. wide_legs: how many may be wideband; None: none. ptime_legs: how
    many may be sent another packet time than 20 ms; linear_legs: how many may have L16, of those that may have both of
    these; None: none. loudest: voices mixed in a conference at most, those with the highest level; None: all. csrc: of
    how many who are heard every packet names the SSRC; None: 0. levels: 0: no audio levels in RTP's header; None: 1.
    comfort_noise: -dBov of the noise for phones that offer it, while nobody speaks; None: none.
    tls_certificate, tls_key: DER in base64, for SIP over TLS at tls_port (None: 5061).
    """

    board_id: str
    board: str
    host: str
    server: tuple[str, int]
    key: str
    legs: int
    slots: int
    sip_port: int = 5060
    rtp_port_first: int = 10000
    registration_s: int = 9
    offer_ttl_s: int = 32
    network: tuple[str, str] | None = None
    srtp: str | None = None
    srtp_legs: int | None = None
    rtp_timeout_s: int | None = None
    announce: int | None = None
    wide_legs: int | None = None
    ptime_legs: int | None = None
    linear_legs: int | None = None
    loudest: int | None = None
    csrc: int | None = None
    levels: int | None = None
    comfort_noise: int | None = None
    servers: tuple[tuple[str, int], ...] | None = None
    tls_certificate: str | None = None
    tls_key: str | None = None
    tls_port: int | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.key):
            raise LocalError("a board's key is 64 lower-case hexadecimal digits")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", self.board_id) or self.board_id.startswith("."):
            raise LocalError(f"{self.board_id!r} is no name for a board: use letters, digits, '.', '_', '-'")

    def to_bytes(self) -> bytes:
        """The file's content; equal configurations give equal bytes."""
        table = {name: value for name, value in asdict(self).items() if value is not None}
        return (json.dumps(table, sort_keys=True) + "\n").encode()


def read_config(path: Path) -> BoardConfig:
    """BoardConfig from a JSON file; LocalError says what is wrong with it."""
    names = {field.name for field in fields(BoardConfig)}
    try:
        table = cast(dict[str, Any], json.loads(path.read_bytes()))
        host, port = table.pop("server")
        if "servers" in table:
            table["servers"] = tuple((str(host), int(port)) for host, port in table["servers"])
        return BoardConfig(server=(str(host), int(port)), **table)
    except OSError as error:
        raise LocalError(f"cannot read {path}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise LocalError(f"{path}: {error}; its fields are {', '.join(sorted(names))}") from error


def provision(
    port: str,
    image: Image,
    config: BoardConfig | None,
    *,
    timeout_s: float = 10.0,
    progress: Callable[[str], None] | None = None,
) -> Deployment:
    """Deploys the image and the configuration (None: leaves that on the board alone), then resets the board.

    Blocks. port: serial port. timeout_s: longest wait for the board's first answer.
    Raises SerialFault or ImageError.
    """
    extra = {} if config is None else {CONFIG_FILE: config.to_bytes()}
    with SerialLink(port, image.board.baudrate, timeout_s) as link:
        deployment = deploy(link, image, extra, progress)
        link.reset()
    return deployment


def upgrade_over(
    port: str, image: Image, progress: Callable[[int, int], None], timeout_s: float = 10.0
) -> None:
    """Puts a new firmware beside the one that runs, and resets the board, which then tries it. Blocks.

    progress: gets bytes written so far, and all. Raises SerialFault or ImageError.
    """
    with SerialLink(port, image.board.baudrate, timeout_s) as link:
        stage(link, image, progress)
        link.reset()


def reset_board(port: str, image: Image, timeout_s: float = 10.0) -> None:
    """Starts a board anew. Blocks. Raises SerialFault."""
    with SerialLink(port, image.board.baudrate, timeout_s) as link:
        link.reset()
