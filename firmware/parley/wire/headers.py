"""Header field names: canonical long forms, compact forms (RFC 3261 7.3.3) and which hold lists (7.3.1)."""

from parley.wire.grammar import BLANKS

# In capitals as the RFCs write them; every other name is written Word-By-Word.
_LONG_NAMES = (
    "Accept Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info "
    "Authorization Call-ID Call-Info Contact Content-Disposition Content-Encoding Content-Language "
    "Content-Length Content-Type CSeq Date Error-Info Event Expires From In-Reply-To Max-Forwards "
    "MIME-Version Min-Expires Min-SE Organization P-Asserted-Identity P-Preferred-Identity Path Priority "
    "Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require RAck Reason Record-Route Refer-Sub "
    "Refer-To Referred-By Reject-Contact Replaces Reply-To Request-Disposition Require Retry-After Route "
    "RSeq Server Service-Route Session-Expires SIP-ETag SIP-If-Match Subject Subscription-State Supported "
    "Timestamp To Unsupported User-Agent Via Warning WWW-Authenticate"
)

_COMPACT_NAMES = (
    ("a", "Accept-Contact"),  # RFC 3841
    ("b", "Referred-By"),  # RFC 3892
    ("c", "Content-Type"),
    ("d", "Request-Disposition"),  # RFC 3841
    ("e", "Content-Encoding"),
    ("f", "From"),
    ("i", "Call-ID"),
    ("j", "Reject-Contact"),  # RFC 3841
    ("k", "Supported"),
    ("l", "Content-Length"),
    ("m", "Contact"),
    ("o", "Event"),  # RFC 6665
    ("r", "Refer-To"),  # RFC 3515
    ("s", "Subject"),
    ("t", "To"),
    ("u", "Allow-Events"),  # RFC 6665
    ("v", "Via"),
    ("x", "Session-Expires"),  # RFC 4028
    ("y", "Identity"),  # RFC 8224
)

# Comma-separated lists: "A: x, y" means the same as "A: x" and "A: y" (RFC 3261 7.3.1). Authenticate and
# Authorization fields are the exception the RFC names: their commas belong to one value.
_LISTS = (
    "Accept Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Call-Info Contact "
    "Content-Encoding Content-Language Error-Info In-Reply-To P-Asserted-Identity P-Preferred-Identity "
    "Path Proxy-Require Reason Record-Route Require Route Service-Route Supported Unsupported Via Warning"
)


def _known_spellings() -> "dict[str, str]":
    table: dict[str, str] = {}
    for name in _LONG_NAMES.split(" "):
        table[name] = table[name.lower()] = table[name.upper()] = name
    for letter, name in _COMPACT_NAMES:
        table[letter] = table[letter.upper()] = table[name.lower()] = name
    return table


LIST_HEADERS = frozenset(_LISTS.split(" "))
CANONICAL = _known_spellings()  # usual spelling -> canonical long name


def canonical_name(name: str) -> str:
    """Return a header name's canonical long form: `v`, `VIA`, `via` give `Via`; `x-foo` gives `X-Foo`."""
    known = CANONICAL.get(name)
    if known is not None:
        return known
    name = name.strip(BLANKS).lower()  # RFC 3261 25.1, HCOLON: blanks may stand before the colon
    known = CANONICAL.get(name)
    if known is not None:
        return known
    return "-".join([word[:1].upper() + word[1:] for word in name.split("-")])
