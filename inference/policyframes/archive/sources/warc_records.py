"""Records of a WARC file with their offsets. Knows nothing of HTTP or HTML; what is cut off is said, not skipped.

Written here, because warcio takes a file that was cut off for one that ended (webrecorder/warcio#138).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policyframes.archive.inputs import DamagedInputError, Input
from policyframes.archive.readers.streams import CHUNK, ForwardStream

_LONGEST_LINE = 64 * 1024
_MOST_HEADERS = 1000


@dataclass(frozen=True)
class WarcRecord:
    """A record.

    Attributes:
        start: offset of its first byte in the uncompressed file.
        end: offset after its block.
        headers: by name in lower case.
        block: its bytes; None where they were not wanted, or are too many.
    """

    start: int
    end: int
    headers: Mapping[str, str]
    block: bytes | None


class WarcRecordReader(ForwardStream):
    """Reads records forward, from any record of a plain file and from the beginning of a compressed one.

    Args:
        source: the file.
        limit: how many bytes a block may have to be held.
        hasher: hashes the file's bytes; the file can then be read once, from the beginning.
    """

    def __init__(self, source: Input, limit: int, hasher: object = None) -> None:
        super().__init__(source, hasher)
        self._limit = limit

    def read_records(self, end: int | None = None, *, kind: str = "") -> Iterator[WarcRecord]:
        """Yield the records from the present place to an offset.

        Args:
            end: offset to stop at; None: the end of the file.
            kind: of the records whose blocks are wanted, such as `response`.

        Raises:
            DamagedInputError: the rest of the file cannot be read.
            ArchiveInputError: the disk cannot be read.
        """
        while end is None or self.position < end:
            start, line = self._read_start()
            if not line:
                return
            if not line.startswith(b"WARC/"):
                raise DamagedInputError(f"no WARC record at byte {start}")
            headers = self._read_headers(start)
            size = self._read_size(headers, start)
            block = None
            if kind and headers.get("warc-type", "").lower() == kind and size <= self._limit:
                block = self._read_block(size)
            else:
                self._skip(size)
            yield WarcRecord(start, self.position, headers, block)

    def _read_start(self) -> tuple[int, bytes]:
        """Return the offset and the text of the next line that is not empty; nothing at the end of the file."""
        while True:
            start = self.position
            line = self._read_line()
            if not line or line.strip():
                return start, line

    def _read_headers(self, start: int) -> dict[str, str]:
        headers: dict[str, str] = {}
        name = ""
        for _ in range(_MOST_HEADERS):
            line = self._read_line()
            if not line:
                raise self._make_cut(start)
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if not text:
                return headers
            if text[0] in " \t" and name:
                headers[name] += f" {text.strip()}"
                continue
            name, _, value = text.partition(":")
            name = name.strip().lower()
            headers.setdefault(name, value.strip())
        raise DamagedInputError(f"the WARC record at byte {start} has more than {_MOST_HEADERS} headers")

    def _read_size(self, headers: Mapping[str, str], start: int) -> int:
        size = headers.get("content-length", "")
        if not (size.isascii() and size.isdigit()):
            raise DamagedInputError(f"the WARC record at byte {start} does not say how long it is")
        return int(size[:18])

    def _read_line(self) -> bytes:
        start = self.position
        line = self.read_line(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise DamagedInputError(f"no WARC record at byte {start}: a line of more than {_LONGEST_LINE} bytes")
        return line

    def _read_block(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._take(size)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _skip(self, size: int) -> None:
        while size:
            size -= len(self._take(size))

    def _take(self, size: int) -> bytes:
        part = self.read(min(size, CHUNK))
        if not part:
            raise self._make_cut(self.position)
        return part

    def _make_cut(self, offset: int) -> DamagedInputError:
        return DamagedInputError(f"the file is cut off after byte {offset}, within a WARC record")
