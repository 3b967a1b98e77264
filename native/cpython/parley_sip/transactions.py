"""The server transactions of plain INVITEs, kept by the native module: it asks for decisions, and for nothing else."""

from collections.abc import Callable, Sequence

from parley_sip._sip import ffi, lib
from parley_sip.hosts import number_of, text_of

OTHER: int = lib.PARLEY_SIP_OTHER
INVITE: int = lib.PARLEY_SIP_INVITE
TAKEN: int = lib.PARLEY_SIP_TAKEN
MERGED: int = lib.PARLEY_SIP_MERGED
_PIECES = lib.PARLEY_SIP_PIECES
_SCRATCH = lib.PARLEY_SIP_SCRATCH
TAG_BYTES = lib.PARLEY_SIP_TAG // 2
TAGS_AT_ONCE = 512
MAX_PLACES = 65536
MAX_KEY_BYTES = 64
MAX_PLACE_BYTES = lib.PARLEY_SIP_PLACE

Peer = tuple[str, int]


# New requests that say the same, mostly one: what became of them (INVITE, MERGED, FULL), their transactions, their
# kind; and of each asker and host, as in PlainInvite.
Asked = tuple[int, list[int], tuple[bytes, bytes], list[str], list[str]]
# place(), transaction, slot, legs, life in seconds, generation, unix time of expiry
Grant = tuple[object, int, int, int, int, int, int]


class Transactions:
    """As many as `most` at once. random_bytes: for To tags; server: header lines of every answer, CRLF in front."""

    def __init__(self, most: int, random_bytes: Callable[[int], bytes], server: bytes):
        made = lib.parley_redirects_new(most, random_bytes(16), server, len(server))
        if made == ffi.NULL:
            raise MemoryError
        self.native = ffi.gc(made, lib.parley_redirects_free)
        self._random_bytes = random_bytes
        self._scratch = ffi.new("uint8_t[]", _SCRATCH)
        self._ends = ffi.new("int32_t[]", _PIECES)
        self._number = ffi.new("int32_t *")
        self._places: dict[tuple[bytes, str], object] = {}
        self._more_tags()

    def __len__(self) -> int:
        return lib.parley_redirects_held(self.native)

    def take(self, data: bytes, peer: Peer, now_ms: int, begin: bool) -> Asked | None:
        """Take one datagram that did not come by Datagrams.receive(); None when nothing is left to do.

        begin: whether a transaction may begin. Raises OSError when the peer is not of IPv4.
        """
        ends = self._ends
        what = lib.parley_redirects_take(
            self.native,
            data,
            len(data),
            number_of(peer[0]),
            peer[1],
            -1,
            now_ms,
            begin,
            self._scratch,
            ends,
            self._number,
        )
        if what == TAKEN:
            return None
        if what == OTHER:
            return what, [-1], (b"", b""), [""], [peer[0]]
        pieces = ffi.buffer(self._scratch)
        uri, tail, asker = pieces[ends[3] : ends[4]], pieces[ends[4] : ends[5]], pieces[ends[5] : ends[6]]
        return what, [self._number[0]], (uri, tail), [asker.decode()], [peer[0]]

    def answer(self, number: int, status: bytes, more: bytes) -> None:
        """Answer a transaction; more: header lines, CRLF in front of each."""
        self._answered(lib.parley_redirects_answer(self.native, number, status, len(status), more, len(more)))

    def place(self, key: bytes, where: str) -> object:
        """Return what grant() needs to know of a board: its key and what follows the token in the Contact.

        None where one of them is of an unusual length.
        """
        return self._places.get((key, where)) or self._place(key, where)

    def grant(self, grants: Sequence[Grant]) -> None:
        """Answer transactions with addresses."""
        rows = ffi.new("parley_sip_grant[]", grants)
        done = 0
        while done < len(grants):
            left = lib.parley_redirects_grant(self.native, rows + done, len(grants) - done, self._number)
            done += self._number[0]
            self._answered(left)

    def forget(self, number: int) -> None:
        """End a transaction that was not answered, as if it had never begun."""
        lib.parley_redirects_forget(self.native, number)

    def tick(self, now_ms: int) -> None:
        """Do what is due. now_ms: monotonic."""
        lib.parley_redirects_tick(self.native, now_ms)

    def deadline_ms(self) -> int | None:
        """Return when that is, None for never."""
        due_ms = lib.parley_redirects_deadline(self.native)
        return None if due_ms < 0 else due_ms

    def knows(self, key: bytes) -> bool:
        """Tell whether there is a transaction of this key."""
        return lib.parley_redirects_knows(self.native, key, len(key)) != 0

    def counts(self) -> tuple[int, int, int]:
        """Return, and forget, how many requests were repeated, responses sent again, and never acknowledged."""
        counts = ffi.new("int32_t[]", lib.PARLEY_SIP_COUNTS)
        lib.parley_redirects_counts(self.native, counts)
        return counts[0], counts[1], counts[2]

    def send(self) -> int:
        """Send answers by the sockets that their requests came by; returns how many the system did not take."""
        return lib.parley_redirects_send(self.native)

    def pop(self) -> list[tuple[bytes, Peer]]:
        """Return the answers to what came by take()."""
        found: list[tuple[bytes, Peer]] = []
        octets, address, port = ffi.new("int32_t *"), ffi.new("uint32_t *"), ffi.new("int32_t *")
        while (text := lib.parley_redirects_pop(self.native, octets, address, port)) != ffi.NULL:
            found.append((bytes(ffi.buffer(text, octets[0])), (text_of(address[0]), port[0])))
        return found

    def _answered(self, tags_left: int) -> None:
        if tags_left < 0:
            raise MemoryError
        if tags_left == 0:
            self._more_tags()

    def _more_tags(self) -> None:
        text = self._random_bytes(TAG_BYTES * TAGS_AT_ONCE).hex().encode()
        self._tags = ffi.new("uint8_t[]", text)  # keeps it
        lib.parley_redirects_tags(self.native, self._tags, TAGS_AT_ONCE)

    def _place(self, key: bytes, where: str) -> object:
        text = where.encode()
        if not 0 < len(key) <= MAX_KEY_BYTES or len(text) > MAX_PLACE_BYTES:
            return None
        if len(self._places) >= MAX_PLACES:
            self._places.clear()
        place = self._places[key, where] = ffi.new("parley_sip_place *")
        lib.parley_sip_place_at(place, key, len(key), text, len(text))
        return place
