"""Checks all of labels/ and lists every defect with file and line, never stopping at the first.

Owns what must hold between records and files. Reads; never repairs.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policyframes.errors import LabelsError, TaxonomyError
from policyframes.taxonomy import Aspect, load_taxonomy
from policyframes_training.labels.anchors import Anchor, normalise_letters, resolve_spans
from policyframes_training.labels.aspects import check_aspects
from policyframes_training.labels.challenge import check_challenge
from policyframes_training.labels.coded import CATALOGUE_COLUMNS, FURTHER, PASSAGES, SIDES, SPANS, read_documents
from policyframes_training.labels.counterfactuals import check_counterfactuals
from policyframes_training.labels.defects import Defect, Row, locate_documents, read_lines, read_table, read_text
from policyframes_training.labels.further import Surroundings, check_further
from policyframes_training.labels.nearness import find_near_pairs
from policyframes_training.labels.quotation import check_quotations, has_note
from policyframes_training.labels.records import (
    PASSAGE,
    SECOND,
    SOURCE,
    SPAN,
    Fault,
    check_anchor,
    check_bounds,
    check_codes,
    check_entry,
    check_schema,
    check_text,
)
from policyframes_training.labels.taxonomyfile import check_taxonomy

SECOND_CODER, THIRD_CODER, DOCUMENTS, SPLITS, TAXONOMY = (
    "second-coder.jsonl",
    "third-coder.jsonl",
    "documents.csv",
    "splits.json",
    "taxonomy.yaml",
)
_OTHER_CODERS = (SECOND_CODER, THIRD_CODER)


@dataclass
class _State:
    """What the checks have read so far; only records that are sound in themselves are compared with others."""

    folder: Path
    defects: list[Defect] = field(default_factory=list)
    framings: tuple[str, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    passages: list[Row] = field(default_factory=list)
    spans: list[Row] = field(default_factory=list)
    catalogue: dict[str, Row] = field(default_factory=dict)
    sides: dict[str, str] = field(default_factory=dict)

    def add(self, file: str, line: int, fault: Fault) -> None:
        self.defects.append(Defect(file, line, *fault))


@dataclass(frozen=True)
class _Item:
    """A coded passage as the comparisons see it; `text` is None where only its hash is known."""

    file: str
    row: Row
    document: str
    digest: str
    text: str | None


def check_labels(folder: Path | str, documents: Path | str | None = None) -> list[Defect]:
    """Return every defect of a folder of labels, ordered by file and line.

    Args:
        folder: the folder with taxonomy.yaml, passages.jsonl, spans.jsonl, documents.csv, splits.json and, where there
            are any, further.jsonl, counterfactuals.jsonl, second-coder.jsonl, third-coder.jsonl, challenge.jsonl and
            aspects.jsonl.
        documents: folder with the documents as <id>.txt. With it, spans are resolved in those that are there, their
            hashes are compared, the originals are looked at for near-duplicates too, and rewrites that share a long
            run of words with any of them are found.

    Raises:
        LabelsError: there is no folder at one of the paths.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise LabelsError(
            where=str(folder),
            found="no such folder",
            allowed="a folder of labels",
            remedy="Give it with --labels DIR.",
        )
    state = _State(folder)
    texts = read_documents(documents) if documents is not None else {}
    _check_taxonomy(state)
    _check_catalogue(state)
    _check_records(state)
    _check_splits(state)
    _check_pairs_of_files(state)
    places = _check_documents(state, texts)
    _check_overlaps(state)
    items = [*_passage_items(state), *_span_items(state, texts, places)]
    _check_equal(state, items)
    _check_near(state, [item for item in items if item.text is not None])
    for line, found in check_quotations(state.passages, texts):
        state.add(PASSAGES, line, found)
    # Without framings the taxonomy is the defect, and every code would be one more.
    if state.framings:
        state.defects += check_challenge(folder, state.framings, passages=state.passages, documents=texts)
        state.defects += check_aspects(folder, state.aspects, state.passages)
        measured = [(i.row.data["id"], i.text) for i in items if i.text and state.sides.get(i.document) != "train"]
        around = Surroundings(state.framings, state.sides, state.passages, state.spans, measured, texts)
        state.defects += check_further(folder, around) + check_counterfactuals(folder, around)
    return sorted(set(state.defects))


def count_absent(folder: Path | str, documents: Path | str) -> int:
    """Return how many spans stand in documents that the folder does not hold, so that they could not be looked at."""
    held = {path.stem for path in Path(documents).glob("*.txt")}
    rows = [row for file in (SPANS, FURTHER) for row in read_lines(Path(folder) / file, [])]
    return sum(row.data.get("document") not in held for row in rows)


def _check_taxonomy(state: _State) -> None:
    text = read_text(state.folder / TAXONOMY, state.defects)
    if text is None:
        return
    faults = check_taxonomy(text)
    for line, fault in faults:
        state.add(TAXONOMY, line, fault)
    if faults:
        return
    try:
        taxonomy = load_taxonomy(state.folder / TAXONOMY)
        state.framings, state.aspects = taxonomy.framing_ids, taxonomy.aspects
    except TaxonomyError as error:
        # What training would refuse must not pass here, whatever the checks above know.
        state.add(TAXONOMY, 1, ("bad-taxonomy", error.found, error.allowed, error.remedy))


def _check_catalogue(state: _State) -> None:
    for row in read_table(state.folder / DOCUMENTS, CATALOGUE_COLUMNS, state.defects):
        for fault in check_entry(row.data):
            state.add(DOCUMENTS, row.line, fault)
        name = row.data["id"]
        if name in state.catalogue:
            found = f"the id {name} again, first on line {state.catalogue[name].line}"
            state.add(DOCUMENTS, row.line, ("duplicate-document", found, "each id once", "Delete one."))
        else:
            state.catalogue[name] = row


def _check_records(state: _State) -> None:
    for file, schema in ((PASSAGES, PASSAGE), (SPANS, SPAN), *((file, SECOND) for file in _OTHER_CODERS)):
        if file in _OTHER_CODERS and not (state.folder / file).exists():
            continue
        seen: dict[tuple[Any, ...], int] = {}
        for row in read_lines(state.folder / file, state.defects):
            faults = list(check_schema(row.data, schema))
            if "source" in schema and isinstance(row.data.get("source"), dict):
                faults.extend(check_schema(row.data["source"], SOURCE))
            sound = not any(fault[0] in {"missing-field", "wrong-type"} for fault in faults)
            if sound:
                faults.extend(_check_sound(row.data, file, state))
                # Two coders may code one span; one coder codes it once.
                key = (row.data["id"], row.data.get("coder"))
                if key in seen:
                    found = f"the id {row.data['id']} again, first on line {seen[key]}"
                    faults.append(("duplicate-id", found, "each id once", "Delete one or give it a new id."))
                elif file == PASSAGES:
                    state.passages.append(row)
                elif file == SPANS:
                    state.spans.append(row)
                seen.setdefault(key, row.line)
            for fault in faults:
                state.add(file, row.line, fault)


def _check_sound(data: dict[str, Any], file: str, state: _State) -> Iterator[Fault]:
    if state.framings:
        yield from check_codes(data, state.framings)
    if file in _OTHER_CODERS:
        return
    place = data["source"] if file == PASSAGES else data
    yield from check_bounds(place["start"], place["end"])
    if place["document"] not in state.catalogue:
        found = f"the document {place['document']}"
        yield "unknown-document", found, "an id of documents.csv", "Catalogue the document or correct the id."
    yield from check_text(data["text"]) if file == PASSAGES else check_anchor(data)


def _check_splits(state: _State) -> None:
    text = read_text(state.folder / SPLITS, state.defects)
    if text is None:
        return
    try:
        documents, groups = _read_groups(json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        found = f"{type(error).__name__}: {error}"
        allowed = "version, frozen, method, documents (train, validation, test) and groups"
        state.add(SPLITS, line, ("bad-splits", found, allowed, "Restore the file."))
        return
    listed = locate_documents(text)
    if sorted((side, name) for side, name, _ in listed) != sorted(documents):
        allowed = "each document on a line of its own, so that a change shows as the lines it touches"
        state.add(SPLITS, 1, ("bad-splits", "several documents on one line", allowed, "Write one a line."))
        listed = [(side, name, 1) for side, name in documents]
    lines = _check_sides(state, listed)
    for name, row in state.catalogue.items():
        if name not in state.sides:
            found = f"the document {name} is on no side of splits.json"
            state.add(DOCUMENTS, row.line, ("no-side", found, "one of train, validation, test", "Put it on one side."))
    for group in groups:
        known = [name for name in group if name in state.sides]
        if len({state.sides[name] for name in known}) > 1:
            found = "the group " + ", ".join(f"{name} ({state.sides[name]})" for name in known[:4])
            fault = ("divided-group", found, "a group on one side", "Move the documents to one side.")
            state.add(SPLITS, max(lines[name] for name in known), fault)


def _read_groups(data: dict[str, Any]) -> tuple[list[tuple[str, str]], list[list[str]]]:
    if set(data) != {"version", "frozen", "method", "documents", "groups"}:
        raise ValueError(f"the keys {', '.join(data)}")
    if set(data["documents"]) != set(SIDES):
        raise ValueError(f"the sides {', '.join(data['documents'])}")
    lists = [*data["documents"].values(), *data["groups"]]
    if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists):
        raise TypeError("a list that holds something else than ids")
    return [(side, name) for side in SIDES for name in data["documents"][side]], list(data["groups"])


def _check_sides(state: _State, listed: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    lines: dict[str, int] = {}
    for side, name, line in listed:
        if name in lines:
            found = f"the document {name} in {side}, and in {state.sides[name]} on line {lines[name]}"
            state.add(SPLITS, line, ("two-sides", found, "each document once, on one side", "Delete one of the two."))
            continue
        state.sides[name], lines[name] = side, line
        if state.catalogue and name not in state.catalogue:
            fault = ("unknown-document", f"the document {name}", "an id of documents.csv", "Catalogue it or delete it.")
            state.add(SPLITS, line, fault)
    return lines


def _check_pairs_of_files(state: _State) -> None:
    """Compare what the rewrite of a span and the span itself say, under the same id."""
    spans = {row.data["id"]: row for row in state.spans}
    for row in state.passages:
        other = spans.get(row.data["id"])
        if other is None:
            continue
        names = ("framings", "primary", "voice", "doubt")
        if any(row.data[name] != other.data[name] for name in names):
            found = f"other codes than the span {row.data['id']} ({SPANS}:{other.line})"
            fault = ("codes-differ", found, "the codes of the original", "Correct one of the two.")
            state.add(PASSAGES, row.line, fault)
        source = row.data["source"]
        given = [name for name in ("document", "start", "end") if source[name] is not None]
        if any(source[name] != other.data[name] for name in given):
            found = f"another source than the span {row.data['id']} ({SPANS}:{other.line})"
            fault = ("source-differs", found, "the place of the original", "Correct one of the two.")
            state.add(PASSAGES, row.line, fault)
    known = {row.data["id"] for row in (*state.passages, *state.spans)}
    for file in _OTHER_CODERS:
        for row in read_lines(state.folder / file, []) if (state.folder / file).exists() else ():
            if isinstance(row.data.get("id"), str) and row.data["id"] not in known:
                fault = ("unknown-passage", f"the id {row.data['id']}", "an id of passages or spans", "Correct it.")
                state.add(file, row.line, fault)


def _check_documents(state: _State, texts: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """Compare documents with the catalogue and resolve the spans; return where each span lies."""
    for name, row in state.catalogue.items():
        wanted = row.data["sha256"]
        if name in texts and wanted and hashlib.sha256(texts[name].encode("utf-8")).hexdigest() != wanted:
            found = f"{name}.txt is another text than the catalogue's"
            fault = (
                "document-differs",
                found,
                "the canonical text of that sha256",
                "Fetch that text, or mend the row.",
            )
            state.add(DOCUMENTS, row.line, fault)
    lines = {row.data["id"]: row.line for row in state.spans}
    anchors = [_anchor_of(row.data) for row in state.spans if row.data["document"] in texts]
    resolution = resolve_spans([anchor for anchor in anchors if anchor is not None], texts)
    for lost in resolution.unresolved:
        found = f"the span {lost.id} in {lost.document}: {lost.reason}"
        fault = ("unresolved-span", found, "a span that the document holds", "Correct the anchor or the document.")
        state.add(SPANS, lines[lost.id], fault)
    return {place.id: (place.start, place.end) for place in resolution.resolved}


def _anchor_of(data: Mapping[str, Any]) -> Anchor | None:
    # A malformed anchor is a defect already, and would not even parse.
    if any(check_anchor(data)) or any(check_bounds(data["start"], data["end"])):
        return None
    return Anchor(*(data[name] for name in ("id", "document", "start", "end", "letters", "rolling", "sha256")))


def _check_overlaps(state: _State) -> None:
    by_document: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in state.spans:
        if not any(check_bounds(row.data["start"], row.data["end"])):
            by_document[row.data["document"], row.data["coder"]].append(row)
    for rows in by_document.values():
        rows.sort(key=lambda row: (row.data["start"], row.data["end"], row.line))
        furthest = rows[0]
        for row in rows[1:]:
            if row.data["start"] < furthest.data["end"]:
                later, earlier = (row, furthest) if row.line > furthest.line else (furthest, row)
                found = f"the span {later.data['id']} overlaps {earlier.data['id']} (line {earlier.line})"
                fault = ("overlap", found, "spans of one coder apart from each other", "Correct the offsets.")
                state.add(SPANS, later.line, fault)
            if row.data["end"] > furthest.data["end"]:
                furthest = row


def _passage_items(state: _State) -> Iterator[_Item]:
    for row in state.passages:
        letters = normalise_letters(row.data["text"])
        if letters:
            digest = hashlib.sha256(letters.encode("utf-8")).hexdigest()
            yield _Item(PASSAGES, row, row.data["source"]["document"], digest, row.data["text"])


def _span_items(state: _State, texts: Mapping[str, str], places: Mapping[str, tuple[int, int]]) -> Iterator[_Item]:
    for row in state.spans:
        place = places.get(row.data["id"])
        name = row.data["document"]
        text = texts[name][place[0] : place[1]] if place else None
        yield _Item(SPANS, row, name, row.data["sha256"], text)


def _check_equal(state: _State, items: Iterable[_Item]) -> None:
    """Compare passages whose letters are the same: their sides and their codes."""
    by_digest: dict[str, list[_Item]] = defaultdict(list)
    for item in items:
        by_digest[item.digest].append(item)
    for members in by_digest.values():
        first = members[0]
        for item in members[1:]:
            if _sides_differ(state, first, item):
                _report_sides(state, first, item, "equal-across-sides", "the same text as")
            if _codes_of(first) != _codes_of(item) and not (has_note(first.row) or has_note(item.row)):
                found = f"{item.row.data['id']} has the text of {first.row.data['id']} and other codes"
                fault = ("same-text-other-codes", found, "one coding of one text", "Settle them, or say why in a note.")
                state.add(item.file, item.row.line, fault)


def _check_near(state: _State, items: list[_Item]) -> None:
    for left, right, overlap in find_near_pairs([item.text or "" for item in items]):
        first, item = items[left], items[right]
        if first.digest != item.digest and _sides_differ(state, first, item):
            _report_sides(state, first, item, "near-equal-across-sides", f"{overlap:.0%} of the word pairs of")


def _sides_differ(state: _State, first: _Item, item: _Item) -> bool:
    sides = {state.sides.get(first.document), state.sides.get(item.document)}
    return None not in sides and len(sides) > 1


def _report_sides(state: _State, first: _Item, item: _Item, kind: str, what: str) -> None:
    there = f"{first.row.data['id']} ({first.file}:{first.row.line}, {state.sides[first.document]})"
    found = f"{item.row.data['id']} ({state.sides[item.document]}) holds {what} {there}"
    fault = (kind, found, "equal and nearly equal passages on one side", "Move one document, or delete a passage.")
    state.add(item.file, item.row.line, fault)


def _codes_of(item: _Item) -> tuple[str, ...]:
    return tuple(str(item.row.data[name]) for name in ("framings", "primary", "voice"))
