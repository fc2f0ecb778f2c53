"""Records of a WARC file with their offsets, framed by FastWARC. Knows nothing of HTTP or HTML.

FastWARC 2.0 takes a file that was cut off for one that ended, so it is given bytes that are unpacked and watched here,
and a record counts only where all of its block was there.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policyframes.archive.input_files import DamagedInputError, open_stream
from policyframes.archive.inputs import Input
from policyframes.archive.readers.streams import ForwardStream
from policyframes.errors import ArchiveInputError
from policyframes.extras import import_extra

_MOST_HEADER_BYTES = 64 * 1024
# What comes with a byte that cannot be unpacked is lost with it: little at a time loses little.
_PIECE = 8 * 1024
# How Python says that the bytes of a gzip member are not those that were packed.
_WRONG_SUMS = ("CRC check failed", "Incorrect length")


@dataclass(frozen=True)
class WarcRecord:
    """A record.

    Attributes:
        start: offset of its first byte in the uncompressed file.
        end: offset after its block, at most that of the next record.
        headers: by name in lower case.
        block: its bytes; None where they were not wanted, or are too many.
    """

    start: int
    end: int
    headers: Mapping[str, str]
    block: bytes | None


@dataclass(frozen=True)
class _Opened:
    """A record whose headers have been read, and whose block comes next."""

    start: int
    record: Any
    headers: Mapping[str, str]
    size: int


class _Bytes:
    """What FastWARC reads from. It keeps an error for later: what was read before is whole, and comes first."""

    def __init__(self, stream: ForwardStream) -> None:
        self._stream = stream
        self.error: DamagedInputError | ArchiveInputError | None = None

    def read(self, size: int) -> bytes:
        """Return some bytes; none at the end of the file, and where it cannot be read on."""
        try:
            return b"" if self.error else self._stream.read_some(min(size, _PIECE))
        except (DamagedInputError, ArchiveInputError) as error:
            self.error = error
            return b""

    def tell(self) -> int:
        """Return the offset in the uncompressed file."""
        return self._stream.position

    def close(self) -> None:
        """Leave the file open: it is not FastWARC's."""


class WarcRecordReader(ForwardStream):
    """Reads records forward, from any record of a plain file and from the beginning of a compressed one.

    Args:
        source: the file.
        limit: how many bytes a block may have to be held.
        hasher: hashes the file's bytes; the file can then be read once, from the beginning.

    Raises:
        MissingExtraError: FastWARC is not installed.
    """

    def __init__(self, source: Input, limit: int, hasher: object = None) -> None:
        self._library = import_extra("fastwarc.warc", "warc", purpose="WARC files")
        super().__init__(source, hasher)
        self._limit = limit
        self._begin()

    def seek(self, offset: int) -> None:
        """Go to the record at an offset, which is one that a record had as its start or its end.

        Raises:
            ArchiveInputError: the disk cannot be read.
        """
        if self._source.is_plain:
            super().seek(offset)
            self._begin()
            return
        if self._passed > offset:
            self._stream.close()
            self._stream = open_stream(self._source)
            self.position = 0
            self._begin()
        for _ in self.read_records(offset):
            pass

    def read_records(self, end: int | None = None, *, kind: str = "") -> Iterator[WarcRecord]:
        """Yield the records from the present place on that begin before an offset.

        Args:
            end: the offset; None: the end of the file.
            kind: of the records whose blocks are wanted, such as `response`.

        Raises:
            DamagedInputError: the rest of the file cannot be read; only where no offset was given.
            ArchiveInputError: the disk cannot be read.
        """
        if not self._is_begun:
            self._open_next()
        while (opened := self._opened) is not None and (end is None or opened.start < end):
            block = self._read_block(opened, kind)
            if self._error is None:
                self._open_next()
                if self._is_refuted():
                    break
                self._passed = self._opened.start if self._opened else opened.start + max(opened.size, 1)
                yield WarcRecord(opened.start, self._passed, opened.headers, block)
        if self._error is not None and (end is None or isinstance(self._error, ArchiveInputError)):
            raise self._error

    def _begin(self) -> None:
        """Read on from the present offset."""
        self._bytes = _Bytes(self)
        self._records: Any = None
        self._opened: _Opened | None = None
        self._error: DamagedInputError | ArchiveInputError | None = None
        self._is_begun = False
        self._passed = self.position

    def _open_next(self) -> None:
        """Read the headers of the next record, or note why there is none."""
        self._is_begun, self._opened = True, None
        place = f"after the record before byte {self._passed}" if self._passed else "at byte 0"
        try:
            if self._records is None:
                self._records = self._library.ArchiveIterator(
                    self._bytes, parse_http=False, stream_detect=False, max_header_len=_MOST_HEADER_BYTES
                )
            record = next(self._records, None)
        except OSError as error:
            self._error = self._bytes.error or DamagedInputError(f"no WARC record {place} ({error})")
            return
        if record is None:
            self._error = self._bytes.error
            return
        headers: dict[str, str] = {}
        for name, value in record.headers.to_tuples():
            headers.setdefault(name.strip().lower(), " ".join(value.split()))
        size = headers.get("content-length", "")
        if not (size.isascii() and size.isdigit() and int(size[:18]) == record.content_length):
            self._error = self._bytes.error or DamagedInputError(
                f"the WARC record at byte {record.stream_pos} does not say how long it is: no line of its own begins "
                f"with Content-Length, spelt so"
            )
            return
        self._opened = _Opened(record.stream_pos, record, headers, int(size))

    def _is_refuted(self) -> bool:
        """Return whether the checksum that stands behind a record says that it is not what was written."""
        cause = None if self._error is None else self._error.__cause__
        return isinstance(cause, gzip.BadGzipFile) and str(cause).startswith(_WRONG_SUMS)

    def _read_block(self, opened: _Opened, kind: str) -> bytes | None:
        """Return the block if it is wanted, and note where it is cut off."""
        block = None
        try:
            if kind and opened.headers.get("warc-type", "").lower() == kind and opened.size <= self._limit:
                block = opened.record.reader.read()
                size = len(block)
            else:
                size = opened.record.consume()
        except OSError as error:
            size, self._error = (
                -1,
                DamagedInputError(f"the WARC record at byte {opened.start} cannot be read ({error})"),
            )
        if size != opened.size:
            self._opened = None
            self._error = (
                self._bytes.error
                or self._error
                or DamagedInputError(f"the file is cut off after byte {self.position}, within a WARC record")
            )
        return block
