"""How often the intervals of shares hold the coded share, and how wide they are, on passages drawn from test.

Draws and counts; the estimates are those of `profiles.shares`, and nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policyframes.profiles.errors import ErrorTable, KindErrors, list_kinds
from policyframes.profiles.shares import STRETCH, Sample, bound_proportion, bound_share
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.evaluation.resampling import Decisions, Flags, Floats

SIZES = (10, 30, 100, 300)
TILTS = (0.1, 0.3, 0.5, 0.7)
DRAWS = 2_000

PASSAGES = "passages"
DOCUMENTS = "whole documents"
TILTED_PASSAGES = "tilted passages"
TILTED_DOCUMENTS = "tilted documents"

_STEPS = 60
_STEEPEST = 20.0
# Shares of equal passages differ in their last bits.
_ROUNDING = 1e-9

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Pool:
    """The passages of one kind that are drawn from.

    Attributes:
        scores: of the n passages, as shares are estimated from them, shape (n,).
        coded: whether each was coded as of the kind, shape (n,).
        decided: whether the model decides so, shape (n,).
        documents: number of each one's document, 0 to D - 1, shape (n,).
    """

    scores: Floats
    coded: Flags
    decided: Flags
    documents: Indices


@dataclass(frozen=True)
class Drawn:
    """Draws of passages, with what their interval should hold.

    Attributes:
        rows: of the pool, shape (draws, size).
        target: share of the pool that they are drawn from, tilted where it is.
    """

    rows: Indices
    target: float


@dataclass(frozen=True)
class Reached:
    """What intervals of one kind reached.

    Attributes:
        coverage: share of the intervals that hold the pool's coded share.
        own_coverage: share that hold the coded share of the very passages drawn.
        width: mean distance of the ends.
        bias: mean of the estimates less the pool's coded share; less the drawn passages' own for whole documents.
    """

    coverage: float
    own_coverage: float
    width: float
    bias: float


@dataclass(frozen=True)
class IntervalCoverage:
    """What intervals reached in one way of drawing.

    Attributes:
        scheme: how passages are drawn.
        kind: id of a framing, or `none`.
        size: passages of a draw.
        share: the pool's coded share, tilted where it is.
        adjusted: of the intervals of `bound_share`.
        counted: of the bare shares of decisions with Wilson's interval.
    """

    scheme: str
    kind: str
    size: int
    share: float
    adjusted: Reached
    counted: Reached

    @property
    def aim(self) -> float:
        """Return the coverage of what the interval speaks of: of whole documents their own share, else the pool's."""
        return self._find_aim(self.adjusted)

    @property
    def counted_aim(self) -> float:
        """Return the same of the bare shares."""
        return self._find_aim(self.counted)

    def _find_aim(self, reached: Reached) -> float:
        return reached.own_coverage if self.scheme == DOCUMENTS else reached.coverage


def measure_intervals(
    decisions: Decisions, passages: PassageSet, errors: ErrorTable, *, seed: int, draws: int = DRAWS
) -> list[IntervalCoverage]:
    """Return what the intervals of every kind reach, by way of drawing and number of passages.

    `passages`: single ones, with replacement. `whole documents`: documents without replacement, with all their
    passages, until there are enough. `tilted passages`: single ones, those of the kind more or less often, until the
    pool's share is each of `TILTS` (prior shift, as studies of quantification do; Forman 2008, section 4).
    `tilted documents`: passages of documents that carry the kind often, more or less often, likewise.

    Args:
        decisions: of the bundle on n passages.
        passages: n coded passages.
        errors: of the bundle.
        seed: of the draws.
        draws: of each way, size and kind.
    """
    found = []
    for kind, pool in make_pools(decisions, passages).items():
        if kind not in errors.kinds or pool.coded.all() or not pool.coded.any():
            continue
        generator = np.random.default_rng(seed)
        for size in SIZES:
            for scheme, drawn in _draw_all(pool, size, draws, generator):
                adjusted, counted = _try_intervals(pool, drawn, errors.kinds[kind], scheme=scheme)
                found.append(IntervalCoverage(scheme, kind, size, drawn.target, adjusted, counted))
    return found


def make_pools(decisions: Decisions, passages: PassageSet) -> dict[str, Pool]:
    """Return the passages as pools by kind."""
    documents = np.unique(np.array(passages.documents), return_inverse=True)[1]
    scores = np.column_stack([decisions.probabilities, np.prod(1 - decisions.probabilities, axis=1)])
    coded = np.column_stack([passages.targets, ~passages.targets.any(axis=1)])
    decided = np.column_stack([decisions.present, ~decisions.present.any(axis=1)])
    return {
        kind: Pool(scores[:, column], coded[:, column], decided[:, column], documents)
        for column, kind in enumerate(list_kinds(passages.framings))
    }


def measure_clusterings(documents: Indices, count: int) -> Floats:
    """Return `Sample.clustering` of each draw.

    Args:
        documents: of the drawn passages, shape (draws, size).
        count: number of documents D.
    """
    draws, size = documents.shape
    flat = np.arange(draws)[:, None] * count + documents
    sizes = np.bincount(flat.ravel(), minlength=draws * count).reshape(draws, count)
    return np.asarray((sizes * np.minimum(sizes, STRETCH)).sum(axis=1) / size**2 - 1 / size)


def _draw_all(pool: Pool, size: int, draws: int, generator: np.random.Generator) -> Iterator[tuple[str, Drawn]]:
    equal = np.full(len(pool.coded), 1 / len(pool.coded))
    yield PASSAGES, draw_weighted(pool, equal, (draws, size), generator)
    if size < len(pool.coded):
        yield DOCUMENTS, draw_documents(pool, size, draws, generator)
    for share in TILTS:
        yield TILTED_PASSAGES, draw_weighted(pool, tilt_passages(pool, share), (draws, size), generator)
        yield TILTED_DOCUMENTS, draw_weighted(pool, _tilt_documents(pool, share), (draws, size), generator)


def draw_weighted(pool: Pool, weights: Floats, shape: tuple[int, int], generator: np.random.Generator) -> Drawn:
    """Return passages drawn with replacement.

    Args:
        pool: n passages.
        weights: chance of each, shape (n,).
        shape: draws, and passages of each.
        generator: of random numbers.
    """
    rows = generator.choice(len(weights), size=shape, p=weights)
    return Drawn(rows, float(weights @ pool.coded))


def draw_documents(pool: Pool, size: int, draws: int, generator: np.random.Generator) -> Drawn:
    """Return passages of whole documents in random order; of the last one as many as there is room for."""
    by_document = [np.flatnonzero(pool.documents == number) for number in range(int(pool.documents.max()) + 1)]
    rows = np.empty((draws, size), dtype=np.intp)
    for draw in range(draws):
        filled = 0
        for number in generator.permutation(len(by_document)):
            taken = by_document[number][: size - filled]
            rows[draw, filled : filled + len(taken)] = taken
            filled += len(taken)
            if filled == size:
                break
    return Drawn(rows, float(pool.coded.mean()))


def tilt_passages(pool: Pool, share: float) -> Floats:
    """Return the weights of passages, shape (n,), with which the pool has this share."""
    had = pool.coded.mean()
    weights = np.where(pool.coded, share / had, (1 - share) / (1 - had))
    return np.asarray(weights / weights.sum())


def _tilt_documents(pool: Pool, share: float) -> Floats:
    """Return weights that grow with the share of the passage's document, exponentially, as steeply as it takes."""
    shares = np.bincount(pool.documents, pool.coded) / np.bincount(pool.documents)
    low, high = -_STEEPEST, _STEEPEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        reached = float(_weigh(shares[pool.documents], middle) @ pool.coded)
        low, high = (middle, high) if reached < share else (low, middle)
    return _weigh(shares[pool.documents], (low + high) / 2)


def _weigh(shares: Floats, steepness: float) -> Floats:
    weights = np.exp(steepness * (shares - 0.5))
    return np.asarray(weights / weights.sum())


def _try_intervals(pool: Pool, drawn: Drawn, errors: KindErrors, *, scheme: str) -> tuple[Reached, Reached]:
    size = drawn.rows.shape[1]
    own = pool.coded[drawn.rows].mean(axis=1)
    means = pool.scores[drawn.rows].mean(axis=1).tolist()
    clusterings = measure_clusterings(pool.documents[drawn.rows], int(pool.documents.max()) + 1).tolist()
    adjusted = [bound_share(Sample(*pair), errors) for pair in _pair(means, clusterings, size)]
    counts = pool.decided[drawn.rows].sum(axis=1).tolist()
    wilson = {count: (count / size, *bound_proportion(count, size)) for count in set(counts)}
    counted = [wilson[count] for count in counts]
    aim = own if scheme == DOCUMENTS else np.full(len(own), drawn.target)
    return _judge(adjusted, drawn.target, own, aim), _judge(counted, drawn.target, own, aim)


def _pair(means: Sequence[float], clusterings: Sequence[float], size: int) -> Iterator[tuple[float, int, float]]:
    return ((mean, size, clustering) for mean, clustering in zip(means, clusterings, strict=True))


def _judge(intervals: Sequence[tuple[float, float, float]], target: float, own: Floats, aim: Floats) -> Reached:
    value, low, high = np.array(intervals).T
    low, high = low - _ROUNDING, high + _ROUNDING
    return Reached(
        coverage=float(np.mean((low <= target) & (target <= high))),
        own_coverage=float(np.mean((low <= own) & (own <= high))),
        width=float(np.mean(high - low)),
        bias=float(np.mean(value - aim)),
    )
