"""Turns lines of spans given by offsets into lines of labels/spans.jsonl. The documented way to add spans.

An existing file is never replaced: it is refused, or added to with every line of it kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

from policyframes.errors import LabelsError, RefusedError
from policyframes_training.labels.anchors import LetterStream, anchor_fields, make_anchor
from policyframes_training.labels.coded import read_documents
from policyframes_training.labels.replacement import replace_file


def add_anchors(spans: Path, documents: Path, output: Path, *, append: bool = False) -> int:
    """Make the anchors of a file of spans, write them ordered by id, and return how many were made.

    Args:
        spans: see `anchor_lines`.
        documents: see `anchor_lines`.
        output: file to write, whole or not at all.
        append: add to the file if it exists; its lines stay as they are, all ordered by id.

    Raises:
        RefusedError: the file exists and `append` was not asked for.
        LabelsError: see `anchor_lines`; or an id comes twice, or is in the file already.
        AnchorError: the offsets do not lie in the document.
        OutputError: the file cannot be written.
    """
    if output.is_file() and not append:
        raise RefusedError(
            where=str(output),
            found="a file that exists",
            allowed="a new file, or --append to add to this one",
            remedy="Give another path with --output, or add --append.",
        )
    # Before the documents are read: that takes longer.
    kept = _read_kept(output) if output.is_file() else []
    rows = anchor_lines(spans, documents)
    _refuse_known(rows, spans, {name: f"{output}:{number}" for number, (name, _) in enumerate(kept, 1)})
    lines = [*kept, *((row["id"], json.dumps(row, ensure_ascii=False)) for row in rows)]
    # Ordered by id, so that a change shows as the lines it touches.
    lines.sort(key=itemgetter(0))
    replace_file(output, "".join(f"{line}\n" for _, line in lines))
    return len(rows)


def anchor_lines(spans: Path, documents: Path) -> list[dict[str, Any]]:
    """Return one record a line with its anchor made; all other fields stay as they are.

    Args:
        spans: JSON lines with `id`, `document`, `start`, `end` and any other fields (the codes).
        documents: folder with the documents as <id>.txt.

    Raises:
        LabelsError: a line is no such object, or its document is absent.
        AnchorError: the offsets do not lie in the document.
    """
    lines = _read_text(spans).removesuffix("\n").split("\n")
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


def _read_kept(path: Path) -> list[tuple[str, str]]:
    """Return id and text of each line of a file of spans."""
    content = _read_text(path).removesuffix("\n")
    lines = content.split("\n") if content else []
    return [(_read_line(path, number, line)["id"], line) for number, line in enumerate(lines, 1)]


def _refuse_known(rows: list[dict[str, Any]], spans: Path, known: Mapping[str, str]) -> None:
    """Refuse ids that the file has (`known`: id to place), and ids that one coder gives twice."""
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows, 1):
        key = row["id"], json.dumps(row.get("coder"))
        if row["id"] in known:
            found = f"the id {row['id']}, which {known[row['id']]} has already"
            raise _fault(spans, number, found, "ids that the file does not have")
        if key in seen:
            raise _fault(spans, number, f"the id {row['id']} again, first on line {seen[key]}", "each id once")
        seen[key] = number


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _fault(path, None, f"it cannot be read ({error})", "JSON lines in UTF-8") from error


def _read_line(path: Path, number: int, line: str) -> dict[str, Any]:
    allowed = "an object with id and document (text), start and end (whole numbers)"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _fault(path, number, f"no JSON ({error})", allowed) from error
    kinds = {"id": str, "document": str, "start": int, "end": int}
    if not isinstance(row, dict) or not all(isinstance(row.get(name), kind) for name, kind in kinds.items()):
        raise _fault(path, number, f"{line[:80]}", allowed)
    return row


def _fault(path: Path, line: int | None, found: str, allowed: str) -> LabelsError:
    where = f"{path}:{line}" if line else str(path)
    return LabelsError(where=where, found=found, allowed=allowed, remedy="Correct the file and try again.")
