"""Records of labels/ -> rows of a corpus, each on its side. Knows nothing of files of other sorts or of arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from policyframes.errors import TrainingError
from policyframes_training.corpus.dataset_rows import ORIGINS, Origin
from policyframes_training.labels.anchors import Unresolved, resolve_spans
from policyframes_training.labels.coded import (
    COUNTERFACTUALS,
    FURTHER,
    SIDES,
    CodedPassage,
    Codes,
    Labels,
    Side,
    Span,
    read_documents,
)

_NAMED = 10


def resolve_originals(
    labels: Labels, coded: Sequence[Span], documents: Path
) -> tuple[list[dict[str, Any]], tuple[Unresolved, ...]]:
    """Return coded spans as rows with the documents' words, and those that the documents do not hold."""
    texts = read_documents(documents, iter(sorted({span.document for span in coded})))
    resolution = resolve_spans((span.anchor for span in coded), texts)
    spans = {span.id: span for span in coded}
    rows = [
        _make_row(
            place.id,
            texts[spans[place.id].document][place.start : place.end],
            spans[place.id].codes,
            document=spans[place.id].document,
            framings=labels.taxonomy.framing_ids,
            origin="original",
        )
        for place in resolution.resolved
    ]
    return rows, resolution.unresolved


def list_rewrites(labels: Labels, passages: Iterable[CodedPassage]) -> list[dict[str, Any]]:
    """Return passages in our own words as rows."""
    framings = labels.taxonomy.framing_ids
    return [_make_row(p.id, p.text, p.codes, document=p.document, framings=framings) for p in passages]


def sort_into_sides(labels: Labels, rows: list[dict[str, Any]]) -> dict[Side, list[dict[str, Any]]]:
    """Return the rows of each side, ordered by id and origin.

    Raises:
        TrainingError: a document is on no side, or a side is empty.
    """
    side_of = labels.splits.by_document() if labels.splits else {}
    strays = sorted({row["document"] for row in rows} - side_of.keys())
    sides: dict[Side, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for row in sorted(rows, key=lambda row: (row["id"], ORIGINS.index(row["origin"]))):
        if row["document"] in side_of:
            sides[side_of[row["document"]]].append(row)
    empty = [side for side in SIDES if not sides[side]]
    if strays or empty:
        raise TrainingError(
            where=str(labels.folder / "splits.json"),
            found=f"documents on no side: {', '.join(strays[:_NAMED]) or 'none'}; "
            f"sides without a passage: {', '.join(empty) or 'none'}",
            allowed="every coded document on one side, and passages on each side",
            remedy="Run `policyframes labels check`.",
        )
    return sides


def refuse_measured(labels: Labels) -> None:
    """Check that nothing that is for learning alone is of a document that validates or tests.

    Raises:
        TrainingError: something is.
    """
    side_of = labels.splits.by_document() if labels.splits else {}
    for file, records in ((FURTHER, labels.further), (COUNTERFACTUALS, labels.counterfactuals)):
        strays = sorted({record.document for record in records if side_of.get(record.document) != "train"})
        if strays:
            raise TrainingError(
                where=str(labels.folder / file),
                found=f"passages of documents that do not train: {', '.join(strays[:_NAMED])}{_count_rest(strays)}",
                allowed="documents of the train side",
                remedy="Delete them, or run `policyframes labels check` for the list.",
            )


def _count_rest(names: Sequence[str]) -> str:
    return f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""


def _make_row(
    passage_id: str,
    text: str,
    codes: Codes,
    *,
    document: str,
    framings: tuple[str, ...],
    origin: Origin = "rewrite",
) -> dict[str, Any]:
    return {
        "id": passage_id,
        "text": text,
        "framings": [framing for framing in framings if framing in codes.framings],
        **{framing: int(framing in codes.framings) for framing in framings},
        "primary": codes.primary,
        "voice": codes.voice,
        "doubt": codes.doubt,
        "document": document,
        "origin": origin,
    }
