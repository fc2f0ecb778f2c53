"""Rows of Parquet files, by row groups, in small batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.archive.columns import Columns, leave_out
from policyframes.archive.input_files import DamagedInputError
from policyframes.archive.inputs import Input
from policyframes.archive.readers.parquet_file import ParquetSource
from policyframes.archive.rows import Batch, Code, Fault, Row, show_value
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.errors import UsageError

# A page is unpacked as a whole, and writers look at its size only after so many rows.
_PAGE_ROWS = 1024
_PAGE_BYTES = 1024**3


def plan_shards(source: Input, settings: Settings) -> Iterator[Shard]:
    """Yield the shards of a file; their `number` and `input` are for the caller to set."""
    try:
        file = ParquetSource(source)
    except DamagedInputError as error:
        yield Shard(0, 0, 1, 1, damage=str(error), damage_code=Code.DAMAGED_FILE)
        return
    first = 1
    for group, (rows, size) in enumerate(file.sizes()):
        if rows < 0 or size < 0:
            yield Shard(0, 0, 1, first, damage="the footer states negative sizes", damage_code=Code.DAMAGED_FILE)
            break
        step = max(1, min(settings.shard_rows, settings.shard_bytes * rows // max(size, 1))) if rows else 1
        for offset in range(0, rows, step):
            count = min(step, rows - offset)
            yield Shard(0, 0, count, first + offset, group=group, offset=offset)
        first += rows
    file.close()


@dataclass
class _Cursor:
    """Where reading stands in a row group."""

    group: int
    position: int
    batches: Iterator[Any]
    rest: Any = None


class ParquetReader:
    """Reads the shards of one file; going forward within a row group costs no second reading."""

    def __init__(self, source: Input, columns: Columns, settings: Settings) -> None:
        self._columns = columns
        self._limit = settings.max_row_bytes
        self._source = source
        self._arrow = import_arrow()
        self._compute = import_arrow("pyarrow.compute")
        self._file: ParquetSource | None = None
        self._cursor: _Cursor | None = None
        self._broken: dict[int, tuple[int, str]] = {}

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def read(self, shard: Shard) -> Iterator[Batch]:
        """Yield the rows of a shard in batches.

        Raises:
            ArchiveInputError: the disk cannot be read.
        """
        if fault := shard.fault or self._find_bomb(shard):
            yield self._make_faulty(Row(shard.first, fault=fault))
            return
        done = 0
        try:
            for piece in self._read_pieces(shard):
                yield self._make_batch(piece, shard.first + done, f"row group {shard.group + 1}")
                done += piece.num_rows
        except DamagedInputError as error:
            lost = shard.rows - done
            fault = Fault(Code.DAMAGED_FILE, f"{error}; {lost} rows of this part are lost", rows=lost)
            yield self._make_faulty(Row(shard.first + done, f"row group {shard.group + 1}", fault=fault))

    def _open(self) -> ParquetSource:
        """Return the file, opened the first time.

        Raises:
            DamagedInputError: it cannot be read.
        """
        if self._file is None:
            columns = self._columns
            wanted = [columns.text, columns.id, columns.date, *(path for path, _ in columns.kept)]
            self._file = ParquetSource(self._source, list(dict.fromkeys(name for name in wanted if name)))
        return self._file

    def _find_bomb(self, shard: Shard) -> Fault | None:
        """Return what is wrong with rows that are too long on average, before any of them is unpacked."""
        try:
            rows, size = self._open().measure_rows(shard.group)
        except DamagedInputError:
            return None  # Reading will say what is lost.
        limit = min(self._limit, _PAGE_BYTES // max(1, min(rows, _PAGE_ROWS)))
        if size <= limit:
            return None
        found = f"{rows} rows of {size} bytes on average in one row group, more than {limit}"
        return Fault(Code.LIMIT_EXCEEDED, f"{found}; {shard.rows} rows of this part were not unpacked", rows=shard.rows)

    def _read_pieces(self, shard: Shard) -> Iterator[Any]:
        file = self._open()
        broken_at, message = self._broken.get(shard.group, (-1, ""))
        if 0 <= broken_at <= shard.offset:
            raise DamagedInputError(message)
        cursor = self._cursor
        if cursor is None or cursor.group != shard.group or cursor.position > shard.offset:
            cursor = self._cursor = _Cursor(shard.group, 0, file.iterate(shard.group))
        end = shard.offset + shard.rows
        while cursor.position < end:
            piece = cursor.rest
            cursor.rest = None
            if piece is None:
                piece = self._next_batch(cursor)
            before = max(0, min(shard.offset - cursor.position, piece.num_rows))
            after = min(end - cursor.position, piece.num_rows)
            cursor.position += after
            if after < piece.num_rows:
                cursor.rest = piece.slice(after)
            if after > before:
                yield piece.slice(before, after - before)

    def _next_batch(self, cursor: _Cursor) -> Any:  # noqa: ANN401  (pyarrow has no types)
        try:
            piece = next(cursor.batches)
        except StopIteration:
            self._cursor = None
            raise DamagedInputError("the row group has fewer rows than its footer states") from None
        except DamagedInputError as error:
            self._broken[cursor.group] = (cursor.position, str(error))
            self._cursor = None
            raise
        return piece

    def _make_faulty(self, row: Row) -> Batch:
        schema = self._columns.schema
        arrays = [self._arrow.nulls(1, field.type) for field in schema]
        return Batch([row], self._arrow.Table.from_arrays(arrays, schema=schema))

    def _make_batch(self, piece: Any, first: int, place: str) -> Batch:  # noqa: ANN401  (pyarrow has no types)
        faults: dict[int, Fault] = {}
        values = {name: self._check_column(piece, name, faults) for name in piece.schema.names}
        columns = self._columns
        rows = []
        for index in range(piece.num_rows):
            fault = faults.get(index)
            if fault is None and columns.text not in values:
                fault = Fault(Code.MISSING_TEXT, f"the file has no column {columns.text!r}")
            taken = {} if fault else {name: values.get(name) for name in (columns.id, columns.text, columns.date)}
            cells = [
                None if (column := taken.get(name)) is None else _read_cell(column[index], faults, index, name)
                for name in (columns.id, columns.text, columns.date)
            ]
            identity, text, date = cells
            row = Row(first + index, place, id=identity, text=text, date=date, fault=fault or faults.get(index))
            rows.append(row)
        return Batch(rows, self._keep(values, piece.num_rows, faults))

    def _check_column(self, piece: Any, name: str, faults: dict[int, Fault]) -> Any:  # noqa: ANN401  (pyarrow)
        """Return a column without what is too long or no text; those rows get a fault."""
        column = piece.column(name)
        if not self._arrow.types.is_dictionary(column.type):
            return column
        lengths = self._compute.binary_length(column.dictionary)
        longest = self._compute.max(lengths).as_py() or 0
        bad: dict[int, Fault] = {}
        if longest > self._limit:
            for code, length in enumerate(lengths.to_pylist()):
                if length is not None and length > self._limit:
                    message = f"column {name!r} holds {length} bytes, more than {self._limit}"
                    start = column.dictionary[code].as_buffer()[:200].to_pybytes()
                    bad[code] = Fault(Code.LIMIT_EXCEEDED, message, show_value(start))
        for code in self._find_broken(column.dictionary, bad):
            message = f"column {name!r} holds bytes that are no UTF-8"
            start = column.dictionary[code].as_buffer()[:200].to_pybytes()
            bad[code] = Fault(Code.INVALID_UTF8, message, show_value(start))
        codes = column.indices.to_pylist()
        for index, code in enumerate(codes):
            if code in bad:
                faults.setdefault(index, bad[code])
        cleaned = self._arrow.array([None if code in bad else code for code in codes], column.indices.type)
        return self._arrow.DictionaryArray.from_arrays(cleaned, column.dictionary)

    def _find_broken(self, dictionary: Any, but: Mapping[int, Fault]) -> list[int]:  # noqa: ANN401  (pyarrow)
        """Return the places of values that are no UTF-8, leaving out those that are too long to be looked at."""
        if not but:
            try:
                dictionary.validate(full=True)
            except self._arrow.ArrowException:
                pass
            else:
                return []
        buffers = {code: dictionary[code].as_buffer() for code in range(len(dictionary)) if code not in but}
        return [code for code, data in buffers.items() if data is not None and not _is_utf8(data)]

    def _keep(self, values: Mapping[str, Any], rows: int, faults: Mapping[int, Fault]) -> Any:  # noqa: ANN401
        schema = self._columns.schema
        alive = self._arrow.array([index if index not in faults else None for index in range(rows)], "int64")
        arrays = []
        paths = {name: path for path, name in self._columns.kept}
        for field in schema:
            path = paths.get(field.name, "")
            column = values.get(path)
            if column is None:
                arrays.append(self._arrow.nulls(rows, field.type))
                continue
            # Faulty rows carry nothing, so what made them faulty is not unfolded here.
            arrays.append(self._convert(column.take(alive), field.type, self._columns.find_inner(path)))
        return self._arrow.Table.from_arrays(arrays, schema=schema)

    def _convert(self, column: Any, kind: Any, inner: str) -> Any:  # noqa: ANN401  (pyarrow has no types)
        if column.type == kind:
            return column
        types = self._arrow.types
        if types.is_nested(column.type):
            found = (leave_out(cell, inner) if inner else cell for cell in column.to_pylist())
            cells = [None if cell is None else json.dumps(cell, ensure_ascii=False, default=str) for cell in found]
            return self._arrow.array(cells, kind)
        if types.is_binary(column.type) or types.is_large_binary(column.type):
            cells = [None if cell is None else cell.decode("utf-8", "replace") for cell in column.to_pylist()]
            return self._arrow.array(cells, kind)
        return column.cast(kind)


def _read_cell(cell: Any, faults: dict[int, Fault], index: int, name: str) -> Any:  # noqa: ANN401  (any value)
    """Return the value of a cell; times as text, because their nanoseconds fit into no Python value."""
    types = import_arrow("pyarrow.types")
    if types.is_temporal(cell.type):
        return cell.cast("string").as_py() if not types.is_duration(cell.type) else str(cell)
    value = cell.as_py()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            faults[index] = Fault(
                Code.INVALID_UTF8, f"column {name!r} holds bytes that are no UTF-8", show_value(value)
            )
            return None
    return value


def _is_utf8(data: Any) -> bool:  # noqa: ANN401  (a pyarrow buffer)
    try:
        data.to_pybytes().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def refuse_records(source: Input, settings: Settings) -> None:
    """Refuse a setting that a table has no use for.

    Raises:
        UsageError: records are to be found within rows.
    """
    if settings.records:
        raise UsageError(
            where=f"--records with {source.path}",
            found=f"a {source.format} file",
            allowed="--records with JSON files, whose objects hold lists of articles",
            remedy="Leave --records out, or score these files apart.",
        )
