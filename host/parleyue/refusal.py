"""What a refusing answer says to a person."""

from parley.wire.sip import Response


def in_words(response: Response) -> str:
    """Status and reason, the Warning's sentence if there is one, and when to try again."""
    text = f"{response.status} {response.reason}".strip()
    warning = warning_text(response)
    if warning and warning not in text:
        text += f": {warning}"
    delay_s = retry_after_s(response)
    if delay_s is not None:
        text += f" (try again in {delay_s} s)"
    return text


def retry_after_s(response: Response) -> int | None:
    """Seconds of Retry-After (RFC 3261 section 20.33), None without a readable one."""
    value = (response.get("Retry-After") or "").strip()
    digits = ""
    for character in value:
        if not character.isdecimal() or len(digits) == 9:
            break
        digits += character
    return int(digits) if digits else None


def warning_text(response: Response) -> str:
    """The quoted sentence of the first Warning (RFC 3261 section 20.43), '' without one."""
    return ((response.get("Warning") or "") + '""').split('"')[1]
