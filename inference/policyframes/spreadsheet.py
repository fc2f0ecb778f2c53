"""CSV as people and their spreadsheets write it, read and written; the Excel form runs no formula.

Knows nothing of what the columns mean.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policyframes.errors import TableError

Value = str | int | float | list[str] | None

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_DELIMITERS = ",;\t"
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_MOST_BYTES = 256 * 1024 * 1024
# What Excel, LibreOffice or Sheets take for a formula at the start of a cell, full-width forms included; OWASP's
# "CSV Injection" page lists them. White space before it does not make it harmless everywhere.
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")


@dataclass(frozen=True)
class Table:
    """Rows of a CSV file as text.

    Attributes:
        source: path of the file.
        columns: names in lower case, in the order of the file.
        rows: by line of the file (from 1): text by column, stripped; an empty cell is an empty text.
    """

    source: str
    columns: tuple[str, ...]
    rows: Mapping[int, Mapping[str, str]]


def read_table(path: Path | str) -> Table:
    """Read a CSV file: UTF-8 or UTF-16, by its mark, else UTF-8 or Windows-1252; cells parted by `,` `;` or tab.

    Raises:
        TableError: there is no such file, it is no text, it has no header, a row has more cells than the header, a
            quotation mark is not closed, or two columns have one name.
    """
    text = _decode(path)
    delimiter = ""
    if separator := _SEPARATOR_LINE.match(text):
        # Excel's own note of the delimiter; its line counts as a line of the file.
        delimiter, text = separator[1], text[separator.end() - 1 :]
    header = text.lstrip("\n").partition("\n")[0]
    delimiter = delimiter or max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: dict[int, Mapping[str, str]] = {}
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and columns:
                rows[line] = _name_cells(path, line, columns, stripped)
            elif any(stripped):
                columns = _check_columns(path, stripped)
            line = reader.line_num + 1
    except csv.Error as error:
        raise _fault(path, f"line {line} is no row of a CSV file ({error})") from error
    if not columns:
        raise _fault(path, "it is empty")
    return Table(str(path), columns, rows)


def format_csv(rows: Iterable[Mapping[str, Value]], columns: Sequence[str], *, excel: bool = False) -> str:
    """Return rows as CSV text; lists are joined by `; `.

    Args:
        rows: values by column; a column that a row lacks is an empty cell.
        columns: in their order.
        excel: begin with a byte-order mark, by which Excel knows UTF-8, and make formulas inert (`make_inert`).
    """
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n").writerow
    for cells in (columns, *([row.get(name) for name in columns] for row in rows)):
        joined = [_join(cell) for cell in cells]
        write([make_inert(cell) if excel and isinstance(cell, str) else cell for cell in joined])
    return (BYTE_ORDER_MARK if excel else "") + buffer.getvalue()


def make_inert(cell: str) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe goes before what would begin a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def undo_inert(cell: str) -> str:
    """Return a cell as it was before `make_inert`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _join(value: Value) -> str | int | float | None:
    text = "; ".join(value) if isinstance(value, list) else value
    # A bare carriage return would end the row for many readers: the writer puts no quotation marks around it.
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else text


def _decode(path: Path | str) -> str:
    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _fault(path, f"it cannot be read ({error.strerror or error})") from error
    if len(raw) > _MOST_BYTES:
        raise _fault(path, "it has more than 256 MiB")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _fault(path, "it is an Excel workbook, not a CSV file")
    encodings = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise _fault(path, "it is no text")


def _check_columns(path: Path | str, cells: Sequence[str]) -> tuple[str, ...]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    names = tuple(undo_inert(cell).lower() for cell in cells)
    if "" in names:
        raise _fault(path, f"column {names.index('') + 1} has no name")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _fault(path, f"two columns have the name '{twice}'")
    return names


def _name_cells(path: Path | str, line: int, columns: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    if any(cells[len(columns) :]):
        raise _fault(
            path,
            f"line {line} has {len(cells)} cells, and the header {len(columns)} "
            "(a comma within a cell needs quotation marks around the cell)",
        )
    padded = [*cells, *[""] * (len(columns) - len(cells))]
    return {name: undo_inert(cell) for name, cell in zip(columns, padded, strict=False)}


def _fault(path: Path | str, found: str) -> TableError:
    return TableError(
        where=str(path),
        found=found,
        allowed="a CSV file with a header line, as a spreadsheet saves it",
        remedy="In a spreadsheet, save it as CSV UTF-8.",
    )
