"""A JSON file that holds a list of articles, or an object with one; it is read whole, so its size is limited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyframes.archive.columns import Columns
from policyframes.archive.input_files import damage_errors, drain_stream, open_stream
from policyframes.archive.inputs import Input
from policyframes.archive.readers.batches import BatchBuilder, FaultError, find_records, parse_json, require_object
from policyframes.archive.rows import Batch, Code, Fault, show_value
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.errors import ArchiveInputError

MOST_BYTES = 256 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


def read_items(source: Input, settings: Settings, hasher: Any = None) -> list[Any]:  # noqa: ANN401  (hashlib's)
    """Return the articles of a file, unchecked.

    Raises:
        FaultError: it is too large, damaged, no JSON, or holds no list where one should be.
        ArchiveInputError: the disk cannot be read.
    """
    stream = open_stream(source, hasher)
    try:
        data = stream.read(MOST_BYTES + 1)
    except ArchiveInputError:
        raise
    except damage_errors() as error:
        raise FaultError(Fault(Code.DAMAGED_FILE, f"the file is cut off or damaged ({error})"[:300])) from None
    finally:
        if hasher is not None:
            drain_stream(stream)
        stream.close()
    if len(data) > MOST_BYTES:
        message = f"the file has more than {MOST_BYTES} bytes; write it as JSON lines, which are read line by line"
        raise FaultError(Fault(Code.LIMIT_EXCEEDED, message))
    value = parse_json(data.removeprefix(_BOM))
    if settings.records or not isinstance(value, list):
        return find_records(value, settings.records)
    return value


def plan_shards(source: Input, settings: Settings, hasher: Any) -> Iterator[Shard]:  # noqa: ANN401  (hashlib's)
    """Yield the shards of a file while hashing it; their `number` and `input` are for the caller to set."""
    try:
        count = len(read_items(source, settings, hasher))
    except FaultError as error:
        fault = error.fault
        yield Shard(0, 0, 1, 1, damage=f"{fault.message} {show_value(fault.value)[:50]}", damage_code=fault.code)
        return
    for first in range(0, count, settings.shard_rows):
        yield Shard(0, 0, min(settings.shard_rows, count - first), first + 1)


class JsonReader:
    """Reads the shards of one file, and holds it until the last."""

    def __init__(self, source: Input, columns: Columns, settings: Settings) -> None:
        self._source = source
        self._columns = columns
        self._settings = settings
        self._items: list[Any] | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._items = None

    def read(self, shard: Shard) -> Iterator[Batch]:
        """Yield the rows of a shard in batches.

        Raises:
            ArchiveInputError: the disk cannot be read, or the file has changed.
        """
        builder = BatchBuilder(self._columns)
        if shard.fault:
            builder.add_fault(shard.first, shard.fault)
            yield from builder.take(least=1)
            return
        if self._items is None:
            try:
                self._items = read_items(self._source, self._settings)
            except FaultError as error:
                raise ArchiveInputError(
                    where=self._source.path,
                    found=f"the file changed while it was read: {error}",
                    allowed="inputs that stay as they are",
                    remedy="Start again with another output folder.",
                ) from error
        for number, item in enumerate(self._items[shard.first - 1 : shard.first - 1 + shard.rows], shard.first):
            try:
                builder.add_record(number, require_object(item))
            except FaultError as error:
                builder.add_fault(number, error.fault)
            yield from builder.take()
        yield from builder.take(least=1)
