"""RTP header extensions in offer and answer (RFC 8285 5): a phone's own level, to us, and everybody's, from us.

Levels tell who talks, to whoever sees the packets, so encrypted streams have none of them: what would hide them there
(RFC 6904, asked for by RFC 6464 6 and RFC 6465 6) is not built.
"""

from parley.wire.grammar import DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.wire.sdp import Media, SessionDescription

    Attributes = list[tuple[str, str | None]]

LEVEL_IN = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"  # RFC 6464 4
LEVEL_OUT = "urn:ietf:params:rtp-hdrext:csrc-audio-level"  # RFC 6465 5
MAX_ID = 255  # RFC 8285 4.3; 4096 and up are for more extensions than there are IDs (section 7): not for us
OURS = (("1/recvonly", LEVEL_IN), ("2/sendonly", LEVEL_OUT))


class Extensions:
    """IDs as negotiated, 0 without. level_in: of the phone's own level; level_out: of those of whom it hears."""

    def __init__(self, level_in: int = 0, level_out: int = 0) -> None:
        self.level_in = level_in
        self.level_out = level_out


def offered_extensions() -> "Attributes":
    """Return the lines of an offer of ours."""
    return [("extmap", f"{mapping} {uri}") for mapping, uri in OURS]


def answer_extensions(offer: "SessionDescription", media: "Media") -> "tuple[Extensions, Attributes]":
    """Return what we take of the extensions offered for a stream, and the answer's lines.

    The ID stays the offer's, and so do an extension's own attributes, as "vad=on" (RFC 6464 4); the direction is what
    is left of the offer's (RFC 8285 7).
    """
    found = Extensions()
    lines: Attributes = []
    for number, direction, uri, rest in _extmaps(offer, media):
        if uri == LEVEL_IN and direction in ("sendrecv", "sendonly") and not found.level_in:
            found.level_in = number
            lines.append(("extmap", f"{number}/recvonly {uri}{rest}"))
        elif uri == LEVEL_OUT and direction in ("sendrecv", "recvonly") and not found.level_out:
            found.level_out = number
            lines.append(("extmap", f"{number}/sendonly {uri}{rest}"))
    return found, lines


def extensions_of_answer(offered: "Media", answer: "SessionDescription", media: "Media") -> Extensions:
    """Return what the answer to an offer of ours took: by the IDs that we gave (RFC 8285 7)."""
    found = Extensions()
    mappings = [value for name, value in offered.attributes if name == "extmap"]
    for number, direction, uri, _ in _extmaps(answer, media):
        if f"{number}/recvonly {uri}" in mappings and direction in ("sendrecv", "sendonly"):
            found.level_in = number
        elif f"{number}/sendonly {uri}" in mappings and direction in ("sendrecv", "recvonly"):
            found.level_out = number
    return found


def _extmaps(session: "SessionDescription", media: "Media") -> "list[tuple[int, str, str, str]]":
    # (ID, direction, URI, what follows it) of the stream's a=extmap, and of the session's (RFC 8285 5)
    found: list[tuple[int, str, str, str]] = []
    for name, value in media.attributes + session.attributes:
        words = (value or "").split(" ", 2) if name == "extmap" else []
        if len(words) < 2:
            continue
        number, _, direction = words[0].partition("/")
        if number == "" or number.strip(DIGITS) or len(number) > 3 or not 0 < int(number) <= MAX_ID:
            continue
        rest = " " + words[2] if len(words) == 3 else ""
        found.append((int(number), direction or "sendrecv", words[1], rest))
    return found
