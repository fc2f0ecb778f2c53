"""The ledger: one line a finished shard, and the only thing that says that a shard is finished.

A line counts when it is whole, its own hash fits, and the files that it names have the hashes that it states.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from policyframes.archive.storage import Disk

_CHECK = "check"


@dataclass(frozen=True)
class FileRecord:
    """A file of a shard: its path below the output folder, size in bytes, and hash."""

    path: str
    bytes: int
    sha256: str

    def is_intact(self, folder: Path) -> bool:
        """Return whether the file is there as it was written."""
        path = folder / self.path
        if not path.is_file() or path.stat().st_size != self.bytes:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == self.sha256


@dataclass(frozen=True)
class Entry:
    """What the ledger says of one shard.

    Attributes:
        shard: its number, from 0.
        rows: read from the input; the sum of scored and quarantined.
        scored: rows in the documents.
        quarantined: rows that the quarantine accounts for.
        passages: scored passages.
        counts: passages by framing, `none`, `uncertain`.
        faults: quarantined rows by code.
        first: address of the first row.
        last: address of the last row.
        files: by kind: `documents`, `passages`, `quarantine`, `ids`, `signatures`.
        duplicates: documents that are copies of an earlier one; 0 where copies are not looked for.
        duplicate_counts: `counts` of those documents, and their `passages`.
        markup: documents out of whose text markup was taken.
    """

    shard: int
    rows: int
    scored: int
    quarantined: int
    passages: int
    counts: Mapping[str, int]
    faults: Mapping[str, int]
    first: str
    last: str
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    duplicates: int = 0
    duplicate_counts: Mapping[str, int] = field(default_factory=dict)
    markup: int = 0

    def is_intact(self, folder: Path) -> bool:
        """Return whether every file of the shard is there as it was written."""
        return all(record.is_intact(folder) for record in self.files.values())


class Ledger:
    """The file of entries.

    Args:
        path: of the ledger.
        disk: that writes it.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk

    def read(self) -> dict[int, Entry]:
        """Return the entries by shard, after a torn last line has been cut off; a later line replaces an earlier.

        Raises:
            ArchiveOutputError: the torn line cannot be cut off.
        """
        if not self._path.exists():
            return {}
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            self._disk.truncate(self._path, whole)
        entries = {}
        for line in data[:whole].splitlines():
            entry = parse_line(line)
            if entry is not None:
                entries[entry.shard] = entry
        return entries

    def append(self, entry: Entry) -> None:
        """Add an entry; from the moment that it is on disk its shard is done.

        Raises:
            ArchiveOutputError: the disk refuses.
        """
        self._disk.append(self._path, format_line(entry))


def format_line(entry: Entry) -> bytes:
    """Return the line of an entry."""
    body = asdict(entry)
    return _dump({**body, _CHECK: _hash(body)}) + b"\n"


def parse_line(line: bytes) -> Entry | None:
    """Return the entry of a line; None where the line is damaged."""
    try:
        body = json.loads(line)
        if body.pop(_CHECK) != _hash(body):
            return None
        files = {kind: FileRecord(**record) for kind, record in body.pop("files").items()}
        return Entry(**body, files=files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _hash(body: Mapping[str, object]) -> str:
    return hashlib.sha256(_dump(body)).hexdigest()[:16]


def _dump(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
