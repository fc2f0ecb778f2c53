"""What a hand-coded sample mends: shares of passages from test, before and after, with a model made to err.

Draws and counts; the estimates are those of `profiles.shares` and `profiles.coded`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from policyframes.profiles.coded import correct_share
from policyframes.profiles.errors import ErrorTable
from policyframes.profiles.shares import Sample, bound_proportion, bound_share
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.evaluation.interval_coverage import Pool, make_pools, measure_clusterings
from policyframes_training.evaluation.resampling import Decisions, Floats

PASSAGES = 300
CODED = (20, 50, 100)
DRAWS = 2_000

AS_IT_IS = "as it is"
SHIFTED = "logits raised by 1.5"
USELESS = "scores of other passages"

_RAISED = 1.5


@dataclass(frozen=True)
class CodedCoverage:
    """What the estimates reached, with one model and one number of coded passages.

    Attributes:
        model: what was done to its scores.
        kind: id of a framing, or `none`.
        coded: passages coded by hand, of `PASSAGES`.
        share: coded share of the pool.
        bias: of the estimate that the sample corrects, its mean less the share.
        bias_before: of the estimate without the sample.
        coverage: share of the corrected intervals that hold the share.
        coverage_before: of those without the sample.
        width: mean distance of the ends of the corrected interval.
        width_codes: of Wilson's interval of the coded passages alone.
    """

    model: str
    kind: str
    coded: int
    share: float
    bias: float
    bias_before: float
    coverage: float
    coverage_before: float
    width: float
    width_codes: float


def measure_coded(
    decisions: Decisions, passages: PassageSet, errors: ErrorTable, *, seed: int, draws: int = DRAWS
) -> list[CodedCoverage]:
    """Return what samples of each size reach, by kind, with the model as it is and made to err in two ways.

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
        rows = generator.integers(0, len(pool.coded), size=(draws, PASSAGES))
        count = int(pool.documents.max()) + 1
        clusterings = measure_clusterings(pool.documents[rows], count).tolist()
        for model, scores in _spoil(pool, generator):
            means = scores[rows].mean(axis=1).tolist()
            before = np.array(
                [
                    bound_share(Sample(mean, PASSAGES, clustering), errors.kinds[kind])
                    for mean, clustering in zip(means, clusterings, strict=True)
                ]
            )
            for coded in CODED:
                codes = pool.coded[rows].astype(np.float64)
                after = np.array(
                    [
                        correct_share(own[:coded], said[:coded], said[coded:])
                        for own, said in zip(codes, scores[rows], strict=True)
                    ]
                )
                found.append(
                    _judge(model, kind, before=before, after=after, codes=codes[:, :coded], share=pool.coded.mean())
                )
    return found


def _spoil(pool: Pool, generator: np.random.Generator) -> Iterator[tuple[str, Floats]]:
    yield AS_IT_IS, pool.scores
    odds = pool.scores / np.maximum(1 - pool.scores, np.finfo(np.float64).tiny) * np.exp(_RAISED)
    yield SHIFTED, odds / (1 + odds)
    yield USELESS, generator.permutation(pool.scores)


def _judge(model: str, kind: str, *, before: Floats, after: Floats, codes: Floats, share: float) -> CodedCoverage:
    size = codes.shape[1]
    counts = codes.sum(axis=1).astype(int).tolist()
    wilson = {count: bound_proportion(count, size) for count in set(counts)}
    return CodedCoverage(
        model=model,
        kind=kind,
        coded=size,
        share=float(share),
        bias=float(after[:, 0].mean() - share),
        bias_before=float(before[:, 0].mean() - share),
        coverage=_count_held(after, share),
        coverage_before=_count_held(before, share),
        width=float((after[:, 2] - after[:, 1]).mean()),
        width_codes=float(np.mean([wilson[count][1] - wilson[count][0] for count in counts])),
    )


def _count_held(intervals: Floats, share: float) -> float:
    return float(np.mean((intervals[:, 1] <= share) & (share <= intervals[:, 2])))
