"""What is said of a wrong setting: one sentence with where it came from, its key, what is wrong, and a right one."""

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from parley.wire.errors import LocalError

ENVIRONMENT_PREFIX = "PARLEY_"
# What a right value looks like, for the sentence about a wrong one.
EXAMPLES = {
    "sip": "127.0.0.1:5060",
    "sip_tls": "127.0.0.1:5061",
    "tls_cert": "server.pem",
    "tls_key": "server-key.pem",
    "http": "127.0.0.1:8060",
    "board": "virtual",
    "boards": "2",
    "board_net": "127.0.1.0/24",
    "legs": "64",
    "pin": "true",
    "user": "conference",
    "default_size": "8",
    "offer_ttl_s": "32",
    "quarantine_s": "32",
    "reunion_s": "120",
    "reunion_trust": "proof",
    "registration_s": "9",
    "ready_s": "30",
    "log_level": "info",
    "pattern": "least_loaded",
    "spared_percent": "10",
    "quota": "3",
    "callers": '[[callers]] caller = "alice@example.org", size = 16',
    "sites": '[[sites]] network = "10.1.0.0/16", site = "north"',
    "answer": "redirect",
    "answer_rules": '[[answer_rules]] user_agent = "Acme*", answer = "proxy"',
    "source_per_s": "200",
    "sources": '[[sources]] network = "192.0.2.5/32", per_s = 0',
    "users": '[[users]] name = "alice", ha1_sha256 = 64 hex digits, ha1_md5 = 32 (parley user alice)',
    "digest_algorithms": '["SHA-256", "MD5"]',
    "servers": "192.0.2.1:5060,192.0.2.2:5060",
    "store": '[store] kind = "etcd", endpoints = ["192.0.2.1:2379", "192.0.2.2:2379", "192.0.2.3:2379"]',
    "provisioned": '[[provisioned]] id = "bench-1", host = "192.0.2.17", key = 64 hex digits',
}


class SettingsError(LocalError):
    """A setting is wrong; the sentence names it, where it came from and what it should be."""


def check_file(config: Path) -> None:
    """Read a configuration file as TOML. Raises SettingsError."""
    try:
        tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {config}: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{config}: {error}") from error


def sentence_of(
    error: ValidationError, flags: dict[str, Any], config: Path | None, known: Iterable[str]
) -> str:
    """Return the sentence about the first fault. flags: those given; known: the names of all settings."""
    first = error.errors(include_url=False, include_context=False)[0]
    path = [str(part) for part in first["loc"]]
    key = path[0] if path else ""
    variable = ENVIRONMENT_PREFIX + key.upper()
    if key in flags:
        source = "--" + key.replace("_", "-")
    elif os.environ.get(variable):
        source = variable
    else:
        source = str(config)
    if first["type"] == "extra_forbidden" and len(path) == 1:
        return f"{source}: there is no setting {key!r}; there are {', '.join(known)}"
    example = f"; for example {EXAMPLES[key]}" if key in EXAMPLES else ""
    return f"{source}: {'.'.join(path)}: {first['msg'].removeprefix('Value error, ')}{example}"
