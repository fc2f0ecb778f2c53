"""Which articles are copies of an earlier one. The state depends on the articles so far and on nothing else.

Only the first article of each cluster is held, in less than a kilobyte; all later ones are compared with those.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policyframes.archive.duplicates.signatures import (
    BANDS,
    HASHES,
    Digests,
    Keys,
    measure_similarity,
    unpack_signatures,
)

THRESHOLD = 0.4
"""Share of pairs of words in common from which on an article is a copy; docs/duplicates.md has its measures."""
_MOST_COMPARED = 64
"""First articles that one part of a signature may lead to; more have some boilerplate in common."""
_GROWTH = 4096


@dataclass(frozen=True)
class Place:
    """Where an article belongs: the id of the first article of its cluster, and whether that is another one."""

    cluster: str
    is_duplicate: bool


class Clusters:
    """The first articles so far."""

    def __init__(self) -> None:
        self._runs: list[list[npt.NDArray[np.uint64]]] = [[] for _ in range(BANDS)]
        self._values = np.empty((_GROWTH, HASHES), dtype=np.uint8)
        self._count = 0
        self._names = bytearray()
        self._ends = array("Q")

    def __len__(self) -> int:
        """Return how many clusters there are."""
        return self._count

    def place(self, ids: Sequence[str], signatures: bytes) -> list[Place]:
        """Return where each of the next articles belongs, and remember those that are the first of theirs."""
        keys, values = unpack_signatures(signatures)
        before = self._find_candidates(keys)
        shared = _find_shared(keys)
        here: dict[tuple[int, int], list[int]] = defaultdict(list)
        places, firsts = [], []
        for index, identity in enumerate(ids):
            pairs = shared[index]
            candidates = sorted(before[index].union(*(here[pair] for pair in pairs if pair in here)))
            found = self._choose(values[index], candidates)
            if found is None:
                found = self._remember(identity, values[index])
                firsts.append((index, found))
                for pair in pairs:
                    here[pair].append(found)
                places.append(Place(identity, is_duplicate=False))
            else:
                places.append(Place(self._name(found), is_duplicate=True))
        self._index(keys, firsts)
        return places

    def recall(self, ids: Sequence[str], signatures: bytes, duplicates: Sequence[bool]) -> None:
        """Remember articles that were placed in an earlier run."""
        keys, values = unpack_signatures(signatures)
        firsts = [
            (index, self._remember(identity, values[index]))
            for index, identity in enumerate(ids)
            if not duplicates[index]
        ]
        self._index(keys, firsts)

    def _choose(self, values: Digests, candidates: Sequence[int]) -> int | None:
        """Return the earliest of the first articles that this one is a copy of."""
        if not candidates:
            return None
        similar = measure_similarity(values, self._values[candidates]) >= THRESHOLD
        return candidates[int(np.argmax(similar))] if similar.any() else None

    def _find_candidates(self, keys: Keys) -> list[set[int]]:
        found: list[set[int]] = [set() for _ in range(len(keys))]
        for band, runs in enumerate(self._runs):
            low = keys[:, band].astype(np.uint64) << np.uint64(32)
            for run in runs:
                first = np.searchsorted(run, low)
                last = np.searchsorted(run, low + np.uint64(2**32 - 1), side="right")
                for index in np.flatnonzero(first < last):
                    end = min(int(last[index]), int(first[index]) + _MOST_COMPARED)
                    found[index].update(int(entry) & 0xFFFFFFFF for entry in run[first[index] : end])
        return found

    def _remember(self, identity: str, values: Digests) -> int:
        if self._count == len(self._values):
            grown = np.empty((self._count + max(_GROWTH, self._count // 4), HASHES), dtype=np.uint8)
            grown[: self._count] = self._values
            self._values = grown
        self._values[self._count] = values
        self._names += identity.encode()
        self._ends.append(len(self._names))
        self._count += 1
        return self._count - 1

    def _name(self, number: int) -> str:
        start = self._ends[number - 1] if number else 0
        return self._names[start : self._ends[number]].decode()

    def _index(self, keys: Keys, firsts: Sequence[tuple[int, int]]) -> None:
        if not firsts:
            return
        rows = np.array([index for index, _ in firsts])
        numbers = np.array([number for _, number in firsts], dtype=np.uint64)
        for band, runs in enumerate(self._runs):
            run = np.sort((keys[rows, band].astype(np.uint64) << np.uint64(32)) | numbers)
            # Runs at least double in length from last to first, so that each entry is merged a few times only.
            while runs and len(runs[-1]) < 2 * len(run):
                run = np.sort(np.concatenate([runs.pop(), run]), kind="stable")
            runs.append(run)


def _find_shared(keys: Keys) -> list[list[tuple[int, int]]]:
    """Return, for each article, the bands and keys that others of these articles have too."""
    shared: list[list[tuple[int, int]]] = [[] for _ in range(len(keys))]
    for band in range(keys.shape[1]):
        _, inverse, counts = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        for index in np.flatnonzero(counts[inverse] > 1):
            shared[index].append((band, int(keys[index, band])))
    return shared
