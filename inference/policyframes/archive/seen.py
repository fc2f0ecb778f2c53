"""The ids that occurred so far, in 16 bytes each: a million take 16 MB, and none is taken for another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_PAIR = np.dtype([("high", "<u8"), ("low", "<u8")])
Digests = npt.NDArray[np.void]


class SeenIds:
    """A set of 128-bit digests, kept in sorted runs that are merged as they grow."""

    def __init__(self) -> None:
        self._runs: list[Digests] = []

    def find_seen(self, digests: bytes) -> list[int]:
        """Return the places, in order, of the digests that are in the set or earlier among these."""
        rows = np.frombuffer(digests, dtype=_PAIR)
        if not len(rows):
            return []
        seen = np.zeros(len(rows), dtype=np.bool_)
        for run in self._runs:
            seen |= _contains(run, rows)
        seen[_find_repeated(digests, len(rows))] = True
        return [int(index) for index in np.flatnonzero(seen)]

    def add(self, digests: bytes) -> None:
        """Add digests to the set."""
        rows = np.frombuffer(digests, dtype=_PAIR)
        if not len(rows):
            return
        run = _sort(rows)
        # Runs at least double in length from last to first, so that each digest is merged a few times only.
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = _sort(np.concatenate([self._runs.pop(), run]))
        self._runs.append(run)


def _sort(rows: Digests) -> Digests:
    return rows[np.lexsort((rows["low"], rows["high"]))]


def _contains(run: Digests, rows: Digests) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(rows), dtype=np.bool_)
    first = np.searchsorted(run["high"], rows["high"], side="left")
    last = np.searchsorted(run["high"], rows["high"], side="right")
    for index in np.flatnonzero(first < last):
        found[index] = rows["low"][index] in run["low"][first[index] : last[index]]
    return found


def _find_repeated(digests: bytes, count: int) -> list[int]:
    before: set[bytes] = set()
    repeated = []
    for index in range(count):
        digest = digests[16 * index : 16 * index + 16]
        if digest in before:
            repeated.append(index)
        before.add(digest)
    return repeated
