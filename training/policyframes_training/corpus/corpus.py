"""Labelled data -> datasets.DatasetDict: our labels/, or any file or saved dataset in the documented columns.

Of labels/ the rewrites always, the originals where copies of the documents are at hand. Reads only what it is given
and guesses nothing: what does not resolve or does not follow the columns is named.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from datasets import Dataset, DatasetDict, Features, Sequence, Value

from policyframes.taxonomy import Taxonomy, load_taxonomy
from policyframes_training.corpus.dataset_reader import is_dataset, read_tables
from policyframes_training.corpus.dataset_rows import ORIGINS, CodedRow, read_rows
from policyframes_training.corpus.dataset_split import split_rows
from policyframes_training.corpus.label_rows import list_rewrites, refuse_measured, resolve_originals, sort_into_sides
from policyframes_training.estimates import Estimate
from policyframes_training.labels.agreement import measure_second_coder
from policyframes_training.labels.anchors import Unresolved
from policyframes_training.labels.coded import SIDES, Side, load_labels

_NAMED_IN_LOG = 10
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PassageSet:
    """Coded passages as arrays, for n passages and L framings.

    Attributes:
        framings: ids of the L framings, in the order of the taxonomy.
        ids: id of each passage; a rewrite and its original share one.
        texts: text of each passage.
        documents: id of the document that each passage stems from.
        targets: which framings are present, shape (n, L).
        doubt: the coder's doubt (0, 1, 2), shape (n,).
        is_original: whether the text is the document's own wording, shape (n,).
    """

    framings: tuple[str, ...]
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    documents: tuple[str, ...]
    targets: npt.NDArray[np.bool_]
    doubt: npt.NDArray[np.int64]
    is_original: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, mask: npt.NDArray[np.bool_]) -> PassageSet:
        """Return the passages for which the mask, shape (n,), is true."""
        return self.take(np.flatnonzero(mask))

    def take(self, rows: npt.NDArray[np.intp]) -> PassageSet:
        """Return the passages of these rows, in their order; a row may come more than once."""
        return PassageSet(
            framings=self.framings,
            ids=tuple(self.ids[row] for row in rows),
            texts=tuple(self.texts[row] for row in rows),
            documents=tuple(self.documents[row] for row in rows),
            targets=self.targets[rows],
            doubt=self.doubt[rows],
            is_original=self.is_original[rows],
        )

    def __add__(self, other: PassageSet) -> PassageSet:
        """Return both sets as one; they have the same framings."""
        return PassageSet(
            framings=self.framings,
            ids=self.ids + other.ids,
            texts=self.texts + other.texts,
            documents=self.documents + other.documents,
            targets=np.concatenate([self.targets, other.targets]),
            doubt=np.concatenate([self.doubt, other.doubt]),
            is_original=np.concatenate([self.is_original, other.is_original]),
        )


@dataclass(frozen=True)
class Corpus:
    """Everything that a run learns from and is measured on.

    Attributes:
        splits: `train`, `validation`, `test`; see `load_corpus` for the columns.
        framings: ids of the framings, in the order of the taxonomy.
        unresolved: coded originals that were left out, each with the reason.
        sha256: hash of what trains and tests, see `hash_corpus`.
        split_sha256: hash of the bytes of splits.json; of other data, of the side of each passage.
        taxonomy_sha256: hash of the taxonomy; of data without one, of the framings' ids.
        frozen: date at which the split was frozen, ISO 8601; empty where the data do not say.
        with_originals: whether some passages are originals.
        groups: documents that must stay together where train is cut; those that stand alone are not listed.
        labels_folder: the folder of labels; None for other data.
        notes: what was assumed in reading, such as a split that was drawn; for the report of a run.
        further_rows: further passages of train documents and counterfactual ones, for learning alone, in the columns
            of `splits`.
        further_sha256: their hash, made like that of the splits; empty where there are none.
    """

    splits: DatasetDict
    framings: tuple[str, ...]
    unresolved: tuple[Unresolved, ...]
    sha256: str
    split_sha256: str
    taxonomy_sha256: str
    frozen: str
    with_originals: bool
    groups: tuple[tuple[str, ...], ...] = ()
    labels_folder: Path | None = None
    notes: tuple[str, ...] = ()
    further_rows: Dataset | None = None
    further_sha256: str = ""

    @cached_property
    def second_coder(self) -> Mapping[str, Estimate]:
        """Return what a second coder reaches against the first's codes: the ceiling for a model.

        F1 by framing, their mean as `macro`, and the share of equal sets as `exact_set`; on all passages that both
        coded, of any split. Empty where there is no second coding. Measured when first asked for, in some seconds.
        """
        return measure_second_coder(load_labels(self.labels_folder)) if self.labels_folder else {}

    def passages(self, side: Side) -> PassageSet:
        """Return one split as arrays."""
        return self._convert(self.splits[side])

    @cached_property
    def further(self) -> PassageSet:
        """Return the passages that are for learning alone.

        They were not drawn as those of the splits were, many because a model was unsure of them, and the counterfactual
        ones were written for it: a model is fitted on them, and nothing is calibrated, chosen or measured on them.
        """
        return self._convert(self.splits["train"].select([]) if self.further_rows is None else self.further_rows)

    def without_further(self) -> Corpus:
        """Return the same without further passages."""
        return replace(self, further_rows=None, further_sha256="")

    def _convert(self, rows: Dataset) -> PassageSet:
        columns = rows.to_dict()
        targets = [columns[framing] for framing in self.framings]
        return PassageSet(
            framings=self.framings,
            ids=tuple(columns["id"]),
            texts=tuple(columns["text"]),
            documents=tuple(columns["document"]),
            targets=np.array(targets, dtype=np.bool_).T.reshape(-1, len(self.framings)),
            doubt=np.array(columns["doubt"], dtype=np.int64),
            is_original=np.array([origin == "original" for origin in columns["origin"]], dtype=np.bool_),
        )


def load_corpus(labels: Path | str, documents: Path | str | None = None) -> DatasetDict:
    """Return the coded passages as a `datasets.DatasetDict`.

    Args:
        labels: the folder of labels.
        documents: folder with copies of the documents as `<id>.txt`; with it the originals join the rewrites.

    Returns:
        Splits `train`, `validation`, `test`, each with the columns `id`, `text`, `framings` (ids, in the
        taxonomy's order), one 0/1 column per framing, `primary`, `voice`, `doubt`, `document` and `origin`
        (`rewrite` or `original`), ordered by id and origin. All in memory: nothing is cached on disk.

    Raises:
        LabelsError: the labels or the documents cannot be read.
    """
    return read_corpus(labels, documents).splits


def read_corpus(
    labels: Path | str, documents: Path | str | None = None, *, taxonomy: Path | str | None = None, seed: int = 0
) -> Corpus:
    """Return the coded passages with the hashes and the list of what was left out.

    Args:
        labels: see `load_corpus`; or a labelled file (`.csv`, `.tsv`, `.jsonl`), a folder with such files named
            after the splits, or what `save_to_disk` of `datasets` wrote, in the columns of docs/training.md.
        documents: see `load_corpus`; data that are no folder of labels hold their own texts, and it is not looked at.
        taxonomy: file of the framings of such data; without it, taxonomy.yaml beside them, else the labels found.
        seed: of the split of such data that bring none.

    Raises:
        LabelsError: the labels or the documents cannot be read, or rows do not follow the columns.
        TaxonomyError: the taxonomy does not follow its schema.
        TrainingError: a split holds no passage, or a passage's document is on no side.
    """
    path = Path(labels)
    if is_dataset(path):
        return _read_dataset(path, _find_taxonomy(path, taxonomy), seed)
    read = load_labels(path)
    refuse_measured(read)
    framings = read.taxonomy.framing_ids
    rows = list_rewrites(read, read.passages)
    further = list_rewrites(read, read.counterfactuals)
    unresolved: tuple[Unresolved, ...] = ()
    if documents is not None:
        originals, lost = resolve_originals(read, read.spans, Path(documents))
        more, lost_too = resolve_originals(read, read.further, Path(documents))
        rows, further, unresolved = rows + originals, more + further, lost + lost_too
        _report_unresolved(unresolved, len(read.spans) + len(read.further))
    sides = sort_into_sides(read, rows)
    return Corpus(
        splits=_build_splits(sides, framings),
        framings=framings,
        unresolved=unresolved,
        sha256=hash_corpus(sides),
        split_sha256=hashlib.sha256((path / "splits.json").read_bytes()).hexdigest(),
        taxonomy_sha256=read.taxonomy.sha256,
        frozen=read.splits.frozen if read.splits else "",
        with_originals=documents is not None,
        groups=read.splits.groups if read.splits else (),
        labels_folder=path,
        further_rows=Dataset.from_list(further, features=_features(framings)) if further else None,
        further_sha256=_hash_rows(("further", row) for row in further) if further else "",
    )


def hash_corpus(sides: Mapping[Side, Iterable[Mapping[str, Any]]]) -> str:
    """Return the sha256 of all that calibration, measuring and, but for further passages, learning depend on.

    That is, per passage: side, id, origin, document, text, framings, primary, voice, doubt. The order of files
    and rows makes no difference.
    """
    return _hash_rows((side, row) for side in sides for row in sides[side])


def _hash_rows(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    names = ("id", "origin", "document", "text", "framings", "primary", "voice", "doubt")
    lines = sorted(json.dumps([side, *(row[name] for name in names)], ensure_ascii=False) for side, row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _find_taxonomy(path: Path, given: Path | str | None) -> Taxonomy | None:
    beside = (path if path.is_dir() else path.parent) / "taxonomy.yaml"
    if given is None and not beside.is_file():
        return None
    return load_taxonomy(given or beside)


def _read_dataset(path: Path, taxonomy: Taxonomy | None, seed: int) -> Corpus:
    coded = read_rows(read_tables(path), taxonomy, where=str(path))
    split = split_rows(coded.rows, coded.framings, seed=seed, where=str(path))
    sides: dict[Side, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for row in sorted(split.rows, key=lambda row: (row.id, ORIGINS.index(row.origin))):
        sides[row.side or "train"].append(_convert_row(row, coded.framings))
    assigned = sorted([side, row["id"], row["origin"]] for side in SIDES for row in sides[side])
    return Corpus(
        splits=_build_splits(sides, coded.framings),
        framings=coded.framings,
        unresolved=(),
        sha256=hash_corpus(sides),
        split_sha256=_hash_json(assigned),
        taxonomy_sha256=taxonomy.sha256 if taxonomy else _hash_json(coded.framings),
        frozen="",
        with_originals=any(row.origin == "original" for row in split.rows),
        groups=split.groups,
        notes=(*coded.notes, *split.notes),
    )


def _hash_json(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


def _convert_row(row: CodedRow, framings: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": row.id,
        "text": row.text,
        "framings": list(row.framings),
        **{framing: int(framing in row.framings) for framing in framings},
        "primary": row.primary,
        "voice": row.voice,
        "doubt": row.doubt,
        "document": row.document,
        "origin": row.origin,
    }


def _build_splits(sides: Mapping[Side, list[dict[str, Any]]], framings: tuple[str, ...]) -> DatasetDict:
    features = _features(framings)
    return DatasetDict({side: Dataset.from_list(sides[side], features=features) for side in SIDES})


def _features(framings: tuple[str, ...]) -> Features:
    return Features(
        {
            "id": Value("string"),
            "text": Value("string"),
            "framings": Sequence(Value("string")),
            **{framing: Value("int8") for framing in framings},
            "primary": Value("string"),
            "voice": Value("string"),
            "doubt": Value("int8"),
            "document": Value("string"),
            "origin": Value("string"),
        }
    )


def _report_unresolved(unresolved: tuple[Unresolved, ...], total: int) -> None:
    if not unresolved:
        return
    named = "; ".join(f"{u.id} in {u.document}: {u.reason}" for u in unresolved[:_NAMED_IN_LOG])
    _log.warning("%d of %d coded originals are left out: %s", len(unresolved), total, named)
