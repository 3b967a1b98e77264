"""How leases, keys and what was heard of boards lie in the SQLite file: its tables by version, and their rows."""

from typing import Any

from parleyd.lease import Lease, LeaseState
from parleyd.store.face import Heard

APPLICATION_ID = 0x50524C59  # "PRLY", so that another program's file is not taken for ours
SCHEMA_VERSION = 4

HEARD_TABLE = """CREATE TABLE heard (
        board_id TEXT PRIMARY KEY, boot TEXT NOT NULL, number INTEGER NOT NULL, since_s INTEGER NOT NULL)
        STRICT, WITHOUT ROWID"""
PAST_COLUMN = "ALTER TABLE heard ADD COLUMN past TEXT NOT NULL DEFAULT ''"  # boots, with blanks between
# By slot first: boards that take turns write neighbouring rows, so a commit has few pages.
SLOT_TABLE = """CREATE TABLE slot (
        board_id TEXT NOT NULL, slot INTEGER NOT NULL, generation INTEGER NOT NULL, highest INTEGER NOT NULL,
        size INTEGER NOT NULL, expires_s INTEGER NOT NULL, state TEXT NOT NULL, since_s INTEGER NOT NULL,
        until_s INTEGER NOT NULL, serial INTEGER NOT NULL, asked_by TEXT NOT NULL,
        PRIMARY KEY (slot, board_id)) STRICT, WITHOUT ROWID"""
SCHEMA = (
    SLOT_TABLE,
    "CREATE TABLE board (board_id TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID",
    HEARD_TABLE,
    PAST_COLUMN,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
NEXT_SCHEMA = {  # from that version to the one after it
    1: (HEARD_TABLE, "PRAGMA user_version = 2"),
    2: (PAST_COLUMN, "PRAGMA user_version = 3"),
    3: (
        "ALTER TABLE slot RENAME TO slot_before",
        SLOT_TABLE,
        "INSERT INTO slot SELECT * FROM slot_before",
        "DROP TABLE slot_before",
        "PRAGMA user_version = 4",
    ),
}
PUT_SLOT = "INSERT OR REPLACE INTO slot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
PUT_BOARD = "INSERT OR REPLACE INTO board VALUES (?, ?)"
PUT_HEARD = "INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?, ?)"
STATE = Lease._fields.index("state")


def row_of(lease: Lease) -> tuple[Any, ...]:
    """Return a record as lease_of takes it; SQLite's adapter for an enum would take longer."""
    before, after = lease[:STATE], lease[STATE + 1 :]
    return (*before, lease.state._value_, *after)


def lease_of(row: tuple[Any, ...]) -> Lease:
    """Return the record of one row. Raises ValueError for a state that does not exist."""
    board_id, slot, generation, highest, size, expires_s, state, since_s, until_s, serial, asked_by = row
    times = (int(since_s), int(until_s), int(serial), str(asked_by))
    return Lease(board_id, slot, generation, highest, size, expires_s, LeaseState(state), *times)


def heard_of(row: tuple[Any, ...]) -> Heard:
    """Return what was heard of a board, as one row has it."""
    board_id, boot, number, since_s, past = row
    return Heard(board_id, boot, number, since_s, tuple(past.split()))


def row_of_heard(heard: Heard) -> tuple[Any, ...]:
    """Return it as heard_of takes it."""
    return (*heard[:-1], " ".join(heard.past))
