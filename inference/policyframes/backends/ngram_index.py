"""N-grams as numbers: those of many texts are found at once, by hashes of their words. Knows of no weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from policyframes.backends.occurrences import HASH_BITS, SCATTER
from policyframes.backends.words import hash_words

# Slots for each key, so that few keys share one; and no more than fit into a processor's cache.
_ROOM = 8
_MOST_SLOT_BITS = 20
_WORD_AND_END = 2

Numbers = npt.NDArray[np.int64]


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
        rows = enumerate(vocabulary if shortest == 1 else (), 1)
        numbers = {term: row for row, term in rows if " " not in term}
        split = _split_terms(vocabulary, range(max(shortest, 2), self._longest + 1))
        words = chain.from_iterable(words for _, words in split.values())
        others = dict.fromkeys(word for word in words if word not in numbers)
        numbers |= zip(others, range(len(vocabulary) + 1, len(vocabulary) + 1 + len(others)), strict=True)
        self._width = len(vocabulary) + 1 + len(others)
        self._levels = self._build_levels(split, numbers)
        self._words, self._numbers = _index_words(numbers)

    def _build_levels(
        self, split: Mapping[int, tuple[Numbers, Sequence[str]]], known: Mapping[str, int]
    ) -> list[_Level]:
        rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in split.values())])
        sizes = np.repeat(np.array(list(split), dtype=np.int64), [len(rows) for rows, _ in split.values()])
        numbers = np.zeros((len(rows), self._longest), dtype=np.int64)
        words = chain.from_iterable(words for _, words in split.values())
        numbers[np.arange(self._longest) < sizes[:, None]] = list(map(known.__getitem__, words))
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

    def find_rows(self, texts: Sequence[str]) -> list[tuple[Numbers, Numbers]]:
        """Return the n-grams of texts as pairs of arrays, text and row of each, one pair a size."""
        hashes, owner = hash_words(texts)
        # A word that is in no n-gram is 0 and keeps others apart; so does the end of a text.
        words = np.zeros(len(hashes), dtype=np.int64)
        known, found_at = self._words.find(hashes)
        words[known] = self._numbers[found_at]
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


def _index_words(numbers: Mapping[str, int]) -> tuple[_Level, Numbers]:
    """Return the words as keys, and the number of each; what no text can hold as a word, such as `c:th`, has none."""
    hashes, owner = hash_words(tuple(numbers))
    whole = np.flatnonzero(np.bincount(owner, minlength=len(numbers)) == _WORD_AND_END)
    # The first of the two stands where its text begins.
    keys, places = np.unique(hashes[np.searchsorted(owner, whole)], return_index=True)
    return _Level(keys), np.fromiter(numbers.values(), dtype=np.int64, count=len(numbers))[whole[places]]


class _Level:
    """The n-grams of one size, or all words, as keys by which a hash table finds them.

    Args:
        keys: each once.

    Attributes:
        rows: of each, -1 for a beginning that is no term itself.
    """

    def __init__(self, keys: Numbers) -> None:
        self._keys = keys
        self.rows = np.full(len(keys), -1, dtype=np.int64)
        self._tables: list[tuple[np.uint64, npt.NDArray[np.int32]]] = []
        left, product = np.arange(len(keys), dtype=np.int32), keys.view(np.uint64)
        # A slot keeps the last of those that share it; the few others meet in the next table, by another hash.
        while len(left) or not self._tables:
            bits = min(_MOST_SLOT_BITS, max(1, (len(left) * _ROOM).bit_length()))
            product, shift = product * SCATTER, np.uint64(HASH_BITS - bits)
            at = (product >> shift).view(np.int64)
            slots = np.full(2**bits, -1, dtype=np.int32)
            slots[at] = left
            self._tables.append((shift, slots))
            crowded_out = np.flatnonzero(slots[at] != left)
            left, product = left[crowded_out], product[crowded_out]

    def find(self, keys: Numbers) -> tuple[Numbers, Numbers]:
        """Return which of the keys are n-grams, and the place of each of these."""
        places = self._look_up(keys, keys.view(np.uint64), 0)
        known = np.flatnonzero(places >= 0)
        return known, places[known].astype(np.int64)

    def _look_up(self, keys: Numbers, product: npt.NDArray[np.uint64], table: int) -> npt.NDArray[np.int32]:
        """Return the place of each key, -1 for one that is no n-gram."""
        product, (shift, slots) = product * SCATTER, self._tables[table]
        places = slots[(product >> shift).view(np.int64)]
        # Most neighbours are no term, and an empty slot tells so.
        likely = np.flatnonzero(places >= 0)
        missed = likely[np.flatnonzero(self._keys[places[likely]] != keys[likely])]
        is_last = table + 1 == len(self._tables) or not len(missed)
        places[missed] = -1 if is_last else self._look_up(keys[missed], product[missed], table + 1)
        return places
