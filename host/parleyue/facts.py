"""The parts of an endpoint's event, with the types that its kind promises."""

from parley.call.call import Call
from parley.call.events import Event
from parley.wire.errors import LocalError
from parley.wire.sip import Response


def response_of(event: Event) -> Response:
    """The response an event brought. Raises LocalError when it brought none."""
    if not isinstance(event.message, Response):
        raise LocalError(f"{event!r} has no response")
    return event.message


def body_of(event: Event) -> bytes:
    """The body of the event's message; b"" without a message."""
    return b"" if event.message is None else event.message.body


def call_of(event: Event) -> Call:
    """The call an event is about. Raises LocalError when it is about something else."""
    if not isinstance(event.subject, Call):
        raise LocalError(f"{event!r} is not about a call")
    return event.subject
