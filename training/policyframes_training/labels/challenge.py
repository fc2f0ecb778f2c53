"""The counterfactual pairs of labels/challenge.jsonl: read, checked, and scored.

Two texts of one topic and the same actors, framed otherwise. They measure and never teach: nothing here returns them to
training or to the choice of settings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from policyframes.scorer import Score
from policyframes_training.estimates import Estimate
from policyframes_training.labels.anchors import normalise_letters
from policyframes_training.labels.coded import fault
from policyframes_training.labels.defects import Defect, Row, read_lines
from policyframes_training.labels.quotation import RUN_WORDS, find_quotations
from policyframes_training.labels.records import Fault, check_schema, check_text

CHALLENGE = "challenge.jsonl"
KINDS = ("plain", "negated", "reported", "vocabulary", "none", "added")
FEWEST_WORDS, MOST_WORDS = 25, 110
NONE = "none"
RESAMPLES = 1_000

_LEVEL = 0.95
_SIDES = ("a", "b")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value == value.strip() != "" and value.isprintable()


def _is_side(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"text", "framings"} or not isinstance(value["text"], str):
        return False
    return isinstance(value["framings"], list) and all(isinstance(framing, str) for framing in value["framings"])


_SIDE = (_is_side, "an object with text and a list of framings")
_PAIR: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "id": (_is_id, "an id"),
    "topic": (_is_id, "a few words"),
    "contrast": (_is_id, "the framings of a, a slash, those of b"),
    "a": _SIDE,
    "b": _SIDE,
    "kind": (_is_id, ", ".join(KINDS)),
    "note": (_is_id, "a note: which boundary decides"),
}


@dataclass(frozen=True)
class Side:
    """One text of a pair and the framings that it performs, in the order of the taxonomy."""

    text: str
    framings: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Two texts of one topic and the same actors.

    Attributes:
        id: id of the pair.
        topic: what both speak of.
        contrast: the framings of `a` and of `b`, several joined by `+`, none as `none`: `governance/none`.
        kind: what makes it hard (`negated`, `reported`, `vocabulary`); else `none` or `added` where its contrast is of
            that sort, and `plain` otherwise.
        a: one text.
        b: the other.
        note: which boundary of the codebook decides.
    """

    id: str
    topic: str
    contrast: str
    kind: str
    a: Side
    b: Side
    note: str

    @property
    def differing(self) -> tuple[str, ...]:
        """Return the framings that one of the two texts carries and the other does not."""
        return tuple(sorted(set(self.a.framings) ^ set(self.b.framings)))


@dataclass(frozen=True)
class Group:
    """The figures of some of the pairs.

    Attributes:
        pairs: number of pairs.
        pair_accuracy: share of pairs in which every framing that differs is more probable on the side that carries it;
            a tie is an error.
        set_accuracy: share of texts whose decided set of framings is the coded one.
        both_exact: share of pairs of which both texts are decided exactly.
    """

    pairs: int
    pair_accuracy: Estimate
    set_accuracy: Estimate
    both_exact: Estimate


@dataclass(frozen=True)
class ChallengeResult:
    """What a model makes of the pairs.

    Attributes:
        overall: of all pairs.
        by_contrast: by contrast, whichever side stands first (`governance/securitized` holds both orders).
        by_kind: by kind.
        by_framing: by framing, share of the pairs differing in it on which that framing alone is ranked right.
        failed: ids of the pairs that pair accuracy counts as wrong.
    """

    overall: Group
    by_contrast: dict[str, Group]
    by_kind: dict[str, Group]
    by_framing: dict[str, Estimate]
    failed: tuple[str, ...]


class ScoresTexts(Protocol):
    """What is measured: anything that scores texts as `policyframes.scorer.Scorer` does."""

    def score(self, texts: Sequence[str]) -> list[Score]:
        """Return one score per text."""
        ...


def load_challenge(path: Path | str, framings: Sequence[str]) -> tuple[Pair, ...]:
    """Read the pairs, in the order of the file.

    Args:
        path: the file.
        framings: ids of the framings, in the order of the taxonomy.

    Raises:
        LabelsError: the file is missing or does not hold what it must; the error names the line.
    """
    path = Path(path)
    defects: list[Defect] = []
    rows = read_lines(path, defects)
    found = [(defect.line, defect.found, defect.allowed) for defect in defects]
    found += [(line, what, allowed) for line, (_, what, allowed, _) in _check_rows(rows, framings)]
    if found:
        raise fault(path, *min(found))
    return tuple(_make_pair(row.data) for row in rows)


def check_challenge(
    folder: Path,
    framings: Sequence[str],
    *,
    passages: Sequence[Row] = (),
    documents: Mapping[str, str] | None = None,
) -> list[Defect]:
    """Return every defect of challenge.jsonl; none where a folder of labels has no such file.

    Args:
        folder: the folder of labels.
        framings: ids of the framings, in the order of the taxonomy.
        passages: coded passages, none of which may have the text of a side.
        documents: canonical text by document id, with which no side may share a long run of words.
    """
    path = folder / CHALLENGE
    defects: list[Defect] = []
    if not path.exists():
        return defects
    rows = read_lines(path, defects)
    faults = list(_check_rows(rows, framings))
    sound = [row for row in rows if not any(check_schema(row.data, _PAIR))]
    faults += _check_strange(sound, passages, documents or {})
    return defects + [Defect(CHALLENGE, line, *found) for line, found in faults]


def measure_challenge(
    scorer: ScoresTexts, pairs: Sequence[Pair], *, seed: int, resamples: int = RESAMPLES
) -> ChallengeResult:
    """Score both texts of every pair and measure how often the framing, not the topic, decides.

    Pair accuracy follows the contrast consistency of Gardner et al. 2020, "Evaluating models' local decision boundaries
    via contrast sets", on ranks instead of decisions. Intervals: percentile bootstrap over pairs, 95 %.

    Args:
        scorer: what is measured.
        pairs: from `load_challenge`.
        seed: of the resampling.
        resamples: number of resamples.
    """
    scores = scorer.score([side.text for pair in pairs for side in (pair.a, pair.b)])
    first, second = scores[::2], scores[1::2]
    ranked = [_rank_framings(*three) for three in zip(pairs, first, second, strict=True)]
    exact = np.array(
        [
            [set(one.framings) == set(pair.a.framings), set(other.framings) == set(pair.b.framings)]
            for pair, one, other in zip(pairs, first, second, strict=True)
        ],
        dtype=np.bool_,
    ).reshape(-1, 2)
    right = np.array([all(by_framing.values()) for by_framing in ranked], dtype=np.bool_)
    figures = np.stack([right, exact.mean(axis=1), exact.all(axis=1)]).astype(np.float64)
    weights = _draw_weights(len(pairs), seed=seed, resamples=resamples)

    def group(names: Sequence[str]) -> dict[str, Group]:
        marks = np.array(names)
        return {name: _measure_group(figures, weights, marks == name) for name in sorted(set(names))}

    framings = sorted({framing for pair in pairs for framing in pair.differing})
    return ChallengeResult(
        overall=_measure_group(figures, weights, np.ones(len(pairs), dtype=np.bool_)),
        by_contrast=group([_name_contrast(pair) for pair in pairs]),
        by_kind=group([pair.kind for pair in pairs]),
        by_framing={framing: _measure_framing(ranked, framing, weights) for framing in framings},
        failed=tuple(pair.id for pair, is_right in zip(pairs, right, strict=True) if not is_right),
    )


def _draw_weights(pairs: int, *, seed: int, resamples: int) -> npt.NDArray[np.float64]:
    """Return how often each pair counts, shape (resamples + 1, pairs): row 0 once each."""
    drawn = np.random.default_rng(seed).multinomial(pairs, np.full(pairs, 1.0 / pairs), size=resamples)
    return np.concatenate([np.ones((1, pairs)), drawn])


def _rank_framings(pair: Pair, first: Score, second: Score) -> dict[str, bool]:
    """Return, by framing that differs, whether it is more probable on the side that carries it."""
    ranked: dict[str, bool] = {}
    for framing in pair.differing:
        carrier, other = (first, second) if framing in pair.a.framings else (second, first)
        ranked[framing] = carrier.probabilities[framing] > other.probabilities[framing]
    return ranked


def _name_contrast(pair: Pair) -> str:
    """Return one name for both orders: the richer side last, or the later in the alphabet; none always last."""
    one, other = pair.contrast.split("/")
    return "/".join(sorted((one, other), key=lambda name: (name == NONE, name.count("+"), name)))


def _measure_group(
    figures: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], mask: npt.NDArray[np.bool_]
) -> Group:
    estimates = [_estimate(values[mask], weights[:, mask]) for values in figures]
    return Group(int(mask.sum()), *estimates)


def _measure_framing(ranked: Sequence[Mapping[str, bool]], framing: str, weights: npt.NDArray[np.float64]) -> Estimate:
    mask = np.array([framing in by_framing for by_framing in ranked], dtype=np.bool_)
    values = np.array([by_framing[framing] for by_framing in ranked if framing in by_framing], dtype=np.float64)
    return _estimate(values, weights[:, mask])


def _estimate(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> Estimate:
    totals = weights.sum(axis=1)
    # A resample may hold none of a small group.
    means = (weights @ values)[totals > 0] / totals[totals > 0]
    tail = (1 - _LEVEL) / 2
    low, high = (float(bound) for bound in np.quantile(means[1:], [tail, 1 - tail]))
    return Estimate(float(means[0]), low, high)


def _make_pair(data: Mapping[str, Any]) -> Pair:
    a, b = (Side(data[side]["text"], tuple(data[side]["framings"])) for side in _SIDES)
    return Pair(data["id"], data["topic"], data["contrast"], data["kind"], a, b, data["note"])


def _check_rows(rows: Sequence[Row], framings: Sequence[str]) -> Iterator[tuple[int, Fault]]:
    ids: dict[str, int] = {}
    texts: dict[str, int] = {}
    for row in rows:
        faults = list(check_schema(row.data, _PAIR))
        if faults:
            yield from ((row.line, found) for found in faults)
            continue
        yield from ((row.line, found) for found in _check_pair(row.data, framings))
        if row.data["id"] in ids:
            found = f"the id {row.data['id']} again, first on line {ids[row.data['id']]}"
            yield row.line, ("duplicate-id", found, "each id once", "Delete one or give it a new id.")
        ids.setdefault(row.data["id"], row.line)
        for side in _SIDES:
            letters = normalise_letters(row.data[side]["text"])
            if letters in texts:
                found = f"the text of {side} again, first on line {texts[letters]}"
                yield row.line, ("duplicate-text", found, "each text once", "Write another.")
            texts.setdefault(letters, row.line)


def _check_pair(data: Mapping[str, Any], framings: Sequence[str]) -> Iterator[Fault]:
    for side in _SIDES:
        text, marked = data[side]["text"], data[side]["framings"]
        yield from check_text(text)
        words = len(text.split())
        if not FEWEST_WORDS <= words <= MOST_WORDS:
            allowed = f"{FEWEST_WORDS} to {MOST_WORDS} words"
            yield "bad-length", f"{words} words in {side}", allowed, "Write it shorter or longer."
        if unknown := [framing for framing in marked if framing not in framings]:
            yield "unknown-framing", f"{unknown[0]!r} in {side}", ", ".join(framings), "Correct it."
        elif marked != [framing for framing in framings if framing in marked]:
            yield "framing-order", f"{marked} in {side}", "each once, in the order of the taxonomy", "Sort them."
    names = ["+".join(data[side]["framings"]) or NONE for side in _SIDES]
    if names[0] == names[1]:
        yield "no-contrast", f"{names[0]} on both sides", "two sides that differ", "Write another side."
    if data["contrast"] != "/".join(names):
        yield "bad-contrast", f"contrast {data['contrast']!r}", f"{'/'.join(names)!r} for these framings", "Correct it."
    if not data["note"].strip():
        yield "missing-field", "an empty note", "the boundary that decides", "Say why the codes are as they are."
    if data["kind"] not in KINDS:
        yield "unknown-kind", f"kind {data['kind']!r}", ", ".join(KINDS), "Correct the kind."


def _check_strange(
    rows: Sequence[Row], passages: Sequence[Row], documents: Mapping[str, str]
) -> Iterator[tuple[int, Fault]]:
    """Yield texts that the labels train from, or that hold a document's words."""
    digests = {_hash_letters(row.data["text"]): row.data["id"] for row in passages}
    texts = [(row.line, side, row.data[side]["text"]) for row in rows for side in _SIDES]
    for line, side, text in texts:
        if (passage := digests.get(_hash_letters(text))) is not None:
            found = f"{side} has the text of the passage {passage}"
            yield line, ("equal-to-passage", found, "texts that nothing learns from", "Write another.")
    for quotation in find_quotations([text for _, _, text in texts], documents):
        line, side, _ = texts[quotation.passage]
        found = f"{side} shares a run of {RUN_WORDS} words or more with {quotation.document}: '{quotation.opening} ...'"
        yield line, ("quoted-text", found, "text of our own", "Say it in other words.")


def _hash_letters(text: str) -> str:
    return hashlib.sha256(normalise_letters(text).encode("utf-8")).hexdigest()
