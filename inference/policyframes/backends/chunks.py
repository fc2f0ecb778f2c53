"""What makes n-grams quick to find: chunks of text seen before, and n-grams as numbers. Knows of no weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

# Running text repeats its chunks: past this many, or this long, what comes is rare.
_MOST_CHUNKS = 100_000
_LONGEST_CHUNK = 40
_SLOT_BITS = 20
# Knuth's multiplicative hash: odd, and near 2**64 divided by the golden ratio.
_SCATTER = np.uint64(11_400_714_819_323_198_485)
_NUMBER = np.dtype(np.int32)
_END = bytes(_NUMBER.itemsize)

Numbers = npt.NDArray[np.int64]


class ChunkCache(dict[str, bytes]):
    """Remembers the numbers that each chunk of text stands for, and forgets all when it is full.

    The numbers are kept as bytes: those of a text are joined at once, and never become Python's integers.
    Several threads may use it at once: entries are never changed, and a lost one is made again.

    Args:
        make: from a chunk to its numbers.
    """

    def __init__(self, make: Callable[[str], Iterable[int]]) -> None:
        super().__init__()
        self._make = make

    def look_up(self, chunked: Iterable[Sequence[str]]) -> tuple[Numbers, Numbers]:
        """Return the numbers of all chunks with a 0 after each text, and the place of each one's text."""
        texts = [b"".join(map(self.__getitem__, chunks)) for chunks in chunked]
        numbers = np.frombuffer(_END.join([*texts, b""]), dtype=_NUMBER)
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) // _NUMBER.itemsize + 1
        return np.repeat(np.arange(len(texts)), lengths), numbers.astype(np.int64)

    def __missing__(self, chunk: str) -> bytes:
        made = np.fromiter(self._make(chunk), dtype=_NUMBER).tobytes()
        if len(chunk) <= _LONGEST_CHUNK:
            if len(self) >= _MOST_CHUNKS:
                self.clear()
            self[chunk] = made
        return made


class NgramIndex:
    """The word n-grams of a vocabulary as a tree: an n-gram is a number, made of that of its beginning and a word's.

    Args:
        vocabulary: terms; the row of each is its place. Those that are no word n-grams of these sizes are left out.
        sizes: shortest and longest n-gram, in words.
    """

    def __init__(self, vocabulary: Sequence[str], sizes: Sequence[int]) -> None:
        shortest, self._longest = sizes
        self._terms = len(vocabulary) if shortest == 1 else 0
        # A word that is a term has the number of its row, counted from 1.
        self._numbers = dict(zip(vocabulary, range(1, len(vocabulary) + 1), strict=True)) if shortest == 1 else {}
        split = _split_terms(vocabulary, range(max(shortest, 2), self._longest + 1))
        words = chain.from_iterable(words for _, words in split.values())
        others = dict.fromkeys(word for word in words if word not in self._numbers)
        self._numbers |= zip(others, range(len(vocabulary) + 1, len(vocabulary) + 1 + len(others)), strict=True)
        self._width = len(vocabulary) + 1 + len(others)
        self._levels = self._build_levels(split)

    def _build_levels(self, split: Mapping[int, tuple[Numbers, Sequence[str]]]) -> list[_Level]:
        rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in split.values())])
        sizes = np.repeat(np.array(list(split), dtype=np.int64), [len(rows) for rows, _ in split.values()])
        numbers = np.zeros((len(rows), self._longest), dtype=np.int64)
        words = chain.from_iterable(words for _, words in split.values())
        numbers[np.arange(self._longest) < sizes[:, None]] = list(map(self._numbers.__getitem__, words))
        levels, nodes = [], numbers[:, 0]
        for size in range(2, self._longest + 1):
            within = sizes >= size
            rows, sizes, numbers, nodes = rows[within], sizes[within], numbers[within], nodes[within]
            keys, places = np.unique(nodes * self._width + numbers[:, size - 1], return_inverse=True)
            level = _Level(keys)
            level.rows[places[sizes == size]] = rows[sizes == size]
            levels.append(level)
            nodes = places + 1
        return levels

    def number_words(self, words: Sequence[str]) -> tuple[int, ...]:
        """Return the number of each word; 0 for one that is in no n-gram, where it keeps others apart."""
        numbers = (self._numbers.get(word, 0) for word in words)
        return tuple(numbers if self._levels else filter(None, numbers))

    def find_rows(self, owner: Numbers, words: Numbers) -> list[tuple[Numbers, Numbers]]:
        """Return the n-grams of texts as pairs of arrays, text and row of each, one pair a size.

        Args:
            owner: the text that each word belongs to, in order.
            words: numbers of the words, from `number_words`; after each text a 0, which ends its n-grams.
        """
        single = np.flatnonzero((words > 0) & (words <= self._terms))
        found = [(owner[single], words[single] - 1)]
        place, nodes = np.arange(max(len(words) - 1, 0)), words[:-1]
        for size, level in enumerate(self._levels, 1):
            # An n-gram that was found ends before the 0 of its text, so that a word or the 0 follows it.
            kept, found_at = level.find(nodes * self._width + words[place + size])
            place, nodes = place[kept], found_at + 1
            rows = level.rows[found_at]
            is_term = rows >= 0
            found.append((owner[place[is_term]], rows[is_term]))
        return found


def _split_terms(vocabulary: Sequence[str], sizes: range) -> dict[int, tuple[Numbers, Sequence[str]]]:
    """Return by size the rows of the n-grams, and all their words one after the other.

    Terms of one size are split together: one by one, a hundred thousand take longer than all else before a first score.
    """
    found = np.array([term.count(" ") + 1 for term in vocabulary], dtype=np.int64)
    rows = {size: np.flatnonzero(found == size) for size in sizes}
    return {
        size: (chosen, " ".join([vocabulary[row] for row in chosen.tolist()]).split(" ") if len(chosen) else [])
        for size, chosen in rows.items()
    }


class _Level:
    """The n-grams of one size, as keys by which a hash table finds them.

    Attributes:
        rows: of each, -1 for a beginning that is no term itself.
    """

    def __init__(self, keys: Numbers) -> None:
        self._keys = keys
        self.rows = np.full(len(keys), -1, dtype=np.int64)
        # A slot keeps the last of those that share it; the few others are searched for.
        slots = _scatter(keys)
        self._slots = np.full(2**_SLOT_BITS, -1, dtype=np.int32)
        self._slots[slots] = np.arange(len(keys))
        self._crowded_out = np.flatnonzero(self._slots[slots] != np.arange(len(keys)))
        self._others = np.append(keys[self._crowded_out], np.iinfo(np.int64).max)

    def find(self, keys: Numbers) -> tuple[Numbers, Numbers]:
        """Return which of the keys are n-grams, and the place of each of these."""
        at = self._slots[_scatter(keys)]
        # Most neighbours are no term, and an empty slot tells so.
        likely = np.flatnonzero(at >= 0)
        wanted, at = keys[likely], at[likely].astype(np.int64)
        missed = np.flatnonzero(self._keys[at] != wanted)
        among = np.searchsorted(self._others, wanted[missed])
        is_there = self._others[among] == wanted[missed]
        at[missed] = -1
        at[missed[is_there]] = self._crowded_out[among[is_there]]
        right = at >= 0
        return likely[right], at[right]


def _scatter(keys: Numbers) -> Numbers:
    """Return the slot of each key."""
    return np.asarray((keys.view(np.uint64) * _SCATTER) >> np.uint64(64 - _SLOT_BITS)).view(np.int64)
