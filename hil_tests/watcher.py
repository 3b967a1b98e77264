"""The judge as a watcher and as a referrer: SUBSCRIBE and REFER of its own, and their NOTIFYs (RFC 6665, 3515)."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

from hil_tests.caller import Call, Caller
from hil_tests.sip_text import SipText

_NS = {"c": "urn:ietf:params:xml:ns:conference-info"}


@dataclass
class Document:
    """One conference-info document: version, state, user_count, users that it names (URI: status, "" when deleted)."""

    version: int
    state: str
    user_count: int
    active: bool
    users: dict[str, str] = field(default_factory=dict)


def read_document(body: bytes) -> Document:
    """Read a document (RFC 4575); ElementTree.ParseError or AssertionError when it is none."""
    root = ElementTree.fromstring(body)
    assert root.tag == f"{{{_NS['c']}}}conference-info", root.tag
    count = root.findtext("c:conference-state/c:user-count", "", _NS)
    active = root.findtext("c:conference-state/c:active", "", _NS)
    document = Document(int(root.attrib["version"]), root.attrib["state"], int(count), active == "true")
    for user in root.iterfind("c:users/c:user", _NS):
        deleted = user.attrib.get("state") == "deleted"
        status = "" if deleted else user.findtext("c:endpoint/c:status", "", _NS)
        document.users[user.attrib["entity"]] = status
    return document


class Usage:
    """A subscription of the judge's: its NOTIFYs, in order, each answered 200."""

    def __init__(self, caller: Caller, call_id: str, event: str) -> None:
        self.caller, self.call_id, self.event = caller, call_id, event
        caller.subscribed.add(call_id)

    def notifies(self) -> list[SipText]:
        """The NOTIFYs of this package that have come, without repetitions."""
        found: dict[str, SipText] = {}
        for _, message, _ in self.caller.received:
            mine = message.method == "NOTIFY" and message.header("call-id") == self.call_id
            if mine and message.header("event").partition(";")[0] == self.event:
                found.setdefault(message.header("cseq"), message)
        return list(found.values())

    def statuses(self) -> list[int]:
        """The sipfrags' status codes."""
        return [int(message.body.split()[1]) for message in self.notifies()]

    def documents(self) -> list[Document]:
        """The conference-info documents."""
        return [read_document(message.body) for message in self.notifies() if message.body]

    def roster(self) -> dict[str, str]:
        """Who is in by all documents so far: URI -> status (RFC 4575 4: partial ones change what was told before)."""
        users: dict[str, str] = {}
        for document in self.documents():
            if document.state == "full":
                users.clear()
            users.update(document.users)
        return {uri: status for uri, status in users.items() if status}

    @property
    def over(self) -> bool:
        """Whether the notifier has ended it."""
        return any(m.header("subscription-state").startswith("terminated") for m in self.notifies())

    async def until(self, found, timeout_s: float = 8.0) -> None:
        """Wait until found(self) is true; AssertionError with what came instead."""
        end_s = asyncio.get_running_loop().time() + timeout_s
        while not found(self):
            if asyncio.get_running_loop().time() > end_s:
                heard = [m.header("subscription-state") + " " + m.body.decode() for m in self.notifies()]
                raise AssertionError(f"waited in vain; NOTIFYs: {heard}")
            await asyncio.sleep(0.02)


async def refer(call: Call, target: str, headers: tuple[tuple[str, str], ...] = ()) -> tuple[int, Usage]:
    """REFER inside a call: (status, the subscription)."""
    status = await call.inside("REFER", (("Refer-To", f"<{target}>"), *headers))
    return status, Usage(call.caller, call.call_id, "refer")


async def refer_outside(caller: Caller, uri: str, target: str, user: str = "test") -> tuple[int, Usage]:
    """REFER outside any dialog, in the name of a user of this caller: (status, the subscription)."""
    call = caller.call(user)
    usage = Usage(caller, call.call_id, "refer")
    return await call.outside("REFER", uri, (("Refer-To", f"<{target}>"),)), usage


async def subscribe(caller: Caller, uri: str, expires_s: int = 600) -> tuple[int, Usage, Call]:
    """SUBSCRIBE to a conference: (status, the subscription, its dialog)."""
    call = caller.call("watcher")
    usage = Usage(caller, call.call_id, "conference")
    headers = (("Event", "conference"), ("Expires", str(expires_s)))
    return await call.outside("SUBSCRIBE", uri, headers), usage, call
