"""CSV and TSV, plain or compressed. A quotation mark that is never closed costs its own row, not all that follow."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from policyframes.archive.columns import Columns
from policyframes.archive.input_files import DamagedInputError
from policyframes.archive.inputs import Input
from policyframes.archive.readers.batches import BatchBuilder
from policyframes.archive.readers.lines import EndlessLineError, Line, LineReader
from policyframes.archive.rows import Batch, Code, Fault, show_value
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.errors import UsageError

_SEPARATORS = ",;\t|"
_BOM = "\ufeff"


@dataclass(frozen=True)
class Header:
    """The first record of a table: the names of its columns, what separates them, where the rows begin."""

    names: tuple[str, ...]
    separator: str
    end: int
    next_line: int


@dataclass(frozen=True)
class Record:
    """A record: its fields, or what is wrong with it."""

    number: int
    start: int
    end: int
    last_line: int
    fields: list[str]
    fault: Fault | None = None


class _TooLongError(Exception):
    """A record has more bytes than a row may have."""


def read_header(source: Input, settings: Settings) -> Header | None:
    """Return the header of a table; None where the file is empty.

    Raises:
        UsageError: the header is no text, or names no columns.
    """
    lines = LineReader(source, settings.max_row_bytes)
    try:
        first = next((line for line in lines.read_lines() if line.data), None)
        if first is None or first.data is None:
            return None
        text = first.data.decode("utf-8", "surrogateescape").removeprefix(_BOM)
        separator = max(_SEPARATORS, key=text.count)
        lines.seek(first.start)
        record = next(read_records(lines.read_lines(first.number), separator, settings.max_row_bytes))
    except DamagedInputError:
        return None
    finally:
        lines.close()
    if record.fault or "\0" in text or not any(name.strip(_BOM) for name in record.fields):
        raise UsageError(
            where=f"{source.path}, line {first.number}",
            found=f"no header: {show_value(text)!r}",
            allowed="names of columns in the first line, in UTF-8",
            remedy="Save the table as CSV UTF-8, with a header.",
        )
    return Header(_name_columns(record.fields), separator, record.end, record.last_line + 1)


def _name_columns(fields: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    for number, field in enumerate(fields, 1):
        name = field.lstrip(_BOM).strip().encode("utf-8", "replace").decode() or f"column {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return tuple(names)


def read_records(lines: Iterator[Line], separator: str, limit: int) -> Iterator[Record]:
    """Yield the records of lines; one that is broken costs its first line, and reading goes on at the next.

    Raises:
        DamagedInputError: the rest of the file cannot be read.
    """
    # A limit of the module's own would refuse long articles.
    csv.field_size_limit(max(limit, csv.field_size_limit()))
    waiting: deque[Line] = deque()
    while True:
        taken: list[Line] = []
        reader = csv.reader(_feed(waiting, lines, taken, limit), delimiter=separator, strict=True)
        fields: list[str] = []
        fault = None
        try:
            fields = next(reader)
        except StopIteration:
            return
        except _TooLongError:
            fault = Fault(Code.LIMIT_EXCEEDED, f"the row has more than {limit} bytes", show_value(taken[0].data or b""))
        except csv.Error as error:
            fault = Fault(Code.INVALID_CSV, f"no row of a CSV: {error}", show_value(taken[0].data or b""))
        if fault:
            waiting.extendleft(reversed(taken[1:]))
            del taken[1:]
        if fault or fields:
            yield Record(taken[0].number, taken[0].start, taken[-1].end, taken[-1].number, fields, fault)


def _feed(waiting: deque[Line], lines: Iterator[Line], taken: list[Line], limit: int) -> Iterator[str]:
    size = 0
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        taken.append(line)
        size += line.end - line.start
        if line.data is None or size > limit:
            raise _TooLongError
        yield line.data.decode("utf-8", "surrogateescape") + "\n"


def plan_shards(source: Input, settings: Settings, hasher: Any) -> Iterator[Shard]:  # noqa: ANN401  (hashlib's)
    """Yield the shards of a file while hashing it; their `number` and `input` are for the caller to set."""
    header = read_header(source, settings)
    reader = LineReader(source, settings.max_row_bytes, hasher)
    shard = Shard(0, 0, 0, header.next_line, header.end, header.end) if header else Shard(0, 0, 0, 1)
    try:
        lines = reader.read_lines()
        # Lines are read from the beginning, because they are hashed.
        for _ in islice(lines, header.next_line - 1 if header else 0):
            pass
        separator = header.separator if header else ","
        for record in read_records(lines, separator, settings.max_row_bytes):
            shard = replace(shard, rows=shard.rows + 1, end=record.end)
            if shard.rows >= settings.shard_rows or shard.end - shard.start >= settings.shard_bytes:
                yield shard
                shard = Shard(0, 0, 0, record.last_line + 1, record.end, record.end)
    except DamagedInputError as error:
        code = Code.LIMIT_EXCEEDED if isinstance(error, EndlessLineError) else Code.DAMAGED_FILE
        shard = replace(shard, rows=shard.rows + 1, damage=str(error), damage_code=code)
    if shard.rows:
        yield shard
    reader.drain()
    reader.close()


class CsvReader:
    """Reads the shards of one table."""

    def __init__(self, source: Input, columns: Columns, settings: Settings) -> None:
        self._limit = settings.max_row_bytes
        self._columns = columns
        self._header = read_header(source, settings)
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
        number = shard.first
        if self._header is not None:
            self._lines.seek(shard.start)
            lines = self._lines.read_lines(shard.first, shard.end)
            for record in read_records(lines, self._header.separator, self._limit):
                number = record.last_line + 1
                self._add(builder, record, self._header.names)
                yield from builder.take()
        if shard.fault:
            builder.add_fault(number, shard.fault, f"byte {shard.end}")
        yield from builder.take(least=1)

    @staticmethod
    def _add(builder: BatchBuilder, record: Record, names: Iterable[str]) -> None:
        place = f"byte {record.start}"
        names = tuple(names)
        if record.fault:
            builder.add_fault(record.number, record.fault, place)
        elif len(record.fields) != len(names):
            message = f"{len(record.fields)} fields under {len(names)} columns"
            fault = Fault(Code.WRONG_COLUMNS, message, show_value(" | ".join(record.fields)))
            builder.add_fault(record.number, fault, place)
        else:
            builder.add_record(record.number, dict(zip(names, record.fields, strict=True)), place, has_bytes=True)
