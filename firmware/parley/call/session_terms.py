"""What an INVITE or UPDATE says of session timers (RFC 4028 4, 5, 9)."""

from parley.wire.errors import RemoteError
from parley.wire.session_expires import parse_min_se, parse_session_expires

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.core import Core
    from parley.wire.sip import Request, Response

MIN_SE_S = 90  # RFC 4028 5: nobody may ask for less
SESSION_EXPIRES_S = 1800  # RFC 4028 4, what is recommended


def lists_timer(message: "Request | Response") -> bool:
    """Tell whether the sender of this message takes part."""
    tags = message.get_all("Supported") + message.get_all("Require")
    return "timer" in [tag.strip().lower() for tag in tags]


def check_interval(core: "Core", request: "Request") -> None:
    """Refuse too short an interval: RemoteError(422), only to who can act on it (RFC 4028 9); 400 malformed."""
    value = request.get("Session-Expires")
    if value is None or not core.session_expires_s:
        return
    if parse_session_expires(value)[0] < MIN_SE_S and lists_timer(request):
        raise RemoteError(422, "")
    if request.get("Min-SE") is not None:
        parse_min_se(request.required("Min-SE"))
