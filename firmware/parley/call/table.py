"""A table for thousands of entries: many small dicts in place of a large one.

A dict is one piece of memory, which a heap that calls are strewn over soon does not have, however much is free. And on
MicroPython a dict that entries have come to and gone from looks through all its places for what is not there.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any

MOST_PER_SHELF = 64  # entries of one dict, on average


class Table:
    """As far as a dict is needed."""

    def __init__(self) -> None:
        self._shelves: "list[dict[Any, Any]]" = [{}]
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: "Hashable") -> bool:
        return key in self._shelves[hash(key) % len(self._shelves)]

    def __setitem__(self, key: "Hashable", value: "Any") -> None:
        shelf = self._shelves[hash(key) % len(self._shelves)]
        before = len(shelf)
        shelf[key] = value
        self._count += len(shelf) - before
        if self._count > MOST_PER_SHELF * len(self._shelves):
            self._spread()

    def get(self, key: "Hashable", otherwise: "Any" = None) -> "Any":
        """Return the value of a key, or `otherwise`."""
        return self._shelves[hash(key) % len(self._shelves)].get(key, otherwise)

    def pop(self, key: "Hashable", otherwise: "Any" = None) -> "Any":
        """Take a key out; return its value, or `otherwise`."""
        shelf = self._shelves[hash(key) % len(self._shelves)]
        before = len(shelf)
        value = shelf.pop(key, otherwise)
        self._count += len(shelf) - before
        return value

    def values(self) -> "list[Any]":
        """Return all values, in no order."""
        return [value for shelf in self._shelves for value in shelf.values()]

    def _spread(self) -> None:
        """Take twice as many shelves; without memory for them it stays as it is, slower."""
        try:
            wider: "list[dict[Any, Any]]" = [{} for _ in range(2 * len(self._shelves))]
            for shelf in self._shelves:
                for key, value in shelf.items():
                    wider[hash(key) % len(wider)][key] = value
            self._shelves = wider
        except MemoryError:
            pass
