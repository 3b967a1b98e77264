"""How the command line talks to a running daemon: HTTP on loopback, with the standard library."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

from parley.wire.errors import LocalError

ADDRESS_FILE = "daemon.json"
DEFAULT_URL = "http://127.0.0.1:8060"
TIMEOUT_S = 10


class ClientError(LocalError):
    """The daemon is not there or refused; one sentence for the person."""


def write_address(state: Path, url: str) -> None:
    """Note in the state folder where this daemon's API is."""
    (state / ADDRESS_FILE).write_text(json.dumps({"http": url, "pid": os.getpid()}) + "\n", encoding="utf-8")


def forget_address(state: Path) -> None:
    """Take the note away: this daemon ends."""
    (state / ADDRESS_FILE).unlink(missing_ok=True)


def find_daemon(http: str | None, state: Path) -> str:
    """Return the API's URL: what was asked for, else $PARLEY_HTTP, else the state folder's note, else the default."""
    given = http or os.environ.get("PARLEY_HTTP")
    if given:
        return given if "://" in given else f"http://{given}"
    try:
        return str(json.loads((state / ADDRESS_FILE).read_text(encoding="utf-8"))["http"])
    except (OSError, ValueError, KeyError):
        return DEFAULT_URL


def ask(url: str, path: str, method: str = "GET") -> Any:
    """Return the decoded answer. Raises ClientError."""
    request = urllib.request.Request(url + quote(path), method=method)  # noqa: S310 - an http URL of ours
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        try:
            detail = json.loads(error.read())["detail"]
        except (ValueError, KeyError):
            detail = error.reason
        raise ClientError(f"the daemon refused: {detail}") from error
    except OSError as error:
        raise ClientError(f"no daemon answers at {url}; start one with: parley up") from error
