"""What an operator may set: defaults < TOML file < PARLEY_* environment < command line."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from parley.wire.address import MAX_SIZE, MIN_SIZE
from parleyd.answers import Answer, AnswerRule
from parleyd.gate import NOBODY, Users
from parleyd.lease import QUARANTINE_S
from parleyd.pool import DHCP
from parleyd.reunions import REUNION_S, Trust
from parleyd.settings_entries import (
    SIP_PORT as SIP_PORT,
)
from parleyd.settings_entries import (
    CallerEntry,
    Provisioned,
    SiteEntry,
    SourceEntry,
    StoreEntry,
    User,
    reachable,
    read_host_port,
)
from parleyd.settings_faults import ENVIRONMENT_PREFIX, EXAMPLES, check_file, sentence_of
from parleyd.settings_faults import SettingsError as SettingsError


def default_state() -> Path:
    """Return the state folder of this user: $PARLEY_STATE, else by the XDG base directories."""
    given = os.environ.get(ENVIRONMENT_PREFIX + "STATE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "parley"


def host_port(text: str) -> tuple[str, int]:
    """Read HOST:PORT. Raises SettingsError."""
    try:
        found = read_host_port(text)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return cast(tuple[str, int], found)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the address; a name counts as one that others can."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(BaseSettings):
    """All settings of one daemon. Addresses are (host, port)."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True
    )

    sip: Annotated[tuple[str, int], NoDecode] = ("127.0.0.1", SIP_PORT)
    sip_also: Annotated[list[tuple[str, int]], NoDecode] = []
    sip_tls: Annotated[tuple[str, int] | None, NoDecode] = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    board_tls_cert: Path | None = None
    board_tls_key: Path | None = None
    http: Annotated[tuple[str, int], NoDecode] = ("127.0.0.1", 8060)
    board: str = "virtual"
    boards: int = Field(default=2, ge=0, le=250)
    board_net: ipaddress.IPv4Network | ipaddress.IPv6Network = ipaddress.IPv4Network("127.0.1.0/24")
    legs: int = Field(default=64, ge=2, le=4096)
    pin: bool = False
    state: Path = Field(default_factory=default_state)
    user: str = Field(default="conference", pattern="^[A-Za-z0-9._~-]{1,64}$")
    default_size: int = Field(default=8, ge=MIN_SIZE, le=MAX_SIZE)
    offer_ttl_s: int = Field(default=32, ge=5, le=3600)
    quarantine_s: float = Field(default=QUARANTINE_S, ge=0, le=3600)
    reunion_s: int = Field(default=REUNION_S, ge=0, le=3600)
    reunion_trust: Trust = "proof"
    registration_s: int = Field(default=9, ge=3, le=60)
    ready_s: float = Field(default=30, ge=1, le=600)
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    log_file: Path | None = None
    provisioned: list[Provisioned] = []
    users: list[User] = []
    digest_algorithms: list[Literal["SHA-256", "MD5"]] = Field(default=["SHA-256", "MD5"], min_length=1)
    pattern: Literal["round_robin", "least_loaded", "fill_first", "locality"] = "round_robin"
    spared_percent: float = Field(default=0, ge=0, le=90)
    quota: int = Field(default=0, ge=0)
    callers: list[CallerEntry] = []
    sites: list[SiteEntry] = []
    source_per_s: float = Field(default=200, ge=0, le=1e6)
    sources: list[SourceEntry] = []
    servers: Annotated[list[tuple[str, int]], NoDecode] = []
    store: StoreEntry = StoreEntry()
    answer: Answer = "redirect"
    answer_rules: list[AnswerRule] = []

    @field_validator("sip", "sip_tls", "http", mode="before")
    @classmethod
    def read_host_port(cls, value: object) -> object:
        """Read HOST:PORT."""
        return read_host_port(value)

    @field_validator("sip_also", "servers", mode="before")
    @classmethod
    def _host_ports(cls, value: object) -> object:
        """Read HOST:PORT, HOST:PORT ... (further addresses to listen at)."""
        texts: object = value.split(",") if isinstance(value, str) else value
        if not isinstance(texts, list):
            return value
        return [read_host_port(text) for text in cast(list[object], texts)]

    @field_validator("board_net", mode="before")
    @classmethod
    def _network(cls, value: object) -> object:
        """Read ADDRESS/BITS of either family."""
        return ipaddress.ip_network(value) if isinstance(value, str) else value

    @field_validator("sip")
    @classmethod
    def _reachable(cls, value: tuple[str, int]) -> tuple[str, int]:
        """Refuse a name and the unspecified address: it stands in Via and Contact."""
        return reachable(value)

    @field_validator("sip_tls")
    @classmethod
    def _tls_reachable(cls, value: tuple[str, int] | None) -> tuple[str, int] | None:
        """Refuse what `sip` refuses."""
        return None if value is None else reachable(value)

    @field_validator("sip_also", "servers")
    @classmethod
    def _all_reachable(cls, value: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """Refuse what `sip` refuses."""
        return [reachable(address) for address in value]

    @field_validator("provisioned")
    @classmethod
    def _one_board_each(cls, value: list[Provisioned]) -> list[Provisioned]:
        """Refuse two boards of one name or at one address."""
        places = [(entry.host, entry.port) for entry in value if entry.host != DHCP]
        for facts in ([entry.id for entry in value], places):
            if len(set(facts)) != len(facts):
                raise ValueError("two boards have the same id or the same address")
        return value

    @property
    def turn(self) -> int:
        """Our number among the servers, 0 for one that is alone."""
        return self.servers.index(self.sip) + 1 if self.sip in self.servers else 0

    def phone_users(self) -> Users:
        """Return who may call, NOBODY where everybody may."""
        hashes = {(user.name, one): text for user in self.users for one, text in user.hashes().items()}
        return Users(hashes, tuple(self.digest_algorithms)) if hashes else NOBODY

    def listening(self) -> list[tuple[str, int]]:
        """Return every address for SIP, the one in our Via and Contact first."""
        return [self.sip, *self.sip_also]


def load_settings(config: Path | None = None, **flags: Any) -> Settings:
    """Merge the sources of settings.

    Args:
        config: TOML file with the fields of Settings as keys, or None.
        flags: values from the command line; None counts as not given.

    Returns:
        the settings. Raises SettingsError with one sentence that names the key.
    """
    if config is not None:
        check_file(config)

    class Merged(Settings):
        """The settings with this file among their sources."""

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            """Return the sources, the strongest first."""
            file = [] if config is None else [TomlConfigSettingsSource(settings_cls, config)]
            return (init_settings, env_settings, *file)

    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return _complete(Merged(**given))
    except ValidationError as error:
        raise SettingsError(sentence_of(error, given, config, Settings.model_fields)) from error
    except ValueError as error:  # an environment variable that should be JSON
        raise SettingsError(f"the environment: {error}") from error


def _complete(settings: Settings) -> Settings:
    """Return the settings. Raises SettingsError when one needs another that is not there."""
    files = settings.tls_cert, settings.tls_key
    if settings.sip_tls is not None and None in files:
        raise SettingsError(
            "sip_tls needs a certificate and its key: --tls-cert FILE --tls-key FILE (PEM), or tls_cert and tls_key"
        )
    if settings.sip_tls is None and files != (None, None):
        raise SettingsError(
            f"tls_cert and tls_key are of no use without sip_tls; for example --sip-tls {EXAMPLES['sip_tls']}"
        )
    if (settings.board_tls_cert is None) != (settings.board_tls_key is None):
        raise SettingsError(
            "boards take TLS with a certificate and its key: --board-tls-cert FILE --board-tls-key FILE (PEM)"
        )
    for user in settings.users:
        missing = [one for one in settings.digest_algorithms if one not in user.hashes()]
        if missing:
            raise SettingsError(
                f"users: {user.name} has no hash for {missing[0]}; make it with parley user {user.name}, "
                f"or leave {missing[0]} out of digest_algorithms"
            )
    if settings.servers and settings.sip not in settings.servers:
        raise SettingsError(
            f"servers: our own address {settings.sip[0]}:{settings.sip[1]} (sip) is not among them"
        )
    if len(settings.servers) > 1 and settings.store.kind == "sqlite":
        raise SettingsError(
            f"servers: several servers need a store that they share; for example {EXAMPLES['store']}"
        )
    names = [user.name for user in settings.users]
    if len(set(names)) != len(names):
        raise SettingsError(f"users: {max(names, key=names.count)} is there twice")
    return settings
