"""A folder of text files: an article a file, whose name is its id."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from policyframes.archive.columns import Columns
from policyframes.archive.input_files import hash_file, make_input_error
from policyframes.archive.inputs import Input, walk_texts
from policyframes.archive.readers.batches import BatchBuilder
from policyframes.archive.rows import Batch, Code, Fault, show_value
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.documents.plain_text_reader import decode_text
from policyframes.errors import ArchiveInputError, EncodingError

# What is wrong with the one file, not with the disk.
_OF_THE_FILE = {
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR),
    *(errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO),
}
TEXT, ID = "text", "id"


def plan_shards(source: Input, settings: Settings, hasher: Any) -> Iterator[Shard]:  # noqa: ANN401  (hashlib's)
    """Yield the shards of a folder while hashing names and contents of its files."""
    folder = Path(source.path)
    paths: list[str] = []
    size, first = 0, 1
    for path in walk_texts(folder):
        name = path.relative_to(folder).as_posix()
        paths.append(os.fsencode(name).decode("utf-8", "surrogateescape"))
        try:
            is_file = stat.S_ISREG(path.stat().st_mode)
            digest = hash_file(path) if is_file else "no file"
            size += path.stat().st_size
        except (OSError, ArchiveInputError):
            digest = "unreadable"
        hasher.update(f"{name}\0{digest}\n".encode("utf-8", "surrogateescape"))
        if len(paths) >= settings.shard_rows or size >= settings.shard_bytes:
            yield Shard(0, 0, len(paths), first, paths=tuple(paths))
            first, size, paths = first + len(paths), 0, []
    if paths:
        yield Shard(0, 0, len(paths), first, paths=tuple(paths))


def hash_folder(source: Input) -> str:
    """Return the hash that planning gives a folder."""
    hasher = hashlib.sha256()
    for _ in plan_shards(source, Settings(), hasher):
        pass
    return hasher.hexdigest()


class TextsReader:
    """Reads the shards of one folder."""

    def __init__(self, source: Input, columns: Columns, settings: Settings) -> None:
        self._folder = Path(source.path)
        self._columns = columns
        self._limit = settings.max_row_bytes

    def close(self) -> None:
        """Close nothing."""

    def read(self, shard: Shard) -> Iterator[Batch]:
        """Yield the texts of a shard in batches.

        Raises:
            ArchiveInputError: the disk cannot be read.
        """
        builder = BatchBuilder(self._columns)
        for number, name in enumerate(shard.paths, shard.first):
            shown = name.encode("utf-8", "replace").decode()
            text = self._read_text(name)
            if isinstance(text, Fault):
                builder.add_fault(number, text, shown)
            else:
                identity = shown[: -len(".txt")] if shown.lower().endswith(".txt") else shown
                record = {self._columns.text: text, self._columns.id or ID: identity}
                builder.add_record(number, record, shown)
            yield from builder.take()
        yield from builder.take(least=1)

    def _read_text(self, name: str) -> str | Fault:
        path = self._folder / name
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                return Fault(Code.UNREADABLE_FILE, "it is no file but a pipe or a device")
            with path.open("rb") as stream:
                data = stream.read(self._limit + 1)
        except OSError as error:
            if error.errno not in _OF_THE_FILE:
                raise make_input_error(path, error) from error
            return Fault(Code.UNREADABLE_FILE, error.strerror or str(error))
        if len(data) > self._limit:
            return Fault(Code.LIMIT_EXCEEDED, f"the file has more than {self._limit} bytes", show_value(data[:800]))
        try:
            return decode_text(data, where=name, warnings=[])
        except EncodingError as error:
            return Fault(Code.NOT_TEXT, error.found, show_value(data))
