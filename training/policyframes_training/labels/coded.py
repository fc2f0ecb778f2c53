"""The data model of labels/ and its strict reader.

Reading stops at the first fault with a LabelsError that names file and line; `audit` lists them all.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from policyframes.errors import LabelsError
from policyframes.taxonomy import Taxonomy, load_taxonomy
from policyframes_training.labels.anchors import Anchor

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = get_args(Side)
VOICES = ("own", "reported")
DOUBTS = (0, 1, 2)
# How a further span was chosen: at random, or among those that a model was unsure of.
DRAWN = ("random", "unsure")
KINDS = ("nss", "nds", "eo", "foreign", "crs", "news", "think-tank", "other")
ADMINISTRATIONS = (
    "Reagan",
    "G.H.W. Bush",
    "Clinton",
    "G.W. Bush",
    "Obama",
    "candidate 2015-16",
    "Trump I",
    "Biden",
    "Trump II",
)
CATALOGUE_COLUMNS = (
    "id",
    "title",
    "issuer",
    "year",
    "administration",
    "kind",
    "subkind",
    "licence",
    "words",
    "sha256",
)
PASSAGES, SPANS = "passages.jsonl", "spans.jsonl"
# For learning alone.
FURTHER, COUNTERFACTUALS = "further.jsonl", "counterfactuals.jsonl"
_REMEDY = "Run `policyframes labels check` for the list of all defects."


@dataclass(frozen=True)
class Codes:
    """What a coder marked.

    Attributes:
        framings: ids of the framings that are present, in the order of the taxonomy; empty for none.
        primary: the one that governs the main claim; None exactly where `framings` is empty.
        voice: `own` or `reported`.
        doubt: 0 sure, 1 some doubt, 2 a close call.
    """

    framings: tuple[str, ...]
    primary: str | None
    voice: str
    doubt: int


@dataclass(frozen=True)
class CodedPassage:
    """A passage in our own words with the codes of the original.

    Attributes:
        id: id, shared with the span that it rewrites.
        text: the passage.
        codes: what the coder marked.
        document: id of the document that the original stands in.
        start: offset of the original in the canonical text; None where unknown.
        end: where the original ends, exclusive; None where unknown.
        note: why the codes are as they are, or why words of a document stand in the text, where that needs saying;
            else empty.
    """

    id: str
    text: str
    codes: Codes
    document: str
    start: int | None
    end: int | None
    note: str = ""


@dataclass(frozen=True)
class Span:
    """A coded original as a stand-off anchor; see `anchors.resolve_spans` for its text.

    `note` says why the codes are as they are, where that needs saying; `drawn`, of a further span, how it was chosen,
    one of `DRAWN`.
    """

    anchor: Anchor
    codes: Codes
    coder: str
    note: str = ""
    drawn: str = ""

    @property
    def id(self) -> str:
        """Return the id of the span."""
        return self.anchor.id

    @property
    def document(self) -> str:
        """Return the id of the document."""
        return self.anchor.document


@dataclass(frozen=True)
class SecondCoding:
    """What another coder marked on a passage, without sight of the first's codes."""

    id: str
    codes: Codes
    coder: str


@dataclass(frozen=True)
class CatalogueEntry:
    """A document of the catalogue. Empty text, None: not known.

    Attributes:
        id: id of the document.
        title: its title.
        issuer: who issued it.
        year: year of issue.
        administration: the US administration of the time, or the campaign.
        kind: one of `KINDS`.
        subkind: source or form in more detail.
        licence: terms of the original, which is not part of the labels.
        words: length in words.
        sha256: hash of the canonical text in UTF-8.
    """

    id: str
    title: str
    issuer: str
    year: int | None
    administration: str
    kind: str
    subkind: str
    licence: str
    words: int | None
    sha256: str


@dataclass(frozen=True)
class Splits:
    """Which side each document is on, frozen.

    Attributes:
        version: format of the file.
        frozen: date of the freezing, ISO 8601.
        method: the parameters that it was made with.
        train: ids of documents, sorted.
        validation: likewise.
        test: likewise.
        groups: documents that must stay on one side; those that stand alone are not listed.
    """

    version: int
    frozen: str
    method: dict[str, Any]
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]

    def by_document(self) -> dict[str, Side]:
        """Return the side of every document."""
        return {document: side for side in SIDES for document in self.of_side(side)}

    def of_side(self, side: Side) -> tuple[str, ...]:
        """Return the documents of one side."""
        sides: dict[Side, tuple[str, ...]] = {
            "train": self.train,
            "validation": self.validation,
            "test": self.test,
        }
        return sides[side]


@dataclass(frozen=True)
class Labels:
    """All of labels/. `splits` is None only while a new split is being made.

    `further` are spans of train documents that are for learning alone: not drawn as the others were, they may neither
    calibrate nor be counted. Their coder's blind coding of spans that the first had coded is `third`. `counterfactuals`
    are for learning alone too: passages in our own words that frame the subject of a span of train otherwise.
    """

    folder: Path
    taxonomy: Taxonomy
    passages: tuple[CodedPassage, ...]
    spans: tuple[Span, ...]
    second: tuple[SecondCoding, ...]
    catalogue: dict[str, CatalogueEntry]
    splits: Splits | None
    further: tuple[Span, ...] = ()
    third: tuple[SecondCoding, ...] = ()
    counterfactuals: tuple[CodedPassage, ...] = ()

    def passages_of(self, side: Side) -> tuple[CodedPassage, ...]:
        """Return the coded passages of one side, ordered by id.

        Raises:
            LabelsError: there is no splits.json.
        """
        if self.splits is None:
            raise fault(self.folder / "splits.json", None, "no such file", "a frozen split")
        members = set(self.splits.of_side(side))
        return tuple(passage for passage in self.passages if passage.document in members)


def fault(path: Path, line: int | None, found: str, allowed: str) -> LabelsError:
    """Return the error that names file and line."""
    where = f"{path}:{line}" if line else str(path)
    return LabelsError(where=where, found=found, allowed=allowed, remedy=_REMEDY)


def load_labels(folder: Path | str, *, with_splits: bool = True) -> Labels:
    """Read the folder of labels.

    Args:
        folder: the folder that holds taxonomy.yaml, passages.jsonl and the rest.
        with_splits: False leaves splits.json unread, for the making of a new split.

    Raises:
        LabelsError: a file is missing or does not hold what it must.
        TaxonomyError: the taxonomy does not follow its schema.
    """
    folder = Path(folder)
    passages, counterfactuals = (
        [_read_passage(row, path, line) for row, path, line in _rows(folder / name, optional=optional)]
        for name, optional in ((PASSAGES, False), (COUNTERFACTUALS, True))
    )
    spans = [_read_span(row, path, line) for row, path, line in _rows(folder / SPANS)]
    further = [_read_span(row, path, line) for row, path, line in _rows(folder / FURTHER, optional=True)]
    second, third = (_read_codings(folder / name) for name in ("second-coder.jsonl", "third-coder.jsonl"))
    return Labels(
        folder=folder,
        taxonomy=load_taxonomy(folder / "taxonomy.yaml"),
        passages=tuple(sorted(passages, key=lambda passage: passage.id)),
        spans=tuple(sorted(spans, key=lambda span: span.id)),
        second=second,
        catalogue=load_catalogue(folder / "documents.csv"),
        splits=load_splits(folder / "splits.json") if with_splits else None,
        further=tuple(sorted(further, key=lambda span: span.id)),
        third=third,
        counterfactuals=tuple(sorted(counterfactuals, key=lambda passage: passage.id)),
    )


def load_catalogue(path: Path) -> dict[str, CatalogueEntry]:
    """Read documents.csv, by id in the order of the file.

    Raises:
        LabelsError: the file is missing, has other columns, or holds a number that is none.
    """
    reader = csv.DictReader(io.StringIO(_read_text(path), newline=""), strict=True)
    entries: dict[str, CatalogueEntry] = {}
    columns: tuple[str, ...] = ()
    try:
        columns = tuple(reader.fieldnames or ())
        for row in reader if columns == CATALOGUE_COLUMNS else ():
            numbers = {key: int(row[key]) if row[key] else None for key in ("year", "words")}
            texts = {key: row[key] for key in CATALOGUE_COLUMNS if key not in numbers}
            entries[row["id"]] = CatalogueEntry(**texts, **numbers)  # type: ignore[arg-type] # columns checked above
    except (csv.Error, ValueError, TypeError) as error:
        raise fault(path, reader.line_num, str(error), "one row a document, whole numbers in year and words") from error
    if columns != CATALOGUE_COLUMNS:
        raise fault(path, 1, f"the columns {', '.join(columns)}", ", ".join(CATALOGUE_COLUMNS))
    return entries


def load_splits(path: Path | str) -> Splits:
    """Read splits.json.

    Raises:
        LabelsError: the file is missing or does not hold what it must.
    """
    path = Path(path)
    text = _read_text(path)
    try:
        data = json.loads(text)
        sides = data["documents"]
        return Splits(
            version=int(data["version"]),
            frozen=str(data["frozen"]),
            method=dict(data["method"]),
            train=tuple(sides["train"]),
            validation=tuple(sides["validation"]),
            test=tuple(sides["test"]),
            groups=tuple(tuple(group) for group in data["groups"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise fault(
            path, None, f"{type(error).__name__}: {error}", "the keys version, frozen, method, documents, groups"
        ) from error


def read_documents(folder: Path | str, ids: Iterator[str] | None = None) -> dict[str, str]:
    """Read canonical texts `<id>.txt` from a folder; those that are absent are left out.

    Raises:
        LabelsError: the folder is missing, or a file is no UTF-8.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise LabelsError(
            where=str(folder),
            found="no such folder",
            allowed="a folder with the documents as <id>.txt",
            remedy="Give it with --documents DIR.",
        )
    names = sorted(path.stem for path in folder.glob("*.txt")) if ids is None else ids
    return {name: _read_text(folder / f"{name}.txt") for name in names if (folder / f"{name}.txt").is_file()}


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise fault(path, None, f"it cannot be read ({error})", "a file in UTF-8") from error


def _rows(path: Path, *, optional: bool = False) -> Iterator[tuple[dict[str, Any], Path, int]]:
    if optional and not path.exists():
        return
    for line, content in enumerate(_read_text(path).removesuffix("\n").split("\n"), 1):
        try:
            row = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise fault(path, line, f"no JSON ({error})", "one JSON object a line") from error
        if not isinstance(row, dict):
            raise fault(path, line, "no JSON object", "one JSON object a line")
        yield row, path, line


def _read_codes(row: dict[str, Any]) -> Codes:
    return Codes(tuple(row["framings"]), row["primary"], row["voice"], row["doubt"])


def _read_passage(row: dict[str, Any], path: Path, line: int) -> CodedPassage:
    try:
        source = row["source"]
        place = (source["document"], source["start"], source["end"])
        return CodedPassage(row["id"], row["text"], _read_codes(row), *place, row.get("note", ""))
    except (KeyError, TypeError) as error:
        raise fault(path, line, f"{type(error).__name__}: {error}", "id, text, codes and source") from error


def _read_span(row: dict[str, Any], path: Path, line: int) -> Span:
    try:
        names = ("id", "document", "start", "end", "letters", "rolling", "sha256")
        anchor = Anchor(*(row[name] for name in names))
        return Span(anchor, _read_codes(row), row["coder"], row.get("note", ""), row.get("drawn", ""))
    except (KeyError, TypeError) as error:
        raise fault(
            path, line, f"{type(error).__name__}: {error}", "id, document, an anchor, codes and coder"
        ) from error


def _read_codings(path: Path) -> tuple[SecondCoding, ...]:
    """Return what another coder marked, ordered by id; nothing where there is no such file."""
    codings = [_read_second(row, path, line) for row, path, line in _rows(path, optional=True)]
    return tuple(sorted(codings, key=lambda coding: coding.id))


def _read_second(row: dict[str, Any], path: Path, line: int) -> SecondCoding:
    try:
        return SecondCoding(row["id"], _read_codes(row), row["coder"])
    except (KeyError, TypeError) as error:
        raise fault(path, line, f"{type(error).__name__}: {error}", "id, codes and coder") from error
