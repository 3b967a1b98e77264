"""A server's HTTP API, asked as any client asks it."""

import json
import urllib.request


def get(url: str, body: bytes | None = None, timeout_s: float = 1.0) -> dict:
    """The decoded answer, of a POST when there is a body. OSError without one."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, body, timeout=timeout_s) as answer:
        return json.loads(answer.read())


def post(url: str, document: dict, timeout_s: float = 1.0) -> dict:
    """The decoded answer to a JSON document. OSError without one."""
    request = urllib.request.Request(url, json.dumps(document).encode(), {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=timeout_s) as answer:
        return json.loads(answer.read())
