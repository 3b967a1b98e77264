"""Where the boards that the daemon starts are and run, and where they register."""

import ipaddress
import os

from parleyd.settings import SIP_PORT, Settings, SettingsError
from parleyd.settings_faults import EXAMPLES


def board_hosts(settings: Settings) -> list[str]:
    """Return the addresses of the boards that this daemon starts. Raises SettingsError if they are too few.

    They are the network's own in order, but for the server's; a network of one address is a board's even then,
    if the server leaves it the port.
    """
    network = settings.board_net
    servers = {host for host, port in settings.listening() if network.num_addresses > 1 or port == SIP_PORT}
    hosts: list[str] = []
    for address in network.hosts():
        if len(hosts) == settings.boards:
            break
        if str(address) not in servers:
            hosts.append(str(address))
    if len(hosts) < settings.boards:
        raise SettingsError(
            f"board_net {network} has too few addresses for {settings.boards} boards; "
            f"choose a larger one, for example {EXAMPLES['board_net']}"
        )
    return hosts


def board_core(settings: Settings, number: int) -> int | None:
    """Return the processor core of board `number` (0 first): each in turn of those we may use, None without pin."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[number % len(cores)] if settings.pin else None


def board_server(settings: Settings) -> tuple[str, int]:
    """Return where those boards register: the first address of ours of their family. Raises SettingsError."""
    version = settings.board_net.version
    for host, port in settings.listening():
        if ipaddress.ip_address(host).version == version:
            return host, port
    raise SettingsError(
        f"board_net {settings.board_net} is of IPv{version} and no address of sip is: boards could not register; "
        f"add --sip with an IPv{version} address, or choose another --board-net"
    )
