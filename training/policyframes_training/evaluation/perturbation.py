"""Framing, not topic: what becomes of scores when the actors and years of a passage are masked or swapped.

Changes names alone, consistently within a passage and under a seed. Which names there are is `actors`' affair.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, f1_score

from policyframes.errors import UsageError
from policyframes.scorer import Score
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.actors import Kind, Mention, find_mentions
from policyframes_training.evaluation.resampling import draw_weights
from policyframes_training.evaluation.stand_ins import Masks, Swaps

KINDS: dict[str, frozenset[Kind]] = {
    "countries": frozenset({"country"}),
    "home": frozenset({"home"}),
    "organizations": frozenset({"organization"}),
    "persons": frozenset({"person"}),
    "parties": frozenset({"party"}),
    "years": frozenset({"year"}),
    "all": frozenset({"country", "home", "organization", "person", "party", "year"}),
}
PERTURBATIONS: tuple[str, ...] = tuple(f"{way}-{name}" for name in KINDS for way in ("mask", "swap"))
# Names may change what a coder would mark where the issuer itself becomes another; training keeps it.
AUGMENTED: frozenset[Kind] = KINDS["all"] - {"home"}

RESAMPLES = 1_000

_LEVEL = 0.95
_ARTICLE = re.compile(r"(?<!\w)([Aa])(n?) $")
# Spelt with a vowel, spoken with a consonant.
_CONSONANT_SOUND = re.compile(r"(?:U(?:[SKN]|\.|g|ni|ru|kr|zb)|Eu|One\b|one\b|uni)")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]['’”\")]*\s+|\n\s*(?:[-*•]\s*)?|^[-*•“\"]\s*)$")

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class ScoresTexts(Protocol):
    """What is measured: anything that scores texts as `policyframes.scorer.Scorer` does."""

    @property
    def framings(self) -> tuple[str, ...]:
        """Return the ids of the framings."""
        ...

    def score(self, texts: Sequence[str]) -> list[Score]:
        """Return one score per text."""
        ...


@dataclass(frozen=True)
class Shift:
    """What a perturbation does to the decisions on one framing, among the passages that it touches.

    Attributes:
        flips: share of the decisions that change, with its interval over documents.
        mean_change: mean absolute change of the probability.
        f1_loss: F1 before less F1 after, at the bundle's own decisions; NaN without a passage.
        average_precision_loss: likewise for average precision.
    """

    flips: Estimate
    mean_change: Estimate
    f1_loss: float
    average_precision_loss: float


@dataclass(frozen=True)
class Sensitivity:
    """What one perturbation does.

    Attributes:
        passages: number of passages that were looked at.
        touched: number of them whose text it changes.
        flips: share of all decisions (passages times framings) that change, among the touched.
        any_flip: share of the touched whose set of framings changes.
        framings: by framing.
        macro_f1_loss: mean of `f1_loss` over the framings that have one.
        macro_average_precision_loss: likewise.
    """

    passages: int
    touched: int
    flips: Estimate
    any_flip: Estimate
    framings: dict[str, Shift]
    macro_f1_loss: float
    macro_average_precision_loss: float

    @property
    def touched_share(self) -> float:
        """Return the share of passages that the perturbation changes."""
        return self.touched / self.passages if self.passages else float("nan")


def perturb(texts: Sequence[str], perturbation: str, *, seed: int) -> tuple[str, ...]:
    """Mask or swap the names of one kind.

    A mask puts neutral words in a name's place ("the country", "the neighboring state", "that year"); a swap puts
    another name of the same class there: country for country with its demonym and capital, Republican for Democrat, a
    year a few years off. All mentions of one actor within a passage get the same stand-in, different actors different
    ones, and none that the passage names already. Possessives, plurals, articles and capitals follow.

    Args:
        texts: passages.
        perturbation: one of `PERTURBATIONS`.
        seed: of the swaps. What is drawn for a passage hangs on the seed and its text alone, not on the others.

    Raises:
        UsageError: there is no such perturbation.
    """
    if perturbation not in PERTURBATIONS:
        raise UsageError(
            where="perturb",
            found=f"the perturbation {perturbation!r}",
            allowed=", ".join(PERTURBATIONS),
            remedy="Give one of these.",
        )
    way, _, name = perturbation.partition("-")
    return tuple(_rewrite(text, KINDS[name], masked=way == "mask", seed=f"{seed}") for text in texts)


def augment(passages: PassageSet, *, seed: int, copies: int = 1, kinds: frozenset[Kind] = AUGMENTED) -> PassageSet:
    """Return copies of passages with other actors and years and the same codes, for training.

    Counterfactual data augmentation after Kaushik, Hovy and Lipton 2020, "Learning the difference that makes a
    difference with counterfactually-augmented data", here by rule: what is swapped does not bear on the codes, so that
    a model that learns from both texts has nothing to gain from the names. Passages without a name have no copy; a
    copy that is equal to its passage or to another copy is left out.

    Args:
        passages: of the train split, and of no other.
        seed: of the swaps.
        copies: copies of each passage, at most.
        kinds: which names are swapped.

    Returns:
        The copies alone, ids `<id>~1`, `<id>~2`, ..., with the documents of their passages.
    """
    rows: list[int] = []
    texts: list[str] = []
    ids: list[str] = []
    for row, text in enumerate(passages.texts):
        seen = {text}
        for copy in range(1, copies + 1):
            changed = _rewrite(text, kinds, masked=False, seed=f"{seed}/{copy}")
            if changed not in seen:
                seen.add(changed)
                rows.append(row)
                texts.append(changed)
                ids.append(f"{passages.ids[row]}~{copy}")
    taken = np.array(rows, dtype=np.intp)
    return PassageSet(
        framings=passages.framings,
        ids=tuple(ids),
        texts=tuple(texts),
        documents=tuple(passages.documents[row] for row in rows),
        targets=passages.targets[taken],
        doubt=passages.doubt[taken],
        is_original=passages.is_original[taken],
    )


def measure_sensitivity(
    scorer: ScoresTexts,
    passages: PassageSet,
    *,
    seed: int,
    perturbations: Sequence[str] = PERTURBATIONS,
    resamples: int = RESAMPLES,
) -> dict[str, Sensitivity]:
    """Measure what perturbations do to the scores of passages, of the test split as a rule.

    Intervals: percentile bootstrap over documents, 95 %, as in `evaluation.evaluate`.

    Args:
        scorer: what is measured.
        passages: with the codes that F1 and average precision are measured against.
        seed: of the swaps and of the resampling.
        perturbations: some of `PERTURBATIONS`.
        resamples: number of resamples.

    Raises:
        UsageError: there is no such perturbation.
    """
    before = _score(scorer, passages.texts)
    measured: dict[str, Sensitivity] = {}
    for perturbation in perturbations:
        texts = perturb(passages.texts, perturbation, seed=seed)
        touched = np.array([new != old for new, old in zip(texts, passages.texts, strict=True)], dtype=np.bool_)
        after = _score(scorer, [text for text, is_touched in zip(texts, touched, strict=True) if is_touched])
        old = (before[0][touched], before[1][touched])
        measured[perturbation] = _compare(old, after, passages, touched, (seed, resamples))
    return measured


def _compare(
    before: tuple[Floats, Bools],
    after: tuple[Floats, Bools],
    passages: PassageSet,
    touched: Bools,
    draws: tuple[int, int],
) -> Sensitivity:
    part = passages.select(touched)
    flipped = before[1] != after[1]
    change = np.abs(before[0] - after[0])
    # Without a passage there is nothing to draw from.
    weights = draw_weights(part.documents, seed=draws[0], resamples=draws[1]) if len(part) else np.zeros((1, 0))
    shifts: dict[str, Shift] = {}
    for column, framing in enumerate(passages.framings):
        present = part.targets[:, column]
        shifts[framing] = Shift(
            flips=_estimate(weights, flipped[:, column].astype(np.float64)),
            mean_change=_estimate(weights, change[:, column]),
            f1_loss=_loss(_measure_f1, present, before[1][:, column], after[1][:, column]),
            average_precision_loss=_loss(_measure_precision, present, before[0][:, column], after[0][:, column]),
        )
    return Sensitivity(
        passages=len(passages),
        touched=len(part),
        flips=_estimate(weights, flipped.mean(axis=1) if len(part) else np.zeros(0)),
        any_flip=_estimate(weights, flipped.any(axis=1).astype(np.float64)),
        framings=shifts,
        macro_f1_loss=_average([shift.f1_loss for shift in shifts.values()]),
        macro_average_precision_loss=_average([shift.average_precision_loss for shift in shifts.values()]),
    )


def _score(scorer: ScoresTexts, texts: Sequence[str]) -> tuple[Floats, Bools]:
    """Return probabilities and decisions, each of shape (n, L)."""
    scores = scorer.score(list(texts))
    shape = (len(scores), len(scorer.framings))
    probabilities = [[score.probabilities[framing] for framing in scorer.framings] for score in scores]
    decided = [[framing in score.framings for framing in scorer.framings] for score in scores]
    return np.array(probabilities, dtype=np.float64).reshape(shape), np.array(decided, dtype=np.bool_).reshape(shape)


def _measure_f1(present: Bools, decided: npt.NDArray[np.generic]) -> float:
    return float(f1_score(present, decided, zero_division=np.nan))


def _measure_precision(present: Bools, probabilities: npt.NDArray[np.generic]) -> float:
    return float(average_precision_score(present, probabilities))


def _loss(
    measure: Callable[[Bools, npt.NDArray[np.generic]], float],
    present: Bools,
    before: npt.NDArray[np.generic],
    after: npt.NDArray[np.generic],
) -> float:
    return measure(present, before) - measure(present, after) if present.any() else float("nan")


def _average(values: Sequence[float]) -> float:
    defined = [value for value in values if not np.isnan(value)]
    return sum(defined) / len(defined) if defined else float("nan")


def _estimate(weights: Floats, values: Floats) -> Estimate:
    if values.size == 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    totals = weights.sum(axis=1)
    means = (weights @ values)[totals > 0] / totals[totals > 0]
    tail = (1 - _LEVEL) / 2
    low, high = (float(bound) for bound in np.quantile(means[1:], [tail, 1 - tail]))
    return Estimate(float(means[0]), low, high)


def _rewrite(text: str, kinds: frozenset[Kind], *, masked: bool, seed: str) -> str:
    mentions = find_mentions(text, kinds)
    if not mentions:
        return text
    # Chance from the text itself, so that a passage is changed alike whatever stands beside it. No secret hangs on it.
    chance = random.Random(f"{seed}|{text}")  # noqa: S311 # said above
    stand_ins = Masks() if masked else Swaps(mentions, chance)
    parts: list[str] = []
    at = 0
    for mention in mentions:
        start, end, words = stand_ins.replace(text, mention)
        if start < at:
            continue
        before = text[at:start]
        if words and not mention.article:
            before = _fit_article(before, words)
        parts += [before, _fit_case(text[:start], mention, words)]
        at = _skip_possessive(text, mention, parts, end)
    return "".join([*parts, text[at:]])


def _fit_article(before: str, words: str) -> str:
    match = _ARTICLE.search(before)
    if match is None:
        return before
    if words.startswith("the "):
        return before[: match.start()]
    is_vowel = words[0] in "AEIOUaeiouÅÉ" and not _CONSONANT_SOUND.match(words)
    return before[: match.start()] + match[1] + ("n " if is_vowel else " ")


def _fit_case(before: str, mention: Mention, words: str) -> str:
    if mention.upper:
        return words.upper()
    opens = mention.article[0] == "T" if mention.article else _SENTENCE_START.search(before[-8:]) is not None
    return words[:1].upper() + words[1:] if opens else words


def _skip_possessive(text: str, mention: Mention, parts: list[str], end: int) -> int:
    """Write the possessive that the new name asks for, and return where the text goes on."""
    match = re.compile(r"(['’])(s?)(?![^\W_])").match(text, end)
    if match is None or (match[2] == "" and not mention.form.surface.endswith("s")):
        return end
    if mention.form.surface.endswith("s") or parts[-1].endswith("s"):
        parts.append(match[1] + ("" if parts[-1].endswith("s") else "s"))
        return match.end()
    return end
