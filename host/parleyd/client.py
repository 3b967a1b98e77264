"""How the command line talks to a running daemon: HTTP on loopback, with the standard library."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from parley.wire.errors import LocalError

ADDRESS_FILE = "daemon.json"
DEFAULT_URL = "http://127.0.0.1:8060"
TIMEOUT_S = 10
SILENCE_S = 60  # of an events stream, which says every 15 s that it is there


class ClientError(LocalError):
    """The daemon is not there or refused; one sentence for the person."""


def write_address(state: Path, url: str, token: str) -> None:
    """Note in the state folder where this daemon's API is, and a token for whoever may read the folder."""
    path = state / ADDRESS_FILE
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        json.dump({"http": url, "pid": os.getpid(), "token": token}, file)


def forget_address(state: Path) -> None:
    """Take the note away: this daemon ends."""
    (state / ADDRESS_FILE).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Api:
    """Where a daemon's API is, and the token to show there; "" for none."""

    url: str
    token: str = ""


def find_daemon(http: str | None, state: Path) -> Api:
    """Return where to ask: what was asked for, else $PARLEY_HTTP, else the state folder's note, else the default.

    The token is $PARLEY_TOKEN, else the note's if it is that daemon's.
    """
    given = http or os.environ.get("PARLEY_HTTP")
    url = given if given and "://" in given else f"http://{given}" if given else ""
    token = os.environ.get("PARLEY_TOKEN", "")
    try:
        note = json.loads((state / ADDRESS_FILE).read_text(encoding="utf-8"))
        noted, own = str(note["http"]), str(note.get("token", ""))
    except (OSError, ValueError, KeyError):
        return Api(url or DEFAULT_URL, token)
    url = url or noted
    return Api(url, token or (own if url.rstrip("/") == noted else ""))


def ask(api: Api, path: str, method: str = "GET", body: Any = None) -> Any:
    """Return the decoded answer; body: sent as JSON. Raises ClientError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(_request(api, path, method, body), timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise _refusal(error) from error
    except OSError as error:
        raise _nobody(api) from error


def follow(api: Api, path: str) -> Iterator[tuple[str, Any]]:
    """Yield (kind, decoded data) of each server-sent event until the stream ends. Raises ClientError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    kind = ""
    try:
        with opener.open(_request(api, path, "GET"), timeout=SILENCE_S) as stream:
            for raw in stream:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    yield kind, json.loads(value)
    except urllib.error.HTTPError as error:
        raise _refusal(error) from error
    except OSError as error:
        raise _nobody(api) from error


def _request(api: Api, path: str, method: str, body: Any = None) -> urllib.request.Request:
    address, question, query = path.partition("?")
    headers = {"Authorization": f"Bearer {api.token}"} if api.token else {}
    url = api.url.rstrip("/") + quote(address) + question + query
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    return urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - an http URL of ours


def _refusal(error: urllib.error.HTTPError) -> ClientError:
    try:
        detail = json.loads(error.read())["detail"]
    except (ValueError, KeyError):
        detail = error.reason
    if error.code == 401:
        detail = f"{detail} (then set PARLEY_TOKEN)"
    return ClientError(f"the daemon refused: {detail}")


def _nobody(api: Api) -> ClientError:
    return ClientError(f"no daemon answers at {api.url}; start one with: parley up")
