"""TLS for SIP (RFC 3261 26.2.1): contexts of either end; what is wrong is told in one sentence."""

import ssl
from pathlib import Path

from parley.wire.errors import LocalError

OLDEST = ssl.TLSVersion.TLSv1_2


class TlsError(LocalError):
    """A certificate or key cannot be used; the sentence says which file and what to do."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the context of who accepts connections.

    Args:
        certificate: PEM file with the certificate, then those of its issuers.
        key: PEM file with its private key, not encrypted.

    Raises TlsError.
    """
    for path, what in ((certificate, "certificate"), (key, "key")):
        _readable(path, what)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = OLDEST
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise TlsError(_why(error, certificate, key)) from None
    except ValueError:
        raise TlsError(
            f"the key {key} is encrypted and nobody can be asked; "
            f"write it without a password: openssl pkey -in {key} -out plain.pem"
        ) from None
    return context


def client_context(authorities: Path | None) -> ssl.SSLContext:
    """Return the context of who connects; it checks the other's certificate and name (RFC 5922 7.2).

    Args:
        authorities: PEM file with the certificates to trust; None for those of the system.

    Raises TlsError.
    """
    if authorities is not None:
        _readable(authorities, "certificates to trust")
    try:
        context = ssl.create_default_context(cafile=authorities)
    except ssl.SSLError:
        raise TlsError(
            f"{authorities} holds no certificates; it should be a PEM file (BEGIN CERTIFICATE)"
        ) from None
    context.minimum_version = OLDEST
    return context


def _readable(path: Path, what: str) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise TlsError(f"cannot read the {what} {path}: {error.strerror}") from None


def _no_password() -> str:
    raise ValueError


def _why(error: ssl.SSLError, certificate: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"the key {key} does not belong to the certificate {certificate}"
    return (
        f"{certificate} and {key} are no certificate and key; "
        "they should be PEM files (BEGIN CERTIFICATE, BEGIN PRIVATE KEY)"
    )
