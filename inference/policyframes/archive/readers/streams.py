"""The bytes of a file, read forward with their offset, compressed or not. Knows nothing of lines or records."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from policyframes.archive.input_files import DamagedInputError, damage_errors, drain_stream, open_stream
from policyframes.archive.inputs import Input
from policyframes.errors import ArchiveInputError

CHUNK = 1024 * 1024


class ForwardStream:
    """Reads forward, from any place of a plain file and from the beginning of a compressed one.

    Args:
        source: the file.
        hasher: hashes the file's bytes; the file can then be read once, from the beginning.

    Attributes:
        position: offset of the next byte in the uncompressed file.
    """

    def __init__(self, source: Input, hasher: object = None) -> None:
        self._source = source
        self._damage = damage_errors()
        self._stream: IO[bytes] = open_stream(source, hasher)
        self.position = 0

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def seek(self, offset: int) -> None:
        """Go to an offset.

        Raises:
            DamagedInputError: a compressed file is damaged, or ends, before it.
            ArchiveInputError: the disk cannot be read.
        """
        if self._source.is_plain:
            self._stream.seek(offset)
            self.position = offset
            return
        if offset < self.position:
            self._stream.close()
            self._stream = open_stream(self._source)
            self.position = 0
        while self.position < offset:
            if not self.read(min(CHUNK, offset - self.position)):
                raise DamagedInputError(f"the file is cut off after byte {self.position}")

    def read(self, size: int) -> bytes:
        """Return at most so many bytes; none at the end of the file.

        Raises:
            DamagedInputError: the rest of the file cannot be read.
            ArchiveInputError: the disk cannot be read.
        """
        return self._advance(lambda: self._stream.read(size))

    def read_some(self, size: int) -> bytes:
        """Return at least one byte and at most so many, with nothing held back before damage; none at the end.

        Raises:
            DamagedInputError: the rest of the file cannot be read.
            ArchiveInputError: the disk cannot be read.
        """
        return self._advance(lambda: self._stream.read1(size))  # type: ignore[attr-defined]

    def read_line(self, limit: int) -> bytes:
        """Return the bytes up to the next line end, at most so many; none at the end of the file.

        Raises:
            DamagedInputError: the rest of the file cannot be read.
            ArchiveInputError: the disk cannot be read.
        """
        return self._advance(lambda: self._stream.readline(limit))

    def drain(self) -> None:
        """Read what is left of the bytes on disk, so that they are hashed."""
        drain_stream(self._stream)

    def _advance(self, action: Callable[[], bytes]) -> bytes:
        try:
            data = action()
        except ArchiveInputError:
            raise
        except self._damage as error:
            text = " ".join(str(error).split())[:150]
            raise DamagedInputError(f"the file is cut off or damaged after byte {self.position} ({text})") from error
        self.position += len(data)
        return data
