"""How a phone's request is answered: by the address (302), or by passing its INVITE on to the board (RFC 4579 5.4).

Redirect is the rule. Proxy is for phones that do not follow a 302: they see `isfocus` in the 200 as if the server were
the conference, and everything after the INVITE is between them and the board.
"""

import fnmatch
import ipaddress
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from parley.wire.errors import RemoteError
from parley.wire.sip import Request
from parley.wire.uri import parse_uri

Answer = Literal["redirect", "proxy"]


class AnswerRule(BaseModel):
    """Which phones are answered how. All that is given must fit; the first rule that fits counts.

    user_agent: pattern of the User-Agent header with * and ?, without regard to case. source: the network the
    request comes from. uri_param: a parameter of the address that was called, `name` or `name=value`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer: Answer
    user_agent: str | None = None
    source: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    uri_param: str | None = None

    @model_validator(mode="after")
    def _says_whom(self) -> "AnswerRule":
        """Refuse a rule for everybody: that is what `answer` is for."""
        if self.user_agent is None and self.source is None and self.uri_param is None:
            raise ValueError("a rule needs user_agent, source or uri_param; for everybody set answer")
        return self

    def fits(self, invite: Request, source: str) -> bool:
        """Tell whether this INVITE from this host is meant."""
        return self._agent_fits(invite) and self._source_fits(source) and self._param_fits(invite.uri)

    def _agent_fits(self, invite: Request) -> bool:
        if self.user_agent is None:
            return True
        return fnmatch.fnmatchcase((invite.get("User-Agent") or "").lower(), self.user_agent.lower())

    def _source_fits(self, source: str) -> bool:
        if self.source is None:
            return True
        try:
            return ipaddress.ip_address(source) in self.source
        except ValueError:
            return False

    def _param_fits(self, uri: str) -> bool:
        if self.uri_param is None:
            return True
        name, equals, value = self.uri_param.partition("=")
        try:
            given = parse_uri(uri).param(name.lower())
        except RemoteError:
            return False
        return given is not None and (not equals or given.lower() == value.lower())


@dataclass(frozen=True, slots=True)
class Answers:
    """The rules, and what counts when none fits."""

    default: Answer = "redirect"
    rules: tuple[AnswerRule, ...] = ()

    @property
    def always_redirect(self) -> bool:
        """Whether nobody is answered otherwise."""
        return self.default == "redirect" and all(rule.answer == "redirect" for rule in self.rules)

    def choose(self, invite: Request, source: str) -> Answer:
        """Return how to answer this INVITE from this host."""
        for rule in self.rules:
            if rule.fits(invite, source):
                return rule.answer
        return self.default


REDIRECT_ALL = Answers()
