"""Checks counterfactuals.jsonl: passages written for learning alone, on the subject of a train passage.

They frame it otherwise than that passage does (Kaushik, Hovy and Lipton 2020, "Learning the difference that makes a
difference with counterfactually-augmented data"). Reads; never repairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from policyframes_training.labels.challenge import CHALLENGE
from policyframes_training.labels.coded import COUNTERFACTUALS, FURTHER, PASSAGES
from policyframes_training.labels.defects import Defect, Row, read_lines
from policyframes_training.labels.further import Surroundings
from policyframes_training.labels.nearness import find_near_pairs
from policyframes_training.labels.quotation import check_quotations
from policyframes_training.labels.records import (
    PASSAGE,
    SOURCE,
    Fault,
    check_bounds,
    check_codes,
    check_schema,
    check_text,
)


def check_counterfactuals(folder: Path, around: Surroundings) -> list[Defect]:
    """Return every defect of counterfactuals.jsonl; none where a folder of labels has no such file.

    Args:
        folder: the folder of labels.
        around: what the records are compared with.
    """
    path = folder / COUNTERFACTUALS
    defects: list[Defect] = []
    if not path.exists():
        return defects
    faults: list[tuple[int, Fault]] = []
    sound: list[Row] = []
    spans = [*around.spans, *_read_further(folder)]
    known = {row.data["id"]: f"{PASSAGES}:{row.line}" for row in around.passages}
    known |= {row.data["id"]: "a coded span" for row in spans}
    sources = {_place(row.data): row.data["framings"] for row in spans}
    for row in read_lines(path, defects):
        found = list(_check_record(row, around, known)) or list(_check_source(row.data, sources))
        faults += [(row.line, fault) for fault in found]
        if not found:
            known[row.data["id"]] = f"line {row.line}"
            sound.append(row)
    faults += check_quotations(sound, around.documents)
    faults += _check_near(sound, [*around.measured, *_list_pairs(folder)])
    return defects + [Defect(COUNTERFACTUALS, line, *fault) for line, fault in faults]


def _read_further(folder: Path) -> list[Row]:
    """Return the further spans that are whole enough to be a source; what they lack is a defect of their own file."""
    path = folder / FURTHER
    rows = read_lines(path, []) if path.exists() else []
    return [row for row in rows if {"id", "document", "start", "end", "framings"} <= set(row.data)]


def _place(source: Mapping[str, Any]) -> tuple[Any, ...]:
    return source["document"], source["start"], source["end"]


def _check_record(row: Row, around: Surroundings, known: dict[str, str]) -> Iterator[Fault]:
    data = row.data
    faults = list(check_schema(data, PASSAGE))
    if isinstance(data.get("source"), dict):
        faults += check_schema(data["source"], SOURCE)
    yield from faults
    if any(fault[0] in {"missing-field", "wrong-type"} for fault in faults):
        return
    yield from check_codes(data, around.framings)
    yield from check_bounds(data["source"]["start"], data["source"]["end"])
    yield from check_text(data["text"])
    if data["id"] in known:
        yield "duplicate-id", f"the id {data['id']} again, first in {known[data['id']]}", "each id once", "Rename it."
    name = data["source"]["document"]
    side = around.sides.get(name, "no side")
    if side != "train":
        found = f"a counterfactual of {name}, which is on {side}"
        remedy = "Delete it: what is measured must not be learned."
        yield "counterfactual-not-train", found, "documents that train", remedy


def _check_source(data: Mapping[str, Any], sources: Mapping[tuple[Any, ...], Sequence[str]]) -> Iterator[Fault]:
    place = _place(data["source"])
    if place not in sources:
        found = f"a source at {place[1]} to {place[2]} of {place[0]}"
        yield "unknown-source", found, "the place of a coded span", "Correct the place, or delete the passage."
    elif list(sources[place]) == data["framings"]:
        found = f"{data['id']} has the framings of its source, {', '.join(data['framings']) or 'none'}"
        yield "same-framings", found, "other framings than the source's", "Delete the passage."


def _list_pairs(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield id and text of each side of the counterfactual pairs, as far as they can be read."""
    path = folder / CHALLENGE
    for row in read_lines(path, []) if path.exists() else ():
        for side in ("a", "b"):
            held = row.data.get(side)
            if isinstance(held, dict) and isinstance(held.get("text"), str):
                yield f"{row.data.get('id')} ({side})", held["text"]


def _check_near(rows: list[Row], measured: list[tuple[str, str]]) -> Iterator[tuple[int, Fault]]:
    """Compare with what is measured, and with each other: what is written twice weighs twice."""
    texts = [text for _, text in measured]
    for left, right, overlap in find_near_pairs([*texts, *(row.data["text"] for row in rows)]):
        if right < len(texts):
            continue
        row = rows[right - len(texts)]
        if left < len(texts):
            found = f"{row.data['id']} holds {overlap:.0%} of the word pairs of {measured[left][0]}, which is measured"
            allowed, remedy = "passages that are on no other side", "Delete the passage."
            yield row.line, ("near-equal-across-sides", found, allowed, remedy)
        else:
            found = f"{row.data['id']} holds {overlap:.0%} of the word pairs of {rows[left - len(texts)].data['id']}"
            yield row.line, ("near-equal", found, "passages that are unlike each other", "Delete one.")
