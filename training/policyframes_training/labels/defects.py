"""What a defect of the labels is, and the lenient reading that finds several in one file.

Reads lines and never raises for what they hold. What the lines must hold is `records`' and `audit`'s affair.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SIDE_START = re.compile(r'\s*"(train|validation|test)"\s*:\s*\[')
_LISTED = re.compile(r'\s*("(?:[^"\\]|\\.)*"),?\s*')


@dataclass(frozen=True, order=True)
class Defect:
    """One thing that is wrong with the labels.

    Attributes:
        file: name of the file in the folder of labels.
        line: line of the file, from 1.
        kind: short stable name, e.g. `duplicate-id`.
        found: what is there.
        allowed: what may be there.
        remedy: what to do.
    """

    file: str
    line: int
    kind: str
    found: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        """Return the line that the command prints."""
        return f"{self.file}:{self.line}: {self.kind}: {self.found}. Allowed: {self.allowed}. {self.remedy}"


@dataclass(frozen=True)
class Row:
    """One record and the line it ends on."""

    line: int
    data: dict[str, Any]


class DuplicateKeyError(ValueError):
    """A JSON object names a key twice; only seen inside this module."""


def read_lines(path: Path, defects: list[Defect]) -> list[Row]:
    """Return the JSON objects of a file, one a line; what is no such line becomes a defect."""
    text = read_text(path, defects)
    rows: list[Row] = []
    if text is None:
        return rows
    # Only LF ends a line: str.splitlines would also cut at separators inside a passage.
    for line, content in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            data = json.loads(content, object_pairs_hook=_refuse_duplicates)
        except DuplicateKeyError as error:
            defects.append(_defect(path, line, "duplicate-key", str(error), "each key once", "Delete one."))
            continue
        except (ValueError, RecursionError) as error:
            defects.append(
                _defect(path, line, "bad-json", f"no JSON ({error})", "one JSON object a line", "Correct the line.")
            )
            continue
        if isinstance(data, dict):
            rows.append(Row(line, data))
        else:
            found = f"a JSON {type(data).__name__}"
            defects.append(_defect(path, line, "bad-json", found, "one JSON object a line", "Correct the line."))
    return rows


def read_table(path: Path, columns: tuple[str, ...], defects: list[Defect]) -> list[Row]:
    """Return the rows of a CSV file; a wrong header leaves none."""
    text = read_text(path, defects)
    if text is None:
        return []
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for number, cells in enumerate(reader):
            if number == 0 and tuple(cells) != columns:
                found = f"the columns {', '.join(cells)}"
                defects.append(_defect(path, 1, "bad-columns", found, ", ".join(columns), "Correct them."))
                break
            if len(cells) != len(columns):
                allowed = f"{len(columns)} cells"
                fault = _defect(
                    path, reader.line_num, "bad-columns", f"{len(cells)} cells", allowed, "Quote commas in texts."
                )
                defects.append(fault)
            elif number:
                rows.append(Row(reader.line_num, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        defects.append(_defect(path, reader.line_num, "bad-columns", str(error), "a CSV table", "Correct the line."))
    return rows


def read_text(path: Path, defects: list[Defect]) -> str | None:
    """Return the file's text; the faults of its bytes become defects."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        defects.append(
            _defect(path, 1, "missing-file", f"it cannot be read ({error.strerror})", "the file", "Restore it.")
        )
        return None
    if raw.startswith(b"\xef\xbb\xbf"):
        defects.append(_defect(path, 1, "byte-order-mark", "a BOM", "UTF-8 without BOM", "Save it without."))
        raw = raw[3:]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        defects.append(_defect(path, line, "bad-encoding", f"no UTF-8 ({error.reason})", "UTF-8", "Save it as UTF-8."))
        return None
    if "\r" in text:
        line = text[: text.index("\r")].count("\n") + 1
        defects.append(_defect(path, line, "line-end", "a carriage return", "LF alone", "Save it with LF."))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n") if not unicodedata.is_normalized("NFC", text) else []
    defects.extend(
        _defect(path, number, "not-nfc", "decomposed characters", "text in Unicode NFC", "Normalise the line.")
        for number, line_text in enumerate(lines, 1)
        if not unicodedata.is_normalized("NFC", line_text)
    )
    return text


def locate_documents(text: str) -> list[tuple[str, str, int]]:
    """Return side, document id and line for each id that splits.json lists on a line of its own."""
    found: list[tuple[str, str, int]] = []
    side: str | None = None
    for line, content in enumerate(text.split("\n"), 1):
        if start := _SIDE_START.match(content):
            side = start[1] if "]" not in content else None
        elif side and "]" in content and not _LISTED.fullmatch(content):
            side = None
        elif side and (listed := _LISTED.fullmatch(content)):
            found.append((side, json.loads(listed[1]), line))
    return found


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DuplicateKeyError(f"the key '{twice[0]}' twice")
    return dict(pairs)


def _defect(path: Path, line: int, kind: str, found: str, allowed: str, remedy: str) -> Defect:
    return Defect(path.name, line, kind, found, allowed, remedy)
