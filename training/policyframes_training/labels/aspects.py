"""How well the words of the taxonomy find the passages that a person says speak of an aspect.

Reads and checks labels/aspects.jsonl, a sample of coded passages. It measures; no term is chosen here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policyframes.aspects import AspectFinder
from policyframes.taxonomy import Aspect
from policyframes_training.estimates import Estimate
from policyframes_training.labels.coded import Labels, fault
from policyframes_training.labels.defects import Defect, Row, read_lines
from policyframes_training.labels.records import Fault, Schema, check_schema

ASPECTS = "aspects.jsonl"
RESAMPLES = 2_000

_Flags = npt.NDArray[np.bool_]
_Weights = npt.NDArray[np.float64]


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value == value.strip() != ""


def _is_weight(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value >= 1


_CODING: Schema = {
    "passage": (_is_id, "the id of a passage"),
    "aspects": (lambda value: isinstance(value, list) and all(map(_is_id, value)), "a list of aspects"),
    "weight": (_is_weight, "a number from 1: how many passages this one stands for"),
}


@dataclass(frozen=True)
class AspectCoding:
    """What a person says of one passage.

    Attributes:
        passage: id of the passage in passages.jsonl.
        aspects: ids of the aspects that it speaks of, in the order of the taxonomy.
        weight: inverse of the probability with which it was drawn.
    """

    passage: str
    aspects: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class AspectFit:
    """How well the terms of one aspect, or of all together, find what a person found.

    Attributes:
        coded: number of passages of the sample that the person says speak of it.
        found: number that the terms find.
        precision: weighted share of what is found that is coded.
        recall: weighted share of what is coded that is found.
        f1: their harmonic mean.
    """

    coded: int
    found: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class AspectError:
    """A passage in which terms and person differ.

    Attributes:
        passage: id of the passage.
        aspect: id of the aspect.
        words: the words that the terms found; empty for what they missed.
    """

    passage: str
    aspect: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class AspectMeasure:
    """The fit of all aspects.

    Attributes:
        passages: size of the sample.
        documents: how many documents it comes from.
        by_aspect: by id, in the order of the taxonomy.
        micro: of all pairs of passage and aspect together.
        macro: mean of the F1 of the aspects that the person marks at least once.
        errors: where terms and person differ, ordered by aspect and passage.
        resamples: of the bootstrap over documents.
        seed: of the bootstrap.
    """

    passages: int
    documents: int
    by_aspect: Mapping[str, AspectFit]
    micro: AspectFit
    macro: Estimate
    errors: tuple[AspectError, ...]
    resamples: int
    seed: int


def load_aspect_codings(path: Path | str, labels: Labels) -> tuple[AspectCoding, ...]:
    """Read aspects.jsonl, ordered by the id of the passage.

    Raises:
        LabelsError: the file is missing or does not hold what it must; its first fault is named.
    """
    path = Path(path)
    defects: list[Defect] = []
    rows = read_lines(path, defects)
    texts = {passage.id for passage in labels.passages}
    defects += [Defect(ASPECTS, line, *found) for line, found in _check_rows(rows, labels.taxonomy.aspects, texts)]
    if defects or not rows:
        first = min(defects) if defects else Defect(ASPECTS, 1, "empty", "no line", "one line a passage", "")
        raise fault(path, first.line, first.found, first.allowed)
    codings = [AspectCoding(row.data["passage"], tuple(row.data["aspects"]), row.data["weight"]) for row in rows]
    return tuple(sorted(codings, key=lambda coding: coding.passage))


def check_aspects(folder: Path, aspects: Sequence[Aspect], passages: Sequence[Row]) -> list[Defect]:
    """Return every defect of aspects.jsonl, which a folder of labels may lack; `passages` are the sound ones."""
    path = folder / ASPECTS
    if not path.exists():
        return []
    defects: list[Defect] = []
    rows = read_lines(path, defects)
    known = {row.data["id"] for row in passages}
    return defects + [Defect(ASPECTS, line, *found) for line, found in _check_rows(rows, aspects, known)]


def measure_aspects(
    labels: Labels,
    codings: Sequence[AspectCoding],
    *,
    aspects: Sequence[Aspect] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 20261122,
) -> AspectMeasure:
    """Compare what the terms find with what a person found.

    Args:
        labels: with the passages' texts and the taxonomy.
        codings: of the person.
        aspects: with the terms to measure; without them, those of the taxonomy.
        resamples: bootstrap resamples of whole documents.
        seed: of the bootstrap.
    """
    aspects = labels.taxonomy.aspects if aspects is None else aspects
    passages = {passage.id: passage for passage in labels.passages}
    finder = AspectFinder(aspects)
    found = [finder.find(passages[coding.passage].text) for coding in codings]
    ids = [aspect.id for aspect in aspects]
    coded = np.array([[name in coding.aspects for name in ids] for coding in codings], dtype=bool)
    flags = np.array([[name in names for name in ids] for names in found], dtype=bool)
    _, clusters = np.unique([passages[coding.passage].document for coding in codings], return_inverse=True)
    sample = _Sample(coded, flags, _draw_weights(clusters, codings, resamples=resamples, seed=seed))
    fits = {name: sample.fit([number]) for number, name in enumerate(ids)}
    errors = [
        AspectError(
            codings[row].passage, ids[column], _list_words(finder, passages[codings[row].passage].text, ids[column])
        )
        for column, row in np.argwhere((coded != flags).T)
    ]
    return AspectMeasure(
        passages=len(codings),
        documents=int(clusters.max()) + 1,
        by_aspect=fits,
        micro=sample.fit(range(len(ids))),
        macro=sample.average([number for number, name in enumerate(ids) if fits[name].coded]),
        errors=tuple(errors),
        resamples=resamples,
        seed=seed,
    )


@dataclass(frozen=True)
class _Sample:
    """Flags of shape (passages, aspects); weights of shape (1 + resamples, passages), those of the sample first."""

    coded: _Flags
    found: _Flags
    weights: _Weights

    def fit(self, columns: Sequence[int]) -> AspectFit:
        both, found, coded = self._weigh(columns)
        return AspectFit(
            coded=int(self.coded[:, columns].sum()),
            found=int(self.found[:, columns].sum()),
            precision=_estimate(_divide(both, found)),
            recall=_estimate(_divide(both, coded)),
            f1=_estimate(_divide(2 * both, found + coded)),
        )

    def average(self, columns: Sequence[int]) -> Estimate:
        values = []
        for column in columns:
            both, found, coded = self._weigh([column])
            values.append(_divide(2 * both, found + coded))
        stacked = np.array(values)
        # A resample may hold no passage of a rare aspect; the others are averaged.
        counts = np.isfinite(stacked).sum(axis=0)
        return _estimate(_divide(np.nansum(stacked, axis=0), counts))

    def _weigh(self, columns: Sequence[int]) -> tuple[_Weights, _Weights, _Weights]:
        coded, found = self.coded[:, columns], self.found[:, columns]
        both, found_count, coded_count = ((coded & found).sum(axis=1), found.sum(axis=1), coded.sum(axis=1))
        return self.weights @ both, self.weights @ found_count, self.weights @ coded_count


def _draw_weights(
    clusters: npt.NDArray[np.intp], codings: Sequence[AspectCoding], *, resamples: int, seed: int
) -> _Weights:
    documents = int(clusters.max()) + 1
    draws = np.random.default_rng(seed).multinomial(documents, np.full(documents, 1 / documents), size=resamples)
    times = np.vstack([np.ones((1, documents)), draws])[:, clusters]
    return np.asarray(times * np.array([coding.weight for coding in codings]), dtype=np.float64)


def _divide(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> _Weights:
    """Return the ratio, NaN where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=np.asarray(below) > 0), np.float64)


def _estimate(values: _Weights) -> Estimate:
    drawn = values[1:][np.isfinite(values[1:])]
    if not math.isfinite(values[0]) or not len(drawn):
        return Estimate(float(values[0]), math.nan, math.nan)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(values[0]), float(low), float(high))


def _list_words(finder: AspectFinder, text: str, aspect: str) -> tuple[str, ...]:
    return tuple(text[mention.start : mention.end] for mention in finder.locate(text) if mention.aspect == aspect)


def _check_rows(rows: Sequence[Row], aspects: Sequence[Aspect], passages: set[str]) -> Iterator[tuple[int, Fault]]:
    order = [aspect.id for aspect in aspects]
    seen: dict[str, int] = {}
    for row in rows:
        faults = list(check_schema(row.data, _CODING))
        yield from ((row.line, found) for found in faults)
        if any(found[0] in {"missing-field", "wrong-type"} for found in faults):
            continue
        yield from ((row.line, found) for found in _check_coding(row.data, order, passages))
        name = row.data["passage"]
        if name in seen:
            found = f"the passage {name} again, first on line {seen[name]}"
            yield row.line, ("duplicate-id", found, "each passage once", "Delete one.")
        seen.setdefault(name, row.line)


def _check_coding(data: Mapping[str, Any], order: Sequence[str], passages: set[str]) -> Iterator[Fault]:
    if data["passage"] not in passages:
        yield "unknown-passage", f"the id {data['passage']}", "an id of passages.jsonl", "Correct it."
    for name in data["aspects"]:
        if name not in order:
            yield "unknown-aspect", f"the aspect {name!r}", ", ".join(order), "Correct it or extend the taxonomy."
    known = [name for name in data["aspects"] if name in order]
    if known != [name for name in order if name in known]:
        yield "aspect-order", f"aspects {known}", "each once, in the order of the taxonomy", "Sort them."
