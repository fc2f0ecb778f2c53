"""A finished bundle as a teacher: it scores the uncoded passages once, and its lesson is kept for the next training.

It has read the codes of all of train, so that nothing can be held out from it: it teaches no fold. Folds of the encoder
then learn from the codes alone; the fast tier that it alone teaches is calibrated on validation alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from policyframes.errors import TrainingError
from policyframes.scorer import Scorer, load
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.corpus.uncoded import Uncoded, collect_uncoded
from policyframes_training.evaluation.measurement import check_framings
from policyframes_training.tiers.lesson import LESSON, CrossFit, Floats, Teaching, load_cross_fit, save_cross_fit
from policyframes_training.tiers.recording import Plan, Report

_CHUNK = 2048
# A probability of one has no logit.
_LEAST = 1e-4


def settle_teaching(teaching: Teaching | None, plan: Plan, corpus: Corpus, report: Report) -> Teaching | None:
    """Return the teaching with the lessons of its bundles.

    Args:
        teaching: who teaches; None for nobody.
        plan: whose work folder keeps the lessons, and whose documents are scored.
        corpus: of the plan.
        report: is told of the progress.

    Raises:
        BundleError: there is no such bundle, or it is damaged.
        MissingExtraError: it needs a library that is not installed.
        UsageError: it has other framings.
        OutputError: the lesson cannot be written.
    """
    if teaching is None or not teaching.bundles or plan.documents is None:
        # What reads the lessons says that documents are missing.
        return teaching
    uncoded = collect_uncoded(corpus, plan.documents, report)
    made = tuple(_find_lesson(name, plan, corpus, uncoded, report) for name in teaching.bundles)
    return replace(teaching, of_bundles=made, uncoded=uncoded)


def _find_lesson(name: str, plan: Plan, corpus: Corpus, uncoded: Uncoded, report: Report) -> Path:
    """Return the file of a bundle's lesson, written now where it is not there or is about others."""
    scorer = _open(name)
    bundle = scorer.bundle
    check_framings(bundle, corpus.framings, where=f"teacher '{name}'")
    if bundle.provenance.get("split_sha256") != corpus.split_sha256:
        report(
            f"{bundle.name} was trained on other data or another split: where it has read passages that validate or"
            " test here, what learns from it looks better than it is"
        )
    path = plan.find_work_folder(f"taught-by-{bundle.name}-{bundle.id[:12]}") / LESSON
    try:
        load_cross_fit(path, corpus, uncoded)
    except TrainingError:
        logits = _ask(scorer, uncoded.texts, report)
        save_cross_fit(_make_lesson(scorer, corpus, uncoded, logits), path)
    return path


def _open(name: str) -> Scorer:
    scorer = load(name)
    # A cascade knows most where its encoder reads everything.
    return load(name, "best") if scorer.bundle.kind == "cascade" else scorer


def _ask(scorer: Scorer, texts: tuple[str, ...], report: Callable[[str], None]) -> Floats:
    """Return the logits of the calibrated probabilities, shape (texts, L)."""
    parts = [np.empty((0, len(scorer.bundle.framing_ids)))]
    for start in range(0, len(texts), _CHUNK):
        decided = scorer.decide(texts[start : start + _CHUNK]).probabilities
        probabilities = np.clip(np.asarray(decided, dtype=np.float64), _LEAST, 1 - _LEAST)
        parts.append(np.log(probabilities / (1 - probabilities)))
        report(f"{scorer.bundle.name} scored {min(start + _CHUNK, len(texts)):,} of {len(texts):,} uncoded passages")
    return np.concatenate(parts)


def _make_lesson(scorer: Scorer, corpus: Corpus, uncoded: Uncoded, logits: Floats) -> CrossFit:
    bundle = scorer.bundle
    # Of what it has learnt from, it says nothing.
    nothing = np.empty((0, len(corpus.framings)))
    return CrossFit(
        train=nothing,
        validation=nothing,
        uncoded_by_fold=logits[np.newaxis],
        fold_of={},
        corpus_sha256=corpus.sha256,
        uncoded_sha256=uncoded.sha256,
        bundle=bundle.id,
        model=f"the bundle {bundle.name} ({bundle.id[:12]})",
    )
