"""What the board was provisioned with: board_config.json on its flash, checked field by field."""

import json
from binascii import a2b_base64

from parley.call.secure import POLICIES
from parley.wire.errors import LocalError

CONFIG_FILE = "board_config.json"
DHCP = "dhcp"
MOST_LEGS = 4096
MOST_SERVERS = 8

# (field, type, lowest, highest): for text and lists the bounds are lengths.
FIELDS = (
    ("board_id", str, 1, 64),
    ("host", str, 1, 255),
    ("sip_port", int, 1, 65535),
    ("rtp_port_first", int, 1024, 65534),
    ("server", list, 2, 2),
    ("key", str, 64, 64),
    ("legs", int, 1, MOST_LEGS),
    ("slots", int, 1, 4096),
    ("registration_s", int, 3, 3600),
    ("offer_ttl_s", int, 1, 3600),
    ("board", str, 1, 64),
)

MOST_DER_CHARACTERS = 8192  # of base64

# fields that may be missing: (field, lowest, highest, value then)
OPTIONAL_FIELDS = (
    ("tls_port", 1, 65535, 5061),  # RFC 3261 19.1.2
    ("srtp_legs", 0, MOST_LEGS, MOST_LEGS),  # legs that may be encrypted at a time: all
    ("wide_legs", 0, MOST_LEGS, 0),  # legs that may be wideband at a time; each takes 2 KB
    ("ptime_legs", 0, MOST_LEGS, 0),  # legs that may be sent another packet time than 20 ms; each takes 2 KB
    ("linear_legs", 0, MOST_LEGS, 0),  # legs that may have L16; each takes 10 KB, and places of both above
    ("loudest", 0, MOST_LEGS, 0),  # voices mixed in a conference at most; 0: all
    ("csrc", 0, 15, 0),  # of how many of those heard all packets tell the SSRC (RFC 3550 7.1)
    ("levels", 0, 1, 1),  # 1: audio levels (RFC 6464, RFC 6465) with phones that offer them
    ("comfort_noise", 0, 127, 0),  # -dBov, for phones that offer it (RFC 3389), while nobody speaks; 0: none
    ("announce", 0, 1, 0),  # 1: tones tell who is in a conference of comings and goings
    ("rtp_timeout_s", 0, 86400, 30),  # without RTP and RTCP from who ought to send; 0: never
)


class Config:
    """The provisioned facts; `key` as bytes, `server` as (host, port), the rest as in the file.

    servers: `server` and, after it, those of the file's `servers`: with all of them the board registers.

    tls: port, certificate and key (DER) for SIP over TLS, None without.

    srtp: "off", "optional" or "required" (parley.call.secure).

    dhcp: the host is whatever a DHCP server says ("dhcp" in the file), "" until it has said so.
    """

    def __init__(self, fields):
        self.board_id: str = fields["board_id"]
        self.dhcp: bool = fields["host"] == DHCP
        self.host: str = "" if self.dhcp else fields["host"]
        self.sip_port: int = fields["sip_port"]
        self.rtp_port_first: int = fields["rtp_port_first"]
        self.server: "tuple[str, int]" = (fields["server"][0], fields["server"][1])
        self.servers: "list[tuple[str, int]]" = [self.server]
        for host, port in fields.get("servers", []):
            if (host, port) not in self.servers:
                self.servers.append((host, port))
        self.key: bytes = bytes.fromhex(fields["key"])
        self.legs: int = fields["legs"]
        self.slots: int = fields["slots"]
        self.registration_s: int = fields["registration_s"]
        self.offer_ttl_s: int = fields["offer_ttl_s"]
        self.board: str = fields["board"]
        self.srtp: str = fields.get("srtp", "optional")
        self.srtp_legs: int = min(self.legs, fields.get("srtp_legs", MOST_LEGS))
        self.rtp_timeout_s: int = fields.get("rtp_timeout_s", 30)
        self.wide_legs: int = min(self.legs, fields.get("wide_legs", 0))
        self.ptime_legs: int = min(self.legs, fields.get("ptime_legs", 0))
        self.linear_legs: int = min(self.legs, fields.get("linear_legs", 0))
        self.loudest: int = fields.get("loudest", 0)
        self.csrc: int = fields.get("csrc", 0)
        self.levels: bool = fields.get("levels", 1) == 1
        self.comfort_noise: int = fields.get("comfort_noise", 0)
        self.announce: bool = fields.get("announce", 0) == 1
        self.tls: "tuple[int, bytes, bytes] | None" = None
        if fields.get("tls_certificate"):
            pair = (a2b_base64(fields["tls_certificate"]), a2b_base64(fields["tls_key"]))
            self.tls = (fields.get("tls_port", 5061), pair[0], pair[1])
        self.network: "tuple[str, str] | None" = None  # netmask, gateway
        if fields.get("network"):
            self.network = (fields["network"][0], fields["network"][1])


def parse_config(text):
    """Config from the file's text. LocalError names the first field that is missing or wrong."""
    try:
        fields = json.loads(text)
    except ValueError:
        raise LocalError("configuration is not JSON")
    if not isinstance(fields, dict):
        raise LocalError("configuration is not a JSON object")
    for name, kind, lowest, highest in FIELDS:
        _check(name, fields.get(name), kind, lowest, highest)
    for name, lowest, highest, value in OPTIONAL_FIELDS:
        _check(name, fields.get(name, value), int, lowest, highest)
    if fields.get("srtp", "optional") not in POLICIES:
        raise LocalError("configuration: srtp")
    _check_address("server", fields["server"])
    _check("servers", fields.get("servers", []), list, 0, MOST_SERVERS)
    for address in fields.get("servers", []):
        _check("servers", address, list, 2, 2)
        _check_address("servers", address)
    if fields.get("network") is not None:
        _check("network", fields["network"], list, 2, 2)
        for address in fields["network"]:
            _check("network", address, str, 7, 15)
    _check_tls(fields)
    if fields["rtp_port_first"] + 2 * fields["legs"] > 65536:
        raise LocalError("configuration: rtp_port_first leaves no room for the legs")
    try:
        return Config(fields)
    except ValueError:
        raise LocalError("configuration: key, tls_certificate or tls_key")


def read_config(path=CONFIG_FILE):
    """Config from the flash. LocalError when it is missing or wrong: the board is unprovisioned."""
    try:
        with open(path) as file:
            text = file.read()
    except (OSError, ValueError):
        raise LocalError("no " + path)
    return parse_config(text)


def _check_tls(fields):
    if fields.get("tls_certificate") is not None:
        for name in ("tls_certificate", "tls_key"):
            _check(name, fields.get(name), str, 1, MOST_DER_CHARACTERS)


def _check_address(name, value):
    _check(name, value[0], str, 1, 255)
    _check(name, value[1], int, 1, 65535)


def _check(name, value, kind, lowest, highest):
    if not isinstance(value, kind) or isinstance(value, bool):
        raise LocalError("configuration: " + name)
    size = value if isinstance(value, int) else len(value)
    if not lowest <= size <= highest:
        raise LocalError("configuration: " + name)
