"""Whether evidence is true of the model: what deleting marked words does to a score, beside deleting as many others.

Measures what the scorer itself says of the shortened texts; it marks nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policyframes.evidence.selection import mark_words
from policyframes.evidence.weights import Weights
from policyframes.evidence.words import delete_words
from policyframes.scorer import Score, Scorer
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.resampling import divide, draw_weights, summarise

SHARES = (0.05, 0.10, 0.20)
ALL = "all"
SHOWN = "marks deleted"
MEAN = "mean of the three"
SENTENCE = "strongest sentence, beside another"
SENTENCE_AS_WORDS = "strongest sentence, beside words"

_WAYS = (
    SHOWN,
    *(f"{share:.0%} deleted" for share in SHARES),
    MEAN,
    *(f"all but {share:.0%}" for share in SHARES),
    SENTENCE,
    SENTENCE_AS_WORDS,
)
_BY_FRAMING = (SHOWN, MEAN)
# A probability nearer to 0 or 1 has no logit that a double can hold.
_LEAST = 1e-15

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        draws: sets of random words for each decision and way.
        passages: so many at most; None for all.
        shuffled: so many are compared with the shuffled model, at most.
    """

    draws: int
    passages: int | None
    shuffled: int | None


# An encoder needs hundreds of readings a passage: minutes for a sample, an hour for all.
_OF_NGRAMS = Effort(draws=20, passages=None, shuffled=None)
_OF_ENCODERS = Effort(draws=3, passages=150, shuffled=30)


@dataclass(frozen=True)
class Contrast:
    """What becomes of scores when some words go, beside as many drawn at random from the same passages.

    Attributes:
        marked: with the words that evidence names.
        random: with as many others, the mean over the draws.
        difference: marked less random, paired.
    """

    marked: Estimate
    random: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Effect:
    """What one way of shortening passages does.

    Attributes:
        way: what is deleted or kept.
        framing: of which the scores are, or `all`.
        decisions: number of decisions "present" whose passage was shortened.
        logit: fall of the calibrated logit.
        probability: fall of the probability.
        flips: share of the decisions that turn to "absent".
    """

    way: str
    framing: str
    decisions: int
    logit: Contrast
    probability: Contrast
    flips: Contrast


@dataclass(frozen=True)
class Faithfulness:
    """What an examination of evidence says.

    Attributes:
        effects: by way and framing.
        passages: with a decided framing.
        documents: that these come from.
        draws: at random, for each decision and way.
        marked_share: mean share of a passage's words that marks cover.
    """

    effects: tuple[Effect, ...]
    passages: int
    documents: int
    draws: int
    marked_share: float


@dataclass(frozen=True)
class _Case:
    """A decision whose evidence is put to the test."""

    text: str
    document: str
    framing: str
    column: int
    score: Score
    weights: Weights
    shown: Rows

    @property
    def order(self) -> Rows:
        """Return the words, those that speak most for the framing first."""
        return np.argsort(-self.weights.by_word[:, self.column], kind="stable")

    def delete(self, rows: Rows) -> str:
        """Return the passage without some of its words."""
        return delete_words(self.text, [self.weights.words[i] for i in np.sort(rows).tolist()])


@dataclass(frozen=True)
class _Trial:
    """One way of shortening one passage: the words that go, and sets of others that might have gone instead."""

    way: str
    marked: Rows
    random: tuple[Rows, ...]


def choose_effort(scorer: Scorer) -> Effort:
    """Return how much of a bundle is measured in minutes."""
    reads_fast = scorer.bundle.kind == "ngram-linear" or scorer.quality == "fast"
    return _OF_NGRAMS if reads_fast else _OF_ENCODERS


def measure_faithfulness(
    scorer: Scorer,
    passages: PassageSet,
    *,
    seed: int,
    resamples: int = 1_000,
    draws: int = _OF_NGRAMS.draws,
    limit: int | None = None,
) -> Faithfulness:
    """Measure what the words that evidence names do to the decisions "present".

    Comprehensiveness and sufficiency with the area over the perturbation curve (DeYoung et al. 2020, "ERASER: a
    benchmark to evaluate rationalized NLP models", section 4), each beside random words of the same passage. Falls
    are of the score that the scorer gives to the shortened text, whichever tier reads it.

    Args:
        scorer: whose evidence is measured.
        passages: of the test split, as a rule.
        seed: of the draws and the resampling.
        resamples: of the documents, for the 95 % intervals.
        draws: sets of random words for each decision and way.
        limit: measure so many passages at most, drawn at random.
    """
    chance = np.random.default_rng(seed)
    rows = np.arange(len(passages))
    if limit is not None and limit < len(rows):
        rows = np.sort(chance.choice(rows, limit, replace=False))
    cases = _collect(scorer, [passages.texts[i] for i in rows], [passages.documents[i] for i in rows])
    if not cases:
        return Faithfulness((), 0, 0, draws, float("nan"))
    trials = [_plan(case, chance, draws) for case in cases]
    falls = _measure_falls(scorer, cases, trials)
    weights = draw_weights(tuple(case.document for case in cases), seed=seed, resamples=resamples)
    return Faithfulness(
        effects=tuple(_summarise(cases, falls, weights)),
        passages=len({case.text for case in cases}),
        documents=len({case.document for case in cases}),
        draws=draws,
        marked_share=float(np.mean([len(case.shown) / len(case.weights.words) for case in cases])),
    )


def _collect(scorer: Scorer, texts: Sequence[str], documents: Sequence[str]) -> list[_Case]:
    scores = scorer.score(texts)
    weighed = scorer.weigher.weigh(texts, [score.tier if score.framings else None for score in scores])
    cases = []
    for text, document, score, weights in zip(texts, documents, scores, weighed, strict=True):
        for framing in score.framings if weights.words else ():
            column = scorer.framings.index(framing)
            marks = mark_words(text, weights.words, weights.by_word[:, column])
            shown = [
                i for i, word in enumerate(weights.words) if any(mark.start <= word.start < mark.end for mark in marks)
            ]
            cases.append(_Case(text, document, framing, column, score, weights, np.array(shown, dtype=np.intp)))
    return cases


def _plan(case: _Case, chance: np.random.Generator, draws: int) -> list[_Trial]:
    """Return what is deleted from a passage; what is kept is deleted by its complement."""
    count = len(case.weights.words)

    def draw(size: int) -> tuple[Rows, ...]:
        return tuple(chance.choice(count, size, replace=False) for _ in range(draws))

    trials = [_Trial(SHOWN, case.shown, draw(len(case.shown)))]
    for share in SHARES:
        size = max(1, round(share * count))
        others = draw(size)
        trials.append(_Trial(f"{share:.0%} deleted", case.order[:size], others))
        kept = tuple(np.setdiff1d(np.arange(count), rows) for rows in others)
        trials.append(_Trial(f"all but {share:.0%}", case.order[size:], kept))
    sentences = _find_sentences(case.weights)
    if len(sentences) > 1:
        strongest = int(np.argmax(case.weights.by_sentence[:, case.column]))
        others = tuple(rows for i, rows in enumerate(sentences) if i != strongest)[:draws]
        trials.append(_Trial(SENTENCE, sentences[strongest], others))
        trials.append(_Trial(SENTENCE_AS_WORDS, sentences[strongest], draw(len(sentences[strongest]))))
    return trials


def _find_sentences(weights: Weights) -> list[Rows]:
    """Return the words of each sentence."""
    starts = np.array([word.start for word in weights.words])
    return [np.flatnonzero((starts >= start) & (starts < end)) for start, end in weights.sentences]


def _measure_falls(
    scorer: Scorer, cases: Sequence[_Case], trials: Sequence[Sequence[_Trial]]
) -> list[dict[str, Floats]]:
    """Return by case and way the falls, shape (2, 3): marked and random; logit, probability and flips."""
    texts: dict[str, int] = {}
    for case, planned in zip(cases, trials, strict=True):
        for trial in planned:
            for rows in (trial.marked, *trial.random):
                texts.setdefault(case.delete(rows), len(texts))
    scores = scorer.score(list(texts))
    falls = []
    for case, planned in zip(cases, trials, strict=True):
        by_way = {}
        before = _read(case.score, case.framing)
        for trial in planned:
            after = [_read(scores[texts[case.delete(rows)]], case.framing) for rows in (trial.marked, *trial.random)]
            fallen = before - np.array(after)
            by_way[trial.way] = np.stack([fallen[0], fallen[1:].mean(axis=0)])
        by_way[MEAN] = np.mean([by_way[f"{share:.0%} deleted"] for share in SHARES], axis=0)
        falls.append(by_way)
    return falls


def _read(score: Score, framing: str) -> Floats:
    """Return logit, probability and whether the framing is decided."""
    probability = score.probabilities[framing]
    bounded = min(max(probability, _LEAST), 1 - _LEAST)
    return np.array([np.log(bounded / (1 - bounded)), probability, framing in score.framings])


def _summarise(cases: Sequence[_Case], falls: Sequence[dict[str, Floats]], weights: Floats) -> list[Effect]:
    framings = dict.fromkeys(case.framing for case in cases)
    groups = {ALL: np.ones(len(cases), dtype=np.bool_)} | {
        name: np.array([case.framing == name for case in cases]) for name in framings
    }
    effects = []
    for way in _WAYS:
        for name, within in groups.items():
            rows = np.flatnonzero([inside and way in by_way for inside, by_way in zip(within, falls, strict=True)])
            if rows.size == 0 or (name != ALL and way not in _BY_FRAMING):
                continue
            fallen = np.array([falls[row][way] for row in rows.tolist()])
            contrasts = [_contrast(fallen[:, :, figure], weights[:, rows]) for figure in range(3)]
            effects.append(Effect(way, name, len(rows), *contrasts))
    return effects


def _contrast(values: Floats, weights: Floats) -> Contrast:
    """Return the means of pairs, shape (cases, 2), with their intervals."""
    columns = (values[:, 0], values[:, 1], values[:, 0] - values[:, 1])
    return Contrast(*(summarise(divide(weights @ column, weights.sum(axis=1))) for column in columns))
