"""The fast tier from labels to a recorded bundle: choose, fit, calibrate, measure, save.

Settings, calibration and thresholds come from validation alone, bands from validation and from train held out in turn;
test passages are only measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from policyframes.bundle import Bundle, check_vacant, load_bundle, save_bundle
from policyframes.scorer import Scorer
from policyframes_training.calibration import PROMISED_PRECISION, Calibration, calibrate
from policyframes_training.card import CardFacts, render_card
from policyframes_training.corpus import Corpus, PassageSet, read_corpus
from policyframes_training.evaluation import Evaluation, evaluate, measure_second_coder
from policyframes_training.export import Measured, build_bundle, check_name, describe_metrics, flatten_metrics
from policyframes_training.labels import load_labels
from policyframes_training.linear import (
    HeldOut,
    LinearSettings,
    Trial,
    candidate_settings,
    choose_settings,
    fit_linear,
    hold_out,
)
from policyframes_training.plots import draw_plots
from policyframes_training.provenance import hash_lock, read_commit, read_date, read_environment
from policyframes_training.tracking import RunRecord, Store, open_store, record_run

EXAMPLE = (
    "The cartels are a growing danger, and the border must be closed to them by force.",
    "Courts and auditors need the means to hold the agency to account.",
    "Both governments will plan together and share the cost.",
)

Report = Callable[[str], None]
_CONTEXTS = {"train": "training", "validation": "validation", "test": "testing"}


@dataclass(frozen=True)
class Plan:
    """What `train_fast` is asked for.

    Attributes:
        labels: the folder of labels.
        documents: copies of the documents; None to learn from the rewrites alone.
        output: folder of the bundle.
        name: name of the bundle.
        seed: of the fits and the resampling.
        experiment: name of the experiment that records the run.
        store: folder of the embedded run store; None for what `open_store` finds.
        overwrite: whether a bundle in `output` may be replaced.
    """

    labels: Path
    documents: Path | None
    output: Path
    name: str
    seed: int
    experiment: str
    store: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Trained:
    """What `train_fast` made."""

    bundle: Bundle
    folder: Path
    store: Store
    run_id: str
    model_uri: str
    measured: Measured
    trials: tuple[Trial, ...]
    corpus: Corpus


def train_fast(plan: Plan, report: Report = lambda _: None) -> Trained:
    """Train, measure, save and record a bundle of the fast tier.

    Args:
        plan: what to train from and where to.
        report: is told of the progress, one line at a time.

    Raises:
        LabelsError: the labels or the documents cannot be read.
        TrainingError: the passages do not suffice.
        RefusedError: the folder exists already, or holds something else than a bundle.
        OutputError: the folder cannot be written.
        TrackingError: the store cannot be reached.
    """
    check_name(plan.name)
    # Before the work, not after it.
    check_vacant(plan.output, overwrite=plan.overwrite)
    corpus = read_corpus(plan.labels, plan.documents)
    store = open_store(folder=plan.store)
    report(_describe_corpus(corpus))
    with record_run(store, experiment=plan.experiment, name=plan.name) as run:
        trials = choose_settings(
            corpus.passages("train"),
            corpus.passages("validation"),
            candidate_settings(with_originals=corpus.with_originals),
            seed=plan.seed,
        )
        report(f"chose among {len(trials)} settings on validation: {trials[0].settings} (AP {trials[0].score:.4f})")
        bundle, measured = _make_bundle(plan, corpus, trials[0].settings, run_id=run.run_id)
        save_bundle(bundle, plan.output, overwrite=plan.overwrite)
        report(f"saved {plan.output}")
        model_uri = _record(run, plan, corpus, bundle=bundle, measured=measured, trials=trials)
    return Trained(
        bundle=load_bundle(plan.output),
        folder=plan.output,
        store=store,
        run_id=run.run_id,
        model_uri=model_uri,
        measured=measured,
        trials=trials,
        corpus=corpus,
    )


def _make_bundle(plan: Plan, corpus: Corpus, chosen: LinearSettings, *, run_id: str) -> tuple[Bundle, Measured]:
    """Fit on train, calibrate on what was held out, measure on test, and return the bundle with all of it."""
    train, validation = corpus.passages("train"), corpus.passages("validation")
    model = fit_linear(train, chosen, seed=plan.seed)
    calibration = calibrate(
        HeldOut(model.logits(validation.texts), validation.targets, validation.documents),
        hold_out(train, chosen, groups=_find_groups(plan.labels), seed=plan.seed),
        corpus.framings,
    )
    bundle = build_bundle(
        model,
        calibration.settings,
        name=plan.name,
        promised_precision=PROMISED_PRECISION,
        provenance=_collect_provenance(plan, corpus, run_id),
    )
    measured = measure_bundle(bundle, corpus, plan.labels, seed=plan.seed)
    bundle = replace(bundle, metrics=describe_metrics(measured, calibration))
    facts = _collect_facts(bundle, corpus, chosen.as_params(), measured=measured, calibration=calibration)
    return replace(bundle, card=render_card(facts)), measured


def measure_bundle(bundle: Bundle, corpus: Corpus, labels: Path, *, seed: int) -> Measured:
    """Measure a bundle on the test split: rewrites, originals where there are any, and both together.

    Args:
        bundle: scored through the scorer itself, so the figures are those of what users get.
        corpus: from `read_corpus`.
        labels: the folder of labels, for the second coder.
        seed: of the resampling.
    """
    test = corpus.passages("test")
    parts = {"rewrites": test.select(~test.is_original)}
    if corpus.with_originals:
        parts |= {"originals": test.select(test.is_original), "both": test}
    evaluations: dict[str, Evaluation] = {
        part: evaluate(score_passages(bundle, passages), passages, bundle.framings, seed=seed)
        for part, passages in parts.items()
        if len(passages)
    }
    return Measured(evaluations, measure_second_coder(load_labels(labels)))


def score_passages(bundle: Bundle, passages: PassageSet) -> npt.NDArray[np.float64]:
    """Return the probabilities that the scorer gives, shape (passages, framings)."""
    scores = Scorer(bundle).score(passages.texts)
    return np.array([[score.probabilities[framing] for framing in bundle.framing_ids] for score in scores])


def _find_groups(labels: Path) -> tuple[tuple[str, ...], ...]:
    splits = load_labels(labels).splits
    return splits.groups if splits else ()


def _record(
    run: RunRecord,
    plan: Plan,
    corpus: Corpus,
    *,
    bundle: Bundle,
    measured: Measured,
    trials: tuple[Trial, ...],
) -> str:
    environment = read_environment()
    run.log_params({**trials[0].settings.as_params(), **bundle.provenance, "bundle": plan.name})
    run.log_facts(environment, "environment.json")
    run.log_facts({"trials": [{**t.settings.as_params(), "score": t.score} for t in trials]}, "trials.json")
    run.log_facts({"left_out": [vars(u) for u in corpus.unresolved]}, "unresolved.json")
    for side, context in _CONTEXTS.items():
        run.log_dataset(corpus.splits[side], name=f"policyframes-{side}", digest=corpus.sha256, context=context)
    run.log_metrics({**flatten_metrics(measured), "validation/mean_average_precision": trials[0].score})
    test = corpus.passages("test")
    run.log_figures(draw_plots(score_passages(bundle, test), test, bundle.framings))
    pins = [f"{name}=={version(name)}" for name in ("policyframes", "numpy", "safetensors", "mlflow")]
    return run.log_bundle(plan.output, example=EXAMPLE, requirements=pins)


def _collect_provenance(plan: Plan, corpus: Corpus, run_id: str) -> dict[str, str | int | None]:
    return {
        "corpus_sha256": corpus.sha256,
        "split_sha256": corpus.split_sha256,
        "split_frozen": corpus.frozen,
        "taxonomy_sha256": corpus.taxonomy_sha256,
        "lock_sha256": hash_lock(),
        "code_commit": read_commit(),
        "seed": plan.seed,
        "with_originals": "yes" if corpus.with_originals else "no",
        "originals_unresolved": len(corpus.unresolved),
        "run_id": run_id,
        "created": read_date(),
    }


def _collect_facts(
    bundle: Bundle,
    corpus: Corpus,
    params: Mapping[str, object],
    *,
    measured: Measured,
    calibration: Calibration,
) -> CardFacts:
    counts: dict[str, tuple[int, int]] = {}
    for side in _CONTEXTS:
        passages = corpus.passages(side)  # type: ignore[arg-type]  # the keys are the sides
        originals = int(passages.is_original.sum())
        counts[side] = (len(passages) - originals, originals)
    return CardFacts(bundle=bundle, counts=counts, params=params, measured=measured, calibration=calibration)


def _describe_corpus(corpus: Corpus) -> str:
    sizes = ", ".join(f"{side} {len(corpus.splits[side])}" for side in _CONTEXTS)
    return f"corpus {corpus.sha256[:12]}: {sizes} passages; {len(corpus.unresolved)} originals left out"
