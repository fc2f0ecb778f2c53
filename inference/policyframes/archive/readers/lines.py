"""Lines of a file with their offsets, however long they are. Knows nothing of what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from policyframes.archive.inputs import DamagedInputError, Input, damage_errors, drain_stream, open_stream
from policyframes.errors import ArchiveInputError

_CHUNK = 1024 * 1024
_LONGEST = 1024 * 1024 * 1024
"""A line beyond this is no line: reading stops there."""


class EndlessLineError(DamagedInputError):
    """A line goes on and on, as in a file made to fill a disk."""


@dataclass(frozen=True)
class Line:
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


class LineReader:
    """Reads lines forward, from any place of a plain file and from the beginning of a compressed one.

    Args:
        source: the file.
        limit: how many bytes a line may have.
        hasher: hashes the file's bytes; the file can then be read once, from the beginning.
    """

    def __init__(self, source: Input, limit: int, hasher: object = None) -> None:
        self._source = source
        self._limit = limit
        self._damage = damage_errors()
        self._stream: IO[bytes] = open_stream(source, hasher)
        self._position = 0

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def seek(self, offset: int) -> None:
        """Go to the start of a line.

        Raises:
            DamagedInputError: a compressed file is damaged before it.
            ArchiveInputError: the disk cannot be read.
        """
        if self._source.is_plain:
            self._stream.seek(offset)
            self._position = offset
            return
        if offset < self._position:
            self._stream.close()
            self._stream = open_stream(self._source)
            self._position = 0
        while self._position < offset:
            self._position += len(self._call(lambda: self._stream.read(min(_CHUNK, offset - self._position))) or b"")

    def read_lines(self, number: int = 1, end: int | None = None) -> Iterator[Line]:
        """Yield the lines from the present place to an offset; empty lines too.

        Args:
            number: of the first line.
            end: offset to stop at; None: the end of the file.

        Raises:
            DamagedInputError: the rest of the file cannot be read.
            ArchiveInputError: the disk cannot be read.
        """
        while end is None or self._position < end:
            start = self._position
            data: bytes | None = self._call(lambda: self._stream.readline(self._limit + 1))
            if not data:
                return
            self._position += len(data)
            if len(data) > self._limit and not data.endswith(b"\n"):
                data = None
                self._skip_line(start)
            yield Line(number, start, self._position, None if data is None else data.rstrip(b"\r\n"))
            number += 1

    def drain(self) -> None:
        """Read what is left of the bytes on disk, so that they are hashed."""
        drain_stream(self._stream)

    def _skip_line(self, start: int) -> None:
        while True:
            data = self._call(lambda: self._stream.readline(_CHUNK))
            self._position += len(data)
            if not data or data.endswith(b"\n"):
                return
            if self._position - start > _LONGEST:
                raise EndlessLineError(f"a line of more than {_LONGEST} bytes; it and what follows were not read")

    def _call(self, action: Callable[[], bytes]) -> bytes:
        try:
            return action()
        except ArchiveInputError:
            raise
        except self._damage as error:
            text = " ".join(str(error).split())[:150]
            raise DamagedInputError(f"the file is cut off or damaged after byte {self._position} ({text})") from error
