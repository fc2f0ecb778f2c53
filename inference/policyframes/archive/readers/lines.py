"""Lines of a file with their offsets, however long they are. Knows nothing of what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from policyframes.archive.input_files import DamagedInputError
from policyframes.archive.inputs import Input
from policyframes.archive.readers.streams import CHUNK, ForwardStream

_LONGEST = 1024 * 1024 * 1024
"""A line beyond this is no line: reading stops there."""


class EndlessLineError(DamagedInputError):
    """A line goes on and on, as in a file made to fill a disk."""


class Line(NamedTuple):
    """A line.

    Attributes:
        number: from 1.
        start: offset of its first byte in the uncompressed file.
        end: offset after its line end.
        data: the bytes without the line end; None where there are too many of them.
    """

    number: int
    start: int
    end: int
    data: bytes | None


class LineReader(ForwardStream):
    """Reads lines forward, from any place of a plain file and from the beginning of a compressed one.

    Args:
        source: the file.
        limit: how many bytes a line may have.
        hasher: hashes the file's bytes; the file can then be read once, from the beginning.
    """

    def __init__(self, source: Input, limit: int, hasher: object = None) -> None:
        super().__init__(source, hasher)
        self._limit = limit

    def read_lines(self, number: int = 1, end: int | None = None) -> Iterator[Line]:
        """Yield the lines from the present place to an offset; empty lines too.

        Args:
            number: of the first line.
            end: offset to stop at; None: the end of the file.

        Raises:
            DamagedInputError: the rest of the file cannot be read.
            ArchiveInputError: the disk cannot be read.
        """
        while end is None or self.position < end:
            start = self.position
            data: bytes | None = self.read_line(self._limit + 1)
            if not data:
                return
            if len(data) > self._limit and not data.endswith(b"\n"):
                data = None
                self._skip_line(start)
            yield Line(number, start, self.position, None if data is None else data.rstrip(b"\r\n"))
            number += 1

    def _skip_line(self, start: int) -> None:
        while True:
            data = self.read_line(CHUNK)
            if not data or data.endswith(b"\n"):
                return
            if self.position - start > _LONGEST:
                raise EndlessLineError(f"a line of more than {_LONGEST} bytes; it and what follows were not read")
