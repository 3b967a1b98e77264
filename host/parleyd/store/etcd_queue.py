"""What waits to be written to etcd, and who is to be told how it went."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parleyd.store.face import Answer, Group, StoreError


@dataclass(slots=True)
class SeenBoard:
    """What is seen of a board: revision of its mark. A new epoch begins when others have written."""

    revision: int = 0
    epoch: int = 0
    sure: bool = True  # False: a transaction of ours may or may not have been carried out


class Submission:
    """Groups that came together are answered together."""

    def __init__(self, count: int, answer: Answer) -> None:
        self._errors: list[StoreError | None] = [None] * count
        self._left = count
        self._answer = answer

    def settle(self, index: int, error: StoreError | None) -> None:
        """Note how one of them went; with the last, answer."""
        self._errors[index] = error
        self._left -= 1
        if self._left == 0:
            self._answer(self._errors)


@dataclass(slots=True)
class Entry:
    """One group that waits."""

    group: Group
    submission: Submission
    index: int
    epoch: int  # of its board, when it was decided

    def settle(self, error: StoreError | None) -> None:
        """Note how it went."""
        self.submission.settle(self.index, error)


def settle_all(entries: list[Entry], error: StoreError | None) -> None:
    """Note how all of them went."""
    for entry in entries:
        entry.settle(error)


class Queue:
    """Entries in the order they came."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, groups: Sequence[Group], answer: Answer, epoch_of: Callable[[str], int]) -> None:
        """Append groups, each with the epoch of its board."""
        submission = Submission(len(groups), answer)
        for index, group in enumerate(groups):
            self._entries.append(Entry(group, submission, index, epoch_of(group.board_id)))

    def boards(self, which: Callable[[Entry], bool]) -> set[str]:
        """Return the boards of such entries."""
        return {entry.group.board_id for entry in self._entries if which(entry)}

    def take(self, most: int) -> list[Entry]:
        """Take the first ones out, with at most so many operations together: one a slot, one a board; one at least."""
        batch: list[Entry] = []
        boards: set[str] = set()
        operations = 0
        while self._entries:
            group = self._entries[0].group
            boards.add(group.board_id)
            operations += len(group.steps)
            if batch and operations + len(boards) > most:
                break
            batch.append(self._entries.popleft())
        return batch

    def put_back(self, batch: Sequence[Entry]) -> None:
        """Put them in front again."""
        self._entries.extendleft(reversed(batch))

    def take_all(self, which: Callable[[Entry], bool]) -> list[Entry]:
        """Take all such entries out."""
        taken = [entry for entry in self._entries if which(entry)]
        self._entries = deque(entry for entry in self._entries if not which(entry))
        return taken
