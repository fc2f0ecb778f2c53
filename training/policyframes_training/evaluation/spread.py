"""How much a figure moves when the same recipe is run again: over seeds, or over resampled training documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.corpus.learnable import read_learnable
from policyframes_training.evaluation.refits import Refit
from policyframes_training.evaluation.resampling import Decisions, draw_exact_set, draw_f1


@dataclass(frozen=True)
class Spread:
    """One figure over several runs.

    Attributes:
        figure: `f1` of a framing, `macro_f1` or `exact_set`.
        values: one per run.
        mean: of the values.
        deviation: their standard deviation, with n - 1; NaN for a single run.
    """

    figure: str
    values: tuple[float, ...]
    mean: float
    deviation: float


def measure_spread(runs: Sequence[Decisions], passages: PassageSet) -> tuple[Spread, ...]:
    """Return every figure over several runs on the same passages.

    Args:
        runs: the decisions of each run; for probabilities that are at hand, see `resampling.decide`.
        passages: n passages coded for L framings.
    """
    once = np.ones((1, len(passages)))
    f1 = np.array([draw_f1(run.present, passages.targets, weights=once)[:, 0] for run in runs])
    exact = [float(draw_exact_set(run, passages.targets, weights=once)[0]) for run in runs]
    columns = {framing: f1[:, column].tolist() for column, framing in enumerate(passages.framings)}
    return tuple(
        Spread(
            figure=figure,
            values=tuple(values),
            mean=float(np.mean(values)),
            deviation=float(np.std(values, ddof=1)) if len(values) > 1 else float("nan"),
        )
        for figure, values in {"macro_f1": f1.mean(axis=1).tolist(), **columns, "exact_set": exact}.items()
    )


def rerun(corpus: Corpus, refit: Refit, *, runs: int, seed: int) -> list[Decisions]:
    """Fit on resampled training documents and decide about test, once per run.

    A linear fit is the same under every seed. What differs between runs is therefore which documents train: as many
    as there are, drawn with replacement. Each run knows about 63 % of them, so that its mean lies below the bundle.

    Args:
        corpus: from `read_corpus`.
        refit: the recipe.
        runs: number of runs.
        seed: of the draws.
    """
    train, validation, test = read_learnable(corpus, seed=seed), corpus.passages("validation"), corpus.passages("test")
    documents = np.array(train.documents)
    names = np.unique(documents)
    made = []
    for run in range(runs):
        drawn = np.random.default_rng([seed, run]).choice(names, size=len(names))
        rows = np.concatenate([np.flatnonzero(documents == name) for name in drawn])
        made.append(refit(train.take(rows), validation, test))
    return made
