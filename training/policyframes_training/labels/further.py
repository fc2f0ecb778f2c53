"""Checks further.jsonl: spans of train documents that models learn from and that nothing is measured on.

They are kept apart because they were not drawn as the other spans were. Reads; never repairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policyframes_training.labels.anchors import Anchor, resolve_spans
from policyframes_training.labels.coded import DRAWN, FURTHER
from policyframes_training.labels.defects import Defect, Row, read_lines
from policyframes_training.labels.nearness import find_near_pairs
from policyframes_training.labels.records import (
    SPAN,
    Fault,
    Schema,
    check_anchor,
    check_bounds,
    check_codes,
    check_schema,
)

_FURTHER: Schema = {**SPAN, "drawn": (lambda value: value in DRAWN, " or ".join(DRAWN))}


@dataclass(frozen=True)
class Surroundings:
    """What the rest of the labels holds.

    Attributes:
        framings: ids of the framings, in the order of the taxonomy.
        sides: side by document.
        passages: the sound records of passages.jsonl.
        spans: the sound records of spans.jsonl.
        measured: texts that validate or test: id and text.
        documents: canonical text by document id; empty where none are at hand.
    """

    framings: tuple[str, ...]
    sides: Mapping[str, str]
    passages: Sequence[Row]
    spans: Sequence[Row]
    measured: Sequence[tuple[str, str]]
    documents: Mapping[str, str]


def check_further(folder: Path, around: Surroundings) -> list[Defect]:
    """Return every defect of further.jsonl; none where a folder of labels has no such file.

    Args:
        folder: the folder of labels.
        around: what the records are compared with.
    """
    path = folder / FURTHER
    defects: list[Defect] = []
    if not path.exists():
        return defects
    faults: list[tuple[int, Fault]] = []
    sound: list[Row] = []
    known = {row.data["id"]: f"spans.jsonl:{row.line}" for row in around.spans}
    for row in read_lines(path, defects):
        found = list(_check_record(row, around, known))
        faults += [(row.line, fault) for fault in found]
        if not found:
            known[row.data["id"]] = f"line {row.line}"
            sound.append(row)
    faults += _check_overlaps(sound, around.spans)
    faults += _check_places(sound, around)
    return defects + [Defect(FURTHER, line, *fault) for line, fault in faults]


def _check_record(row: Row, around: Surroundings, known: Mapping[str, str]) -> Iterator[Fault]:
    data = row.data
    faults = list(check_schema(data, _FURTHER))
    yield from faults
    if any(fault[0] in {"missing-field", "wrong-type"} for fault in faults):
        return
    yield from check_codes(data, around.framings)
    yield from check_bounds(data["start"], data["end"])
    yield from check_anchor(data)
    if data["id"] in known:
        yield "duplicate-id", f"the id {data['id']} again, first in {known[data['id']]}", "each id once", "Rename it."
    side = around.sides.get(data["document"], "no side")
    if side != "train":
        found = f"a span of {data['document']}, which is on {side}"
        yield "further-not-train", found, "documents that train", "Delete it: what is measured must not be learned."


def _check_overlaps(rows: Sequence[Row], spans: Sequence[Row]) -> Iterator[tuple[int, Fault]]:
    """Compare places within a document: a text that is learned twice weighs twice."""
    by_document: dict[str, list[tuple[int, int, str, int | None]]] = defaultdict(list)
    for row in spans:
        by_document[row.data["document"]].append((row.data["start"], row.data["end"], row.data["id"], None))
    for row in rows:
        by_document[row.data["document"]].append((row.data["start"], row.data["end"], row.data["id"], row.line))
    for places in by_document.values():
        furthest: tuple[int, int, str, int | None] = (0, 0, "", None)
        for place in sorted(places, key=lambda place: place[:3]):
            line = place[3] or furthest[3]
            # Spans among themselves are the affair of their own file.
            if place[0] < furthest[1] and line is not None:
                found = f"the span {place[2]} overlaps {furthest[2]}"
                yield line, ("overlap", found, "spans apart from each other", "Delete one.")
            furthest = max(furthest, place, key=lambda one: one[1])


def _check_places(rows: Sequence[Row], around: Surroundings) -> Iterator[tuple[int, Fault]]:
    """Resolve the spans whose documents are at hand, and compare them with what is measured."""
    lines = {row.data["id"]: row.line for row in rows}
    names = ("id", "document", "start", "end", "letters", "rolling", "sha256")
    held = [row.data for row in rows if row.data["document"] in around.documents]
    resolution = resolve_spans([Anchor(*(data[name] for name in names)) for data in held], around.documents)
    for lost in resolution.unresolved:
        found = f"the span {lost.id} in {lost.document}: {lost.reason}"
        allowed, remedy = "a span that the document holds", "Correct the anchor or the document."
        yield lines[lost.id], ("unresolved-span", found, allowed, remedy)
    document_of = {data["id"]: data["document"] for data in held}
    texts = [text for _, text in around.measured]
    learned = [around.documents[document_of[place.id]][place.start : place.end] for place in resolution.resolved]
    for left, right, overlap in find_near_pairs([*texts, *learned]):
        if left < len(texts) <= right:
            place = resolution.resolved[right - len(texts)]
            found = f"{place.id} holds {overlap:.0%} of the word pairs of {around.measured[left][0]}, which is measured"
            allowed, remedy = "passages that are on no other side", "Delete the span."
            yield lines[place.id], ("near-equal-across-sides", found, allowed, remedy)
