"""Makes boards known to the server before any of them registers: the provisioned ones, and those it starts itself."""

from parleyd.board_network import board_hosts, board_server
from parleyd.board_tls import board_tls
from parleyd.claims import DaemonError
from parleyd.ledger import Ledger
from parleyd.pool import DHCP, Pool, ProvisionedBoard
from parleyd.provision import BoardConfig
from parleyd.roster import Roster
from parleyd.settings import SIP_PORT, Settings
from parleyd.store.face import BoardKey


def introduce_boards(settings: Settings, pool: Pool, ledger: Ledger, roster: Roster) -> list[BoardConfig]:
    """Make all boards known; return the configurations of those to be started. Raises DaemonError, SettingsError."""
    for entry in settings.provisioned:
        key = bytes.fromhex(entry.key)
        board = _board(entry.id, key, str(entry.host), entry.port, entry.site)
        _introduce(board, pool, ledger)
    for enrolled in roster.enrolled.values():
        if pool.board(enrolled.board_id) is None:
            key = bytes.fromhex(enrolled.key)
            board = _board(enrolled.board_id, key, enrolled.host, enrolled.port)
            _introduce(board, pool, ledger)
    return [
        _config_of(settings, number, host, pool, ledger)
        for number, host in enumerate(board_hosts(settings), 1)
    ]


def _board(board_id: str, key: bytes, host: str, port: int, site: str = "") -> ProvisionedBoard:
    return ProvisionedBoard(board_id, key, host, port, site=site, dynamic=host == DHCP)


def _introduce(board: ProvisionedBoard, pool: Pool, ledger: Ledger) -> None:
    """Provision a board, at the other servers too. Raises DaemonError when it is another board to them."""
    if ledger.shared:
        key = BoardKey(board.board_id, board.key, board.plan, board.port, board.site)
        if ledger.keep(key).key != board.key:
            raise DaemonError(
                f"provisioned: another server knows {board.board_id} by another key; "
                "give one of the two boards another id, or correct its key"
            )
    pool.provision(board)


def _config_of(settings: Settings, number: int, host: str, pool: Pool, ledger: Ledger) -> BoardConfig:
    """Make a board known that this daemon starts. Raises DaemonError when another has its name, TlsError."""
    kind = f"{settings.board}-{settings.turn}" if settings.turn else settings.board
    board_id = f"{kind}-{number}"
    if pool.board(board_id):
        raise DaemonError(f"provisioned: the name {board_id} belongs to a board that this daemon starts")
    told = host if ledger.shared else ""
    key = ledger.key_for(board_id, told, SIP_PORT if told else 0)
    pool.provision(ProvisionedBoard(board_id, key, host, SIP_PORT, virtual=True))
    return BoardConfig(
        board_id,
        settings.board,
        host,
        board_server(settings),
        key.hex(),
        settings.legs,
        slots=max(1, settings.legs // 2),
        registration_s=settings.registration_s,
        offer_ttl_s=settings.offer_ttl_s,
        servers=tuple(settings.servers) or None,
        **board_tls(settings.board_tls_cert, settings.board_tls_key),
    )
