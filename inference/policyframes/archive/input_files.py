"""The bytes of input files: opened, unpacked, hashed. The disk's errors are named; a damaged file is a result."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from policyframes.archive.arrow import import_arrow
from policyframes.errors import ArchiveInputError

if TYPE_CHECKING:
    from policyframes.archive.inputs import Input

_BUFFER = 256 * 1024
_PIECE = 4096


class DamagedInputError(Exception):
    """The rest of a file cannot be read; caught by the readers, never shown as it is."""


class InputFile(io.RawIOBase):
    """A file whose errors are named, and whose bytes are hashed as they are read."""

    def __init__(self, path: str | Path, hasher: Any = None) -> None:  # noqa: ANN401  (hashlib names no type)
        super().__init__()
        self._path = str(path)
        self._hasher = hasher
        self._handle = -1
        try:
            self._handle = os.open(self._path, os.O_RDONLY)
        except OSError as error:
            raise make_input_error(self._path, error) from error

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return whether it can be read from anywhere; not while it is hashed."""
        return self._hasher is None

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any buffer)
        """Fill a buffer and return how many bytes there were."""
        try:
            data = os.read(self._handle, len(buffer))
        except OSError as error:
            raise make_input_error(self._path, error) from error
        buffer[: len(data)] = data
        if self._hasher is not None:
            self._hasher.update(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset."""
        try:
            return os.lseek(self._handle, offset, whence)
        except OSError as error:
            raise make_input_error(self._path, error) from error

    def tell(self) -> int:
        """Return the offset."""
        return self.seek(0, os.SEEK_CUR)

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        super().close()


class _Pieces(io.RawIOBase):
    """A stream read in small pieces: where one fails, all that came before has been handed over."""

    def __init__(self, stream: Any, below: IO[bytes]) -> None:  # noqa: ANN401  (pyarrow has no types)
        super().__init__()
        self._stream = stream
        self.below = below

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any buffer)
        """Fill a part of a buffer and return how many bytes there were."""
        data = self._stream.read(min(len(buffer), _PIECE))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        self.below.close()
        super().close()


def make_input_error(path: str | Path, error: OSError) -> ArchiveInputError:
    """Return the error for a file that the system does not let us read."""
    return ArchiveInputError(
        where=str(path),
        found=error.strerror or str(error),
        allowed="inputs that can be read from beginning to end",
        remedy="Remove the cause, then type the same command again: it goes on where it stopped.",
    )


def open_stream(source: Input, hasher: Any = None) -> IO[bytes]:  # noqa: ANN401  (hashlib names no type)
    """Return the uncompressed bytes of a file.

    Raises:
        ArchiveInputError: it cannot be opened.
    """
    raw = io.BufferedReader(InputFile(source.path, hasher), _BUFFER)
    if source.compression == "gzip":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if source.compression == "zstd":
        arrow = import_arrow()
        return io.BufferedReader(_Pieces(arrow.CompressedInputStream(arrow.PythonFile(raw, mode="r"), "zstd"), raw))
    return raw


def drain_stream(stream: IO[bytes]) -> None:
    """Read what is left of the bytes on disk, so that they are hashed, whether or not they can be unpacked.

    Raises:
        ArchiveInputError: they cannot be read.
    """
    raw = getattr(stream, "raw", None)
    below = raw.below if isinstance(raw, _Pieces) else getattr(stream, "fileobj", None) or stream
    while below.read(_BUFFER):
        pass


def damage_errors() -> tuple[type[Exception], ...]:
    """Return what libraries raise for damaged files. ArchiveInputError is among the first of them: catch it before."""
    return (OSError, EOFError, zlib.error, import_arrow().ArrowException, ValueError)


def hash_file(path: str | Path) -> str:
    """Return the sha256 of a file.

    Raises:
        ArchiveInputError: it cannot be read.
    """
    hasher = hashlib.sha256()
    with io.BufferedReader(InputFile(path, hasher), _BUFFER) as stream:
        while stream.read(_BUFFER):
            pass
    return hasher.hexdigest()
