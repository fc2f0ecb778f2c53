"""JSON lines, plain or compressed: a row a line, or a list of rows in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from policyframes.archive.columns import Columns
from policyframes.archive.input_files import DamagedInputError
from policyframes.archive.inputs import Input
from policyframes.archive.readers.batches import BatchBuilder, FaultError, find_records, parse_json, require_object
from policyframes.archive.readers.lines import EndlessLineError, Line, LineReader
from policyframes.archive.rows import Batch, Code, Fault
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard

_BOM = b"\xef\xbb\xbf"


def sample_records(source: Input, settings: Settings, count: int) -> list[Mapping[str, Any]]:
    """Return the first records that can be read."""
    records: list[Mapping[str, Any]] = []
    reader = LineReader(source, settings.max_row_bytes)
    try:
        for line in islice(reader.read_lines(), count):
            if line.data:
                records += _parse_good(line.data, settings.records)
    except DamagedInputError:
        pass
    finally:
        reader.close()
    return records[:count]


def _parse_good(data: bytes, path: str) -> list[Mapping[str, Any]]:
    try:
        found = find_records(parse_json(data.removeprefix(_BOM)), path)
    except FaultError:
        return []
    return [record for record in found if isinstance(record, Mapping)]


def plan_shards(source: Input, settings: Settings, hasher: Any) -> Iterator[Shard]:  # noqa: ANN401  (hashlib's)
    """Yield the shards of a file while hashing it; their `number` and `input` are for the caller to set."""
    reader = LineReader(source, settings.max_row_bytes, hasher)
    first, start, end, rows = 1, 0, 0, 0
    damage: dict[str, Any] = {}
    try:
        for line in reader.read_lines():
            rows, end = rows + (not is_blank(line)), line.end
            if rows >= settings.shard_rows or end - start >= settings.shard_bytes:
                yield Shard(0, 0, rows, first, start, end)
                first, start, rows = line.number + 1, end, 0
    except DamagedInputError as error:
        code = Code.LIMIT_EXCEEDED if isinstance(error, EndlessLineError) else Code.DAMAGED_FILE
        rows, damage = rows + 1, {"damage": str(error), "damage_code": code}
    if rows:
        yield Shard(0, 0, rows, first, start, end, **damage)
    reader.drain()
    reader.close()


def is_blank(line: Line) -> bool:
    """Return whether there is nothing on a line; such a line is no row."""
    return line.data is not None and (not line.data or line.data.isspace())


class JsonLinesReader:
    """Reads the shards of one file; going forward in a compressed file costs no second reading."""

    def __init__(self, source: Input, columns: Columns, settings: Settings) -> None:
        self._settings = settings
        self._columns = columns
        self._lines = LineReader(source, settings.max_row_bytes)

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def read(self, shard: Shard) -> Iterator[Batch]:
        """Yield the rows of a shard in batches.

        Raises:
            ArchiveInputError: the disk cannot be read.
        """
        builder = BatchBuilder(self._columns)
        self._lines.seek(shard.start)
        number = shard.first
        for line in self._lines.read_lines(shard.first, shard.end):
            number = line.number
            if not is_blank(line):
                self._add_line(builder, line)
                yield from builder.take()
        if shard.fault:
            builder.add_fault(number + 1, shard.fault, f"byte {shard.end}")
        yield from builder.take(least=1)

    def _add_line(self, builder: BatchBuilder, line: Line) -> None:
        place = f"byte {line.start}"
        if line.data is None:
            size = line.end - line.start
            message = f"the line has {size} bytes, more than {self._settings.max_row_bytes}"
            builder.add_fault(line.number, Fault(Code.LIMIT_EXCEEDED, message), place)
            return
        path = self._settings.records
        data = line.data.removeprefix(_BOM) if line.start == 0 else line.data
        try:
            found = find_records(parse_json(data), path)
        except FaultError as error:
            builder.add_fault(line.number, error.fault, place)
            return
        for index, value in enumerate(found, 1):
            here = f"{place}, item {index}" if path else place
            try:
                builder.add_record(line.number, require_object(value), here, item=index if path else 0)
            except FaultError as error:
                builder.add_fault(line.number, error.fault, here)
