"""Certificates for benches with TLS, by an authority that nobody else trusts."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate with its issuers, its private key, the authority to trust."""

    chain: Path
    key: Path
    authority: Path


def issue(folder: Path, hosts: list[str]) -> Certificate:
    """One certificate for all of these hosts."""
    authority = trustme.CA()
    issued = authority.issue_cert(*hosts)
    made = Certificate(*(folder / name for name in ("chain.pem", "key.pem", "authority.pem")))
    made.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(made.key)
    authority.cert_pem.write_to_path(made.authority)
    return made
