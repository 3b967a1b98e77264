"""IPv4 addresses: numbers in the native module, texts outside; each is spelled once."""

import socket

MAX_KNOWN = 65536  # hosts whose spelling is remembered

_texts: dict[int, str] = {}
_numbers: dict[str, int] = {}


def text_of(address: int) -> str:
    """Return the dotted text of an address in host byte order."""
    text = _texts.get(address)
    if text is None:
        if len(_texts) >= MAX_KNOWN:
            _texts.clear()
        text = _texts[address] = socket.inet_ntoa(address.to_bytes(4, "big"))
    return text


def number_of(host: str) -> int:
    """Return the address of a dotted text. Raises OSError for any other."""
    number = _numbers.get(host)
    if number is None:
        if len(_numbers) >= MAX_KNOWN:
            _numbers.clear()
        number = _numbers[host] = int.from_bytes(socket.inet_pton(socket.AF_INET, host), "big")
    return number
