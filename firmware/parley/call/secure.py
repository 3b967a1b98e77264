"""Whether a stream is encrypted, and with which keys: SDES (RFC 4568) inside offer and answer.

policy: "off" (never), "optional" (whenever the peer can; RTP/AVP with a=crypto lines is taken as the wish it is),
"required" (not without).
"""

from parley.wire.sdes import OFFERED_SUITES, cryptos_of, new_crypto

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.wire.sdes import Crypto
    from parley.wire.sdp import Media

POLICIES = ("off", "optional", "required")
PLAIN_PROFILES = ("RTP/AVP", "RTP/AVPF")
SECURE_PROFILES = ("RTP/SAVP", "RTP/SAVPF")  # without "UDP/TLS/": those want DTLS
RANDOM_BYTES = 30


class Keys:
    """What offer and answer settled: ours for what we send, theirs for what comes."""

    def __init__(self, ours: "Crypto", theirs: "Crypto") -> None:
        self.ours = ours
        self.theirs = theirs

    def same_as(self, other: "Keys | None") -> bool:
        """Tell whether nothing changed."""
        return other is not None and self.ours.same_as(other.ours) and self.theirs.same_as(other.theirs)


class Security:
    """How a party stands to encryption.

    random_bytes(n) -> n unpredictable bytes. current: the Keys in use, None before the first and for a plain stream.
    """

    def __init__(
        self, policy: str, random_bytes: "Callable[[int], bytes]", current: "Keys | None" = None
    ) -> None:
        self.policy = policy
        self.current = current
        self._random_bytes = random_bytes

    def takes(self, media: "Media") -> bool:
        """Tell whether the offered stream is one we may answer."""
        if media.protocol.upper() in SECURE_PROFILES:
            return self.policy != "off" and bool(cryptos_of(media))
        if media.protocol.upper() not in PLAIN_PROFILES:
            return False
        return self.policy != "required" or bool(cryptos_of(media))

    def answer(self, media: "Media") -> "Keys | None":
        """Return the Keys for an offered stream that `takes` took, None for a plain one.

        The peer's first usable line is taken (RFC 4568 5.1.2). As long as it brings the key in use, ours stays too.
        """
        offered = cryptos_of(media)
        if self.policy == "off" or not offered:
            return None
        for theirs in offered:
            if self.current is not None and theirs.same_as(self.current.theirs):
                return Keys(_renamed(self.current.ours, theirs.tag), theirs)
        theirs = offered[0]
        return Keys(new_crypto(theirs.tag, theirs.suite, self._random_bytes(RANDOM_BYTES)), theirs)

    def offer_profile(self) -> str:
        """Return the protocol of an offer of ours."""
        return SECURE_PROFILES[0] if self.policy == "required" else PLAIN_PROFILES[0]

    def offer(self) -> "list[Crypto]":
        """Return the lines of an offer of ours, best first: the key in use again, or a key for each suite."""
        if self.policy == "off":
            return []
        if self.current is not None:
            return [self.current.ours]
        return [
            new_crypto(str(number + 1), suite, self._random_bytes(RANDOM_BYTES))
            for number, suite in enumerate(OFFERED_SUITES)
        ]


def _renamed(ours: "Crypto", tag: str) -> "Crypto":
    return new_crypto(tag, ours.suite, ours.master)


def keys_of_answer(offered: "Media", answered: "Media") -> "Keys | None":
    """Return the Keys an answer to an offer of ours chose, None for a plain stream.

    Raises ValueError when it is to be encrypted and names no line of ours (RFC 4568 5.1.3).
    """
    ours = cryptos_of(offered)
    for theirs in cryptos_of(answered):
        for crypto in ours:
            if crypto.tag == theirs.tag and crypto.suite == theirs.suite:
                return Keys(crypto, theirs)
    if offered.protocol.upper() in SECURE_PROFILES or answered.protocol.upper() in SECURE_PROFILES:
        raise ValueError("no key")
    return None
