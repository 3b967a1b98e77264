"""What an operator may set: defaults < TOML file < PARLEY_* environment < command line."""

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from parley.wire.address import MAX_SIZE, MIN_SIZE
from parley.wire.errors import LocalError
from parleyd.lease import QUARANTINE_S

ENVIRONMENT_PREFIX = "PARLEY_"


class SettingsError(LocalError):
    """A setting is wrong; the sentence names it and says what it should be."""


def default_state() -> Path:
    """Return the state folder of this user (XDG base directories)."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "parley"


class Settings(BaseModel):
    """All settings of one daemon. Addresses are (host, port)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sip: tuple[str, int] = ("127.0.0.1", 5060)
    http: tuple[str, int] = ("127.0.0.1", 8060)
    board: str = "virtual"
    boards: int = Field(default=2, ge=0, le=250)
    board_net: ipaddress.IPv4Network = ipaddress.IPv4Network("127.0.1.0/24")
    legs: int = Field(default=64, ge=2, le=4096)
    state: Path = Field(default_factory=default_state)
    user: str = Field(default="conference", min_length=1, max_length=64)
    default_size: int = Field(default=8, ge=MIN_SIZE, le=MAX_SIZE)
    offer_ttl_s: int = Field(default=60, ge=5, le=3600)
    quarantine_s: float = Field(default=QUARANTINE_S, ge=0, le=3600)
    registration_s: int = Field(default=9, ge=3, le=60)
    ready_s: float = Field(default=30, ge=1, le=600)
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @field_validator("sip", "http", mode="before")
    @classmethod
    def _host_port(cls, value: object) -> object:
        """Read HOST:PORT."""
        if not isinstance(value, str):
            return value
        host, colon, port = value.rpartition(":")
        if not colon or not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
            raise ValueError(f"{value!r} is not HOST:PORT")
        return host.strip("[]"), int(port)

    @field_validator("sip")
    @classmethod
    def _reachable(cls, value: tuple[str, int]) -> tuple[str, int]:
        """Refuse a name and the unspecified address: it stands in Via and Contact."""
        try:
            address = ipaddress.ip_address(value[0])
        except ValueError:
            raise ValueError(f"{value[0]!r} is not an IP address") from None
        if address.is_unspecified:
            raise ValueError(f"{value[0]} is not an address that phones can reach; say which one they use")
        return value

    def board_host(self, number: int) -> str:
        """Return the address of virtual board `number`, counted from 1. Raises SettingsError."""
        if number >= self.board_net.num_addresses - 1:
            raise SettingsError(f"board_net {self.board_net} has too few addresses for {self.boards} boards")
        return str(self.board_net.network_address + number)


def _words(error: ValidationError, source: str) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{source}: there is no setting {name!r}; there are {', '.join(Settings.model_fields)}"
    return f"{source}: {name}: {first['msg'].removeprefix('Value error, ')}"


def load_settings(config: Path | None = None, **flags: Any) -> Settings:
    """Merge the sources of settings.

    Args:
        config: TOML file with the fields of Settings as keys, or None.
        flags: values from the command line; None counts as not given.

    Returns:
        the settings. Raises SettingsError with one sentence that names the key.
    """
    values: dict[str, Any] = {}
    if config is not None:
        try:
            values.update(tomllib.loads(config.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsError(f"cannot read {config}: {error.strerror}") from error
        except ValueError as error:
            raise SettingsError(f"{config}: {error}") from error
        try:
            Settings.model_validate(values)
        except ValidationError as error:
            raise SettingsError(_words(error, str(config))) from error
    for name in Settings.model_fields:
        text = os.environ.get(ENVIRONMENT_PREFIX + name.upper())
        if text is not None:
            values[name] = text
    values.update({name: value for name, value in flags.items() if value is not None})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_words(error, "settings")) from error
