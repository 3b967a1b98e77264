"""Settings that come in tables of the TOML file: users, boards, callers, sites, the store."""

import ipaddress
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from parley.wire.address import MAX_SIZE

SIP_PORT = 5060


def read_host_port(value: object) -> object:
    """Return (host, port) of HOST:PORT, what is no text as it is. Raises ValueError."""
    if not isinstance(value, str):
        return value
    host, colon, port = value.strip().rpartition(":")
    if not colon or not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{value!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def reachable(value: tuple[str, int]) -> tuple[str, int]:
    """Return an address that others can turn to. Raises ValueError for a name, and for one that stands for all."""
    try:
        address = ipaddress.ip_address(value[0])
    except ValueError:
        raise ValueError(f"{value[0]!r} is not an IP address") from None
    if address.is_unspecified:
        raise ValueError(f"{value[0]} is not an address that phones can reach; say which one they use")
    return value


class User(BaseModel):
    """A phone's user: the name and the hashes of the password, one for each algorithm that is offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r'^[^"\\\r\n:]{1,64}$')
    ha1_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    ha1_md5: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")

    def hashes(self) -> dict[str, str]:
        """Return the hashes there are, by algorithm."""
        both = {"SHA-256": self.ha1_sha256, "MD5": self.ha1_md5}
        return {algorithm: text for algorithm, text in both.items() if text is not None}


class Provisioned(BaseModel):
    """A board that somebody has provisioned (tools/flash.py): name, address, key of 64 hex digits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$")
    host: ipaddress.IPv4Address | ipaddress.IPv6Address | Literal["dhcp"]
    port: int = Field(default=SIP_PORT, ge=1, le=65535)
    key: str = Field(pattern="^[0-9a-f]{64}$")
    site: str = ""


class CallerEntry(BaseModel):
    """Rules for one caller: its user@host; what is left out is as for everybody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    caller: str = Field(pattern=r"^[^@<>\s]+@[^@<>\s]+$")
    size: int = Field(default=0, ge=0, le=MAX_SIZE)
    quota: int = Field(default=0, ge=0)
    priority: bool = False
    site: str = ""


class SiteEntry(BaseModel):
    """A network of phones, and the site whose boards are near it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    site: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")


class SourceEntry(BaseModel):
    """How many new requests a second each address of a network may send; 0 for no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    per_s: float = Field(ge=0, le=1e6)


class StoreEntry(BaseModel):
    """Where leases are kept: in a file of this server alone, or in an etcd that several servers share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sqlite", "etcd"] = "sqlite"
    endpoints: list[tuple[str, int]] = []
    prefix: str = Field(default="/parley/", pattern=r"^/[A-Za-z0-9._/-]*/$")

    @field_validator("endpoints", mode="before")
    @classmethod
    def _host_ports(cls, value: object) -> object:
        """Read [HOST:PORT, ...]."""
        return (
            [read_host_port(text) for text in cast(list[object], value)] if isinstance(value, list) else value
        )

    @model_validator(mode="after")
    def _complete(self) -> "StoreEntry":
        """Want to know where the etcd is, and nothing of the kind for SQLite."""
        if self.kind == "etcd" and not self.endpoints:
            raise ValueError('endpoints is missing: kind = "etcd" needs at least one HOST:PORT')
        if self.kind == "sqlite" and self.endpoints:
            raise ValueError('endpoints is of no use with kind = "sqlite"')
        return self
