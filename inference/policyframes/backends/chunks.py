"""Chunks of text that were seen before, with the numbers that they stand for. Knows of no weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

# Running text repeats its chunks: past this many, or this long, what comes is rare.
_MOST_CHUNKS = 100_000
_LONGEST_CHUNK = 40
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
