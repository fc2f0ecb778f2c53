"""Labelled data of any kind -> tables of named cells: a CSV or JSONL file, a folder of such, a saved `datasets` folder.

Knows files and their encodings. What a cell means, and whether it may stand there, is for dataset_rows.py to say.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import ClassLabel, Dataset, DatasetDict, Features, load_from_disk

from policyframes.errors import LabelsError
from policyframes_training.labels.coded import Side

SIDE_NAMES: dict[str, Side] = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
SUFFIXES = (".csv", ".tsv", ".jsonl")
COLUMNS = (
    "the column 'text', and either 'framings' (a list; in CSV split by ';') or one 0/1 column a framing; beside them "
    "id, document, split, doubt, voice, primary, origin where wanted"
)

_KINDS = (
    "a file .csv, .tsv or .jsonl; a folder with train, validation and test of such a kind; what save_to_disk of "
    "datasets wrote; or a folder of labels with passages.jsonl"
)
_DELIMITERS = (",", ";", "\t")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_REMEDY = "docs/training.md shows the columns with examples."
# Any of them makes a folder one of labels, with a fault if the others are missing.
_LABELS = ("passages.jsonl", "spans.jsonl", "splits.json", "documents.csv")
_SAVED = ("dataset_dict.json", "dataset_info.json")


@dataclass(frozen=True)
class Row:
    """The cells of one row, and where it stands in words (`data.csv:12`)."""

    place: str
    cells: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """One file or one part of a saved dataset.

    Attributes:
        columns: names, as `Row.cells` has them: stripped, in lower case.
        rows: in their order.
        side: what the name of the file or part says; None where it says nothing.
        notes: what was assumed in reading.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    side: Side | None
    notes: tuple[str, ...] = ()


def is_dataset(path: Path) -> bool:
    """Return whether the path is labelled data in documented columns, and no folder of labels."""
    return not any((path / name).exists() for name in _LABELS)


def read_tables(path: Path) -> tuple[Table, ...]:
    """Return the tables at a path.

    Args:
        path: a file `.csv`, `.tsv` or `.jsonl`; a folder of such files that are named after the splits; or a folder
            that `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote.

    Raises:
        LabelsError: there is nothing of that kind, or it cannot be read.
    """
    if path.is_dir():
        if _is_saved(path):
            return tuple(_read_saved(path))
        files = _find_parts(path)
        if not files:
            raise refuse(str(path), "a folder without labelled data", _KINDS)
        return tuple(_read_file(file, SIDE_NAMES[file.stem.lower()]) for file in files)
    return (_read_file(path, None),)


def refuse(where: str, found: str, allowed: str = COLUMNS) -> LabelsError:
    """Return the error that says what labelled data must be."""
    return LabelsError(where=where, found=found, allowed=allowed, remedy=_REMEDY)


def _is_saved(path: Path) -> bool:
    return any((path / name).is_file() for name in _SAVED)


def _find_parts(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    return sorted(file for file in files if file.stem.lower() in SIDE_NAMES)


def _read_file(path: Path, side: Side | None) -> Table:
    if not path.exists():
        raise refuse(str(path), "no such file or folder", _KINDS)
    if path.suffix.lower() not in SUFFIXES:
        raise refuse(str(path), f"a file {path.suffix or 'without a suffix'}", _KINDS)
    text, notes = _decode(path)
    if path.suffix.lower() == ".jsonl":
        rows = tuple(_read_lines(path, text))
        columns = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    else:
        columns, rows = _read_cells(path, text)
    if not rows:
        raise refuse(str(path), "no row", "at least one row")
    return Table(columns, rows, side, notes)


def _decode(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise refuse(str(path), f"it cannot be read ({error})", "a file in UTF-8") from error
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        # In a JSONL file it is damage; spreadsheets save CSV so.
        if path.suffix.lower() == ".jsonl" or encoding != "utf-8" or b"\0" in data:
            raise refuse(f"{path}:{line}", f"bytes that are no text ({error.reason})", "a file in UTF-8") from error
    return data.decode("cp1252", "replace"), (f"{path.name} is no UTF-8 (line {line}): read as Windows-1252",)


def _read_lines(path: Path, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise refuse(f"{path}:{number}", f"no JSON ({error})", "one JSON object a line") from error
        if not isinstance(cells, dict):
            raise refuse(f"{path}:{number}", "no JSON object", "one JSON object a line")
        yield Row(f"{path.name}:{number}", {name.strip().lower(): value for name, value in cells.items()})


def _read_cells(path: Path, text: str) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_find_delimiter(text), strict=True)
    rows: list[Row] = []
    columns: tuple[str, ...] = ()
    start = 1
    try:
        columns = tuple(name.strip().lower() for name in next(reader, []))
        start = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(columns):
                    found = f"{len(cells)} cells under {len(columns)} columns"
                    raise refuse(f"{path}:{start}", found, "one cell a column; quotes around what holds the delimiter")
                rows.append(Row(f"{path.name}:{start}", dict(zip(columns, cells, strict=True))))
            start = reader.line_num + 1
    except csv.Error as error:
        raise refuse(f"{path}:{start}", f"no CSV ({error})", "a table, quotes closed where they are opened") from error
    if len(set(columns)) < len(columns):
        raise refuse(f"{path}:1", f"a column twice among {', '.join(columns)}")
    return columns, tuple(rows)


def _find_delimiter(text: str) -> str:
    """Return the delimiter that makes the most columns of the first line."""
    line = text.split("\n", 1)[0]
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark), [])))


def _read_saved(path: Path) -> Iterator[Table]:
    try:
        saved = load_from_disk(str(path))
        parts = dict(saved) if isinstance(saved, DatasetDict) else {"": saved}
        for name, part in parts.items():
            if name and name.lower() not in SIDE_NAMES:
                raise refuse(str(path), f"the split '{name}'", ", ".join(SIDE_NAMES))
            yield _read_part(name, part)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        if isinstance(error, LabelsError):
            raise
        raise refuse(str(path), f"a saved dataset that cannot be read ({error})", "what save_to_disk wrote") from error


def _read_part(name: str, part: Dataset) -> Table:
    columns = tuple(column.strip().lower() for column in part.column_names)
    classes = _find_classes(part.features)
    rows = []
    for number, cells in enumerate(part.with_format(None), 1):
        named = {column.strip().lower(): value for column, value in cells.items()}
        for column, label in classes.items():
            named[column] = _name_classes(named[column], label)
        rows.append(Row(f"{name or 'dataset'} row {number}", named))
    return Table(columns, tuple(rows), SIDE_NAMES.get(name.lower()))


def _find_classes(features: Features) -> dict[str, ClassLabel]:
    inner = {name.strip().lower(): getattr(feature, "feature", feature) for name, feature in features.items()}
    return {name: feature for name, feature in inner.items() if isinstance(feature, ClassLabel)}


def _name_classes(value: object, label: ClassLabel) -> object:
    """Return names for a class or a list of classes; what has no value stays as it is."""
    if isinstance(value, list):
        return [_name_classes(member, label) for member in value]
    return label.int2str(value) if isinstance(value, int) and value >= 0 else None
