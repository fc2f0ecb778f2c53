"""Records of JSON and CSV files as rows, gathered into batches. What cannot be a row becomes one that says why."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.archive.columns import OTHER, Columns, format_kept, leave_out, look_up
from policyframes.archive.rows import BATCH, Batch, Code, Fault, Row, name_type, show_value
from policyframes.archive.sources.presets import adapt_record

MAX_DEPTH = 64
_BRACKETS_OR_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_SURROGATES = re.compile("[\ud800-\udfff]")
_STRAY_BYTES = re.compile("[\udc80-\udcff]")


class BatchBuilder:
    """Gathers rows until there are enough for a batch.

    Args:
        columns: where the values are.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._inner = {path: inner for path, _ in columns.kept if (inner := columns.find_inner(path))}
        self._known = {*(path for path, _ in columns.kept), columns.text, columns.id, columns.date}
        self._arrow = import_arrow()
        self._clear()

    def _clear(self) -> None:
        self._rows: list[Row] = []
        self._kept: dict[str, list[str | None]] = {name: [] for name in self._columns.schema.names}

    def add_fault(self, number: int, fault: Fault, place: str = "") -> None:
        """Add a row that cannot be read."""
        self._add(Row(number, place, fault=fault), {})

    def add_record(
        self, number: int, record: Mapping[str, Any], place: str = "", *, item: int = 0, has_bytes: bool = False
    ) -> None:
        """Add a record.

        Args:
            number: of the row.
            record: its values by column.
            place: more exactly.
            item: place of the record among those of its row, from 1.
            has_bytes: bytes that are no UTF-8 stand in its strings as lone surrogates, as Python's decoder left them.
        """
        columns = self._columns
        record = adapt_record(columns.source, record)
        kept, fault = self._keep(record, has_bytes=has_bytes)
        text = _find(record, columns.text)
        if fault is None and text is _ABSENT:
            fault = Fault(Code.MISSING_TEXT, f"the row has no column {columns.text!r}", show_value(record))
        row = Row(
            number,
            place,
            id=_find_or_none(record, columns.id),
            text=None if text is _ABSENT else text,
            date=_find_or_none(record, columns.date),
            fault=fault,
            item=item,
        )
        self._add(row, {} if fault else kept)

    def take(self, *, least: int = BATCH) -> Iterator[Batch]:
        """Yield the batch if it has reached a size."""
        if len(self._rows) < max(least, 1):
            return
        arrays = [self._arrow.array(values, self._arrow.string()) for values in self._kept.values()]
        kept = self._arrow.Table.from_arrays(arrays, schema=self._columns.schema)
        batch = Batch(self._rows, kept)
        self._clear()
        yield batch

    def _add(self, row: Row, kept: Mapping[str, str | None]) -> None:
        self._rows.append(row)
        for name, values in self._kept.items():
            values.append(kept.get(name))

    def _keep(self, record: Mapping[str, Any], *, has_bytes: bool) -> tuple[dict[str, str | None], Fault | None]:
        kept: dict[str, str | None] = {}
        for path, name in self._columns.kept:
            value = _find(record, path)
            if path in self._inner:
                value = leave_out(value, self._inner[path])
            kept[name] = None if value is _ABSENT else format_kept(value)
        if self._columns.has_other:
            known = self._known
            rest = {name: value for name, value in record.items() if name not in known and not _leads(name, known)}
            kept[OTHER] = format_kept(rest) if rest else None
        # The text is checked with the articles; here is what would not fit into any column.
        for name, value in kept.items():
            if value is not None and _SURROGATES.search(value):
                return kept, make_surrogate_fault(value, f"column {name!r}", has_bytes=has_bytes)
        text = _find(record, self._columns.text)
        if has_bytes and isinstance(text, str) and _STRAY_BYTES.search(text):
            return kept, make_surrogate_fault(text, f"column {self._columns.text!r}", has_bytes=True)
        return kept, None


def make_surrogate_fault(value: str, where: str, *, has_bytes: bool) -> Fault:
    """Return the fault of a value with lone surrogates, or with the bytes that they stand for."""
    if has_bytes:
        return Fault(Code.INVALID_UTF8, f"{where} holds bytes that are no UTF-8", show_value(value))
    return Fault(Code.LONE_SURROGATE, f"{where} holds half of a surrogate pair", show_value(value))


class _Absent:
    """Stands for a column that a row has not."""


_ABSENT = _Absent()


def _find(record: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  (whatever JSON holds)
    try:
        return look_up(record, path)
    except KeyError:
        return _ABSENT


def _find_or_none(record: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  (whatever JSON holds)
    value = _find(record, path) if path else None
    return None if value is _ABSENT else value


def _leads(name: str, paths: set[str]) -> bool:
    """Return whether a column is the only way to a value that is taken from within it."""
    return any(path.startswith(f"{name}.") for path in paths)


class FaultError(Exception):
    """A row is faulty; caught where the row is made."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def parse_json(data: bytes) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """Return the value of a JSON text.

    Raises:
        FaultError: it is no JSON, or JSON that no two programs read alike.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} of the row is no UTF-8"
        raise FaultError(Fault(Code.INVALID_UTF8, message, show_value(data))) from None
    if (data.count(b"[") + data.count(b"{")) > MAX_DEPTH and _measure_depth(data) > MAX_DEPTH:
        raise FaultError(Fault(Code.TOO_DEEP, f"objects and lists nest deeper than {MAX_DEPTH}", show_value(data)))
    try:
        return _DECODER.decode(text)
    except FaultError as error:
        fault = error.fault
        raise FaultError(Fault(fault.code, fault.message, show_value(data))) from None
    except (ValueError, RecursionError) as error:
        raise FaultError(Fault(Code.INVALID_JSON, f"no JSON: {error}"[:300], show_value(data))) from None


def _measure_depth(data: bytes) -> int:
    depth = deepest = 0
    for match in _BRACKETS_OR_STRINGS.finditer(data):
        first = match.group()[:1]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FaultError(Fault(Code.DUPLICATE_KEYS, f"the key {show_value(twice)!r} occurs twice in one object"))
    return record


def _refuse_constant(name: str) -> Any:  # noqa: ANN401  (json's protocol)
    raise FaultError(Fault(Code.NOT_FINITE, f"{name} is no JSON"))


def _parse_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise FaultError(Fault(Code.NOT_FINITE, f"the number {digits[:40]} is beyond what a computer holds"))
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=_refuse_constant, parse_float=_parse_float)


def find_records(value: Any, path: str) -> list[Any]:  # noqa: ANN401  (whatever JSON holds)
    """Return the records of a JSON value: itself, or the list at a path.

    Raises:
        FaultError: there is no list at the path.
    """
    if not path:
        return [value]
    try:
        found = look_up(value, path) if isinstance(value, Mapping) else None
    except KeyError:
        found = None
    if not isinstance(found, list):
        raise FaultError(Fault(Code.MISSING_RECORDS, f"there is no list at {path!r}", show_value(value)))
    return found


def require_object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  (whatever JSON holds)
    """Return a value that is an object.

    Raises:
        FaultError: it is something else.
    """
    if not isinstance(value, Mapping):
        raise FaultError(Fault(Code.NOT_AN_OBJECT, f"{name_type(value)} instead of an object", show_value(value)))
    return value
