"""The judge as a phone that is called: it rings, and picks up when it is told to."""

from __future__ import annotations

import asyncio

from hil_tests import sip_text
from hil_tests.caller import Address, Call, Caller
from hil_tests.sip_text import SipText


class Callee(Caller):
    """A Caller that takes one call, the first: `await rung`, then `pick_up`."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.rung: asyncio.Future[SipText] = asyncio.get_running_loop().create_future()
        self._tag = sip_text.random_id(4)
        self._from: Address = ("", 0)
        self._answer = b""

    def pick_up(self, body: bytes) -> Call:
        """Answers with this description; returns the call."""
        invite = self.rung.result()
        call = self.call("callee")
        call.call_id, call.local = invite.header("call-id"), f"{invite.header('to')};tag={self._tag}"
        call.remote, call.target = invite.header("from"), sip_text.uri_in(invite.header("contact"))
        headers = [("Contact", call.contact), ("Content-Type", "application/sdp")]
        self.calls[call.call_id] = call
        self._say("200 OK", headers, body)
        return call

    def _request(self, message: SipText, addr: Address) -> None:
        if message.method != "INVITE" or "tag=" in message.header("to"):
            super()._request(message, addr)
            return
        self._from = addr
        if not self.rung.done():
            self.rung.set_result(message)
            self._say("180 Ringing", [("Contact", self.call("callee").contact)])
        elif message.header("call-id") == self.rung.result().header("call-id"):
            self.send(self._answer, addr)  # sent again

    def _say(self, status: str, headers: list[tuple[str, str]], body: bytes = b"") -> None:
        self._answer = sip_text.answer(self.rung.result(), status, self._tag, headers, body)
        self.send(self._answer, self._from)
