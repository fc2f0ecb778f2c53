"""A bundle on the frozen test split, through the scorer itself, so that the figures are those of what users get.

Scores and measures; it fits nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from policyframes.backends import Quality
from policyframes.backends.runtimes import REFERENCE_RUNTIME
from policyframes.bundle import Bundle
from policyframes.errors import UsageError
from policyframes.scorer import Score, Scorer
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.figures import RESAMPLES, evaluate_decisions
from policyframes_training.evaluation.resampling import (
    Decisions,
    Flags,
    Floats,
    draw_figures,
    draw_weights,
    summarise,
)
from policyframes_training.labels.coded import Labels, load_labels
from policyframes_training.tiers.export import Measured

_PASSAGES_FILE = "passages.jsonl"


def measure_bundle(
    bundle: Bundle,
    corpus: Corpus,
    *,
    seed: int,
    quality: Quality | None = None,
    resamples: int = RESAMPLES,
) -> Measured:
    """Measure a bundle on the test split: rewrites, originals where there are any, and both together.

    Args:
        bundle: what is measured.
        corpus: from `read_corpus`.
        seed: of the resampling.
        quality: of a cascade, `fast`, `balanced` or `best`.
        resamples: number of resamples.

    Raises:
        UsageError: bundle and corpus differ in their framings, or the bundle has no such quality.
    """
    test = corpus.passages("test")
    decisions = score_decisions(bundle, test, quality=quality)
    evaluations = {
        part: evaluate_decisions(decisions.select(mask), test.select(mask), seed=seed, resamples=resamples)
        for part, mask in find_parts(test, is_ours=corpus.labels_folder is not None).items()
    }
    return Measured(evaluations, corpus.second_coder)


def score_passages(bundle: Bundle, passages: PassageSet, *, quality: Quality | None = None) -> Floats:
    """Return the probabilities that the scorer gives, shape (passages, framings)."""
    return score_decisions(bundle, passages, quality=quality).probabilities


def score_decisions(bundle: Bundle, passages: PassageSet, *, quality: Quality | None = None) -> Decisions:
    """Return what the scorer decides, on the runtime that thresholds are set on.

    Args:
        bundle: what is measured.
        passages: n passages coded for the framings of the bundle.
        quality: of a cascade, `fast`, `balanced` or `best`.

    Raises:
        UsageError: bundle and passages differ in their framings, or the bundle has no such quality.
    """
    check_framings(bundle, passages.framings)
    scorer = Scorer(bundle, quality, runtime=REFERENCE_RUNTIME)
    return _read_decisions(scorer.score(passages.texts), bundle.framing_ids)


def check_framings(bundle: Bundle, framings: tuple[str, ...], *, where: str = "") -> None:
    """Check that a bundle speaks of the framings of the labels.

    Args:
        bundle: what is checked.
        framings: ids of the labels' framings, in their order.
        where: what the bundle is here; its name unless given.

    Raises:
        UsageError: it speaks of others.
    """
    if bundle.framing_ids == framings:
        return
    raise UsageError(
        where=where or f"bundle '{bundle.name}'",
        found=f"the framings {', '.join(bundle.framing_ids)}",
        allowed=f"those of the labels, {', '.join(framings)}",
        remedy="Give a bundle that was trained on these framings, or its labels with --labels and --taxonomy.",
    )


def measure_brier(
    decisions: Decisions, passages: PassageSet, *, seed: int, resamples: int = RESAMPLES
) -> dict[str, Estimate]:
    """Return the Brier score by framing, and their mean as `macro`."""
    weights = draw_weights(passages.documents, seed=seed, resamples=resamples)
    drawn = [figures["brier"] for figures in draw_figures(decisions, passages.targets, weights=weights)]
    by_framing = {framing: summarise(draws) for framing, draws in zip(passages.framings, drawn, strict=True)}
    return {**by_framing, "macro": summarise(np.mean(drawn, axis=0))}


def find_parts(passages: PassageSet, *, is_ours: bool = True) -> dict[str, Flags]:
    """Return the masks of `rewrites`, and where there are originals of `originals` and `both`; none is empty.

    Data that are not ours and hold no originals are no rewrites either: of them there is `all`.
    """
    original = passages.is_original
    if not is_ours and not original.any():
        return {"all": ~original}
    parts = {"rewrites": ~original}
    if original.any():
        parts |= {"originals": original, "both": np.ones(len(passages), dtype=np.bool_)}
    return {part: mask for part, mask in parts.items() if mask.any()}


def find_labels_data(labels: Path) -> Labels | None:
    """Return the labels of a folder as `labels/` is one; None for any other coded data."""
    return load_labels(labels) if (labels / _PASSAGES_FILE).is_file() else None


def _read_decisions(scores: Sequence[Score], framings: tuple[str, ...]) -> Decisions:
    shape = (len(scores), len(framings))
    return Decisions(
        np.array([[score.probabilities[name] for name in framings] for score in scores]).reshape(shape),
        np.array([[name in score.framings for name in framings] for score in scores], dtype=np.bool_).reshape(shape),
        np.array([[name not in score.uncertain for name in framings] for score in scores], dtype=np.bool_).reshape(
            shape
        ),
    )
