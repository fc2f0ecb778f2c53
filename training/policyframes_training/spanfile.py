"""Turns lines of spans given by offsets into lines of labels/spans.jsonl. The documented way to add spans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from policyframes.errors import LabelsError
from policyframes_training.anchors import LetterStream, anchor_fields, make_anchor
from policyframes_training.labels import read_documents


def anchor_lines(spans: Path, documents: Path) -> list[dict[str, Any]]:
    """Return one record a line with its anchor made; all other fields stay as they are.

    Args:
        spans: JSON lines with `id`, `document`, `start`, `end` and any other fields (the codes).
        documents: folder with the documents as <id>.txt.

    Raises:
        LabelsError: a line is no such object, or its document is absent.
        AnchorError: the offsets do not lie in the document.
    """
    try:
        lines = spans.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _fault(spans, None, f"it cannot be read ({error})", "JSON lines in UTF-8") from error
    texts = read_documents(documents)
    streams: dict[str, LetterStream] = {}
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        row = _read_line(spans, number, line)
        name = row["document"]
        if name not in texts:
            raise _fault(spans, number, f"the document {name}", f"a file {name}.txt in {documents}")
        if name not in streams:
            streams[name] = LetterStream.from_text(texts[name])
        made = make_anchor(row["id"], name, text=streams[name], start=row["start"], end=row["end"])
        rows.append({**anchor_fields(made), **{key: row[key] for key in row if key not in anchor_fields(made)}})
    return rows


def _read_line(path: Path, number: int, line: str) -> dict[str, Any]:
    allowed = "an object with id and document (text), start and end (whole numbers)"
    try:
        row = json.loads(line)
    except ValueError as error:
        raise _fault(path, number, f"no JSON ({error})", allowed) from error
    kinds = {"id": str, "document": str, "start": int, "end": int}
    if not isinstance(row, dict) or not all(isinstance(row.get(name), kind) for name, kind in kinds.items()):
        raise _fault(path, number, f"{line[:80]}", allowed)
    return row


def _fault(path: Path, line: int | None, found: str, allowed: str) -> LabelsError:
    where = f"{path}:{line}" if line else str(path)
    return LabelsError(where=where, found=found, allowed=allowed, remedy="Correct the file and try again.")
