"""What a board needs for SIP over TLS, out of PEM files: DER in base64, which MicroPython reads."""

import base64
import ssl
from pathlib import Path
from typing import TypedDict

from parleynet.tls import server_context


class BoardTls(TypedDict, total=False):
    """Fields of a BoardConfig."""

    tls_certificate: str
    tls_key: str


def board_tls(certificate: Path | None, key: Path | None) -> BoardTls:
    """Return `tls_certificate` and `tls_key` of a BoardConfig; nothing without a certificate and a key.

    Args:
        certificate: PEM file; its first certificate is the board's, and all that the board shows.
        key: PEM file with its private key, not encrypted.

    Raises TlsError when they cannot be used, or do not belong together.
    """
    if certificate is None or key is None:
        return {}
    server_context(certificate, key)  # in one sentence, what is wrong with them
    first, end, _ = certificate.read_text(encoding="ascii").partition("-----END CERTIFICATE-----")
    der = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :] + end)
    return {"tls_certificate": base64.b64encode(der).decode(), "tls_key": _body_of(key)}


def _body_of(key: Path) -> str:
    # Of a PEM file (RFC 7468 2); what may stand around it, such as the parameters of a curve, is no key.
    lines = key.read_text(encoding="ascii").splitlines()
    start = next(at for at, line in enumerate(lines) if line.endswith("PRIVATE KEY-----"))
    end = next(at for at, line in enumerate(lines) if at > start and line.startswith("-----END"))
    return "".join(lines[start + 1 : end])
