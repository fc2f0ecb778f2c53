"""The fast tier from labels to a recorded bundle: choose, fit, calibrate, measure, save.

Settings come from validation alone, calibration, thresholds and bands from validation and from train held out in turn;
test passages are only measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from policyframes.backends import open_backend
from policyframes.bundle import Bundle, check_vacant, load_bundle, save_bundle
from policyframes.errors import TrainingError
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.corpus.held_out import HeldOut, Lesson
from policyframes_training.corpus.learnable import read_extra
from policyframes_training.evaluation.measurement import measure_bundle
from policyframes_training.linear.linear import (
    FOLDS,
    LinearFolding,
    LinearModel,
    Trial,
    choose_settings,
    fit_linear,
    hold_out,
)
from policyframes_training.linear.settings import LinearSettings, candidate_settings
from policyframes_training.tiers.bundle_teacher import settle_teaching
from policyframes_training.tiers.calibration import PROMISED_PRECISION, align_folds, calibrate
from policyframes_training.tiers.card import render_card
from policyframes_training.tiers.card_settings import read_settings
from policyframes_training.tiers.errors import fit_tier_errors
from policyframes_training.tiers.export import Measured, build_bundle, check_name, describe_metrics
from policyframes_training.tiers.lesson import (
    LESSON,
    CrossFit,
    Floats,
    Teaching,
    describe_lesson,
    read_lesson,
    save_cross_fit,
)
from policyframes_training.tiers.recording import (
    Plan,
    Report,
    RunFacts,
    Trained,
    collect_facts,
    collect_provenance,
    describe_corpus,
    record_bundle,
)
from policyframes_training.tiers.texts import describe_fast
from policyframes_training.tracking.tracking import open_store, record_run


@dataclass(frozen=True)
class FastPlan(Plan):
    """What `train_fast` is asked for, beside what every tier is.

    Attributes:
        teacher: encoders or bundles to learn from; None to learn from the codes alone.
    """

    teacher: Teaching | None = None


@dataclass(frozen=True)
class FittedFast:
    """The fitted fast tier.

    Attributes:
        model: fitted on all of train.
        validation: the validation passages with its logits.
        train: the train passages with logits of fits that had not seen them, on the model's scale; empty where the
            teacher had.
        folds: number of those fits; 0 for none.
    """

    model: LinearModel
    validation: HeldOut
    train: HeldOut
    folds: int


def train_fast(plan: FastPlan, report: Report = lambda _: None) -> Trained:
    """Train, measure, save and record a bundle of the fast tier.

    Args:
        plan: what to train from and where to.
        report: is told of the progress, one line at a time.

    Raises:
        LabelsError: the labels or the documents cannot be read.
        TrainingError: the passages do not suffice, or the lesson is about others.
        RefusedError: the folder exists already, or holds something else than a bundle.
        OutputError: the folder cannot be written.
        TrackingError: the store cannot be reached.
        BundleError: a teacher is no bundle, or a damaged one.
        UsageError: a teacher without documents, or of other framings.
    """
    check_name(plan.name)
    # Before the work, not after it.
    check_vacant(plan.output, overwrite=plan.overwrite)
    corpus = plan.read_corpus()
    store = open_store(folder=plan.store)
    report(describe_corpus(corpus))
    teaching = settle_teaching(plan.teacher, plan, corpus, report)
    lesson = read_lesson(teaching, corpus, plan.documents, seed=plan.seed, report=report) if teaching else None
    with record_run(store, experiment=plan.experiment, name=plan.name) as run:
        # Read once: other names take some seconds.
        extra = read_extra(corpus, seed=plan.seed)
        trials = _choose(plan, corpus, extra, lesson, report)
        fitted = fit_fast(corpus, trials[0].settings, extra=extra, lesson=lesson, seed=plan.seed)
        bundle, measured = _make_bundle(plan, corpus, fitted, lesson=lesson, run_id=run.run_id)
        bundle_id = save_bundle(bundle, plan.output, overwrite=plan.overwrite)
        if fitted.folds:
            held_out = {"train": fitted.train.logits, "validation": fitted.validation.logits}
            _save_lesson(plan, corpus, replace(bundle, id=bundle_id), **held_out)
        report(f"saved {plan.output}")
        facts = RunFacts(
            params={**trials[0].settings.as_params(), **describe_lesson(lesson)},
            metrics={"validation/mean_average_precision": trials[0].score},
            files={"trials.json": {"trials": [{**t.settings.as_params(), "score": t.score} for t in trials]}},
        )
        model_uri = record_bundle(run, plan, corpus, bundle=bundle, measured=measured, facts=facts)
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


def fit_fast(
    corpus: Corpus, chosen: LinearSettings, *, extra: PassageSet, lesson: Lesson | None, seed: int
) -> FittedFast:
    """Fit the tier, and score validation and train by fits that had not seen them.

    Args:
        corpus: what is learned from.
        chosen: settings of every fit.
        extra: what it learns from beside train, see `read_extra`.
        lesson: what a teacher says; None to learn from the codes alone.
        seed: of the fits.

    Raises:
        TrainingError: the passages do not suffice.
    """
    train, validation = corpus.passages("train"), corpus.passages("validation")
    model = fit_linear(train + extra, chosen, seed=seed, taught=lesson.taught if lesson else None)
    validated = HeldOut(model.logits(validation.texts), validation.targets, validation.documents)
    if lesson is not None and not lesson.by_fold:
        return FittedFast(model, validated, HeldOut.empty(len(corpus.framings)), folds=0)
    folded = hold_out(train, validation, chosen, folding=LinearFolding(corpus.groups, lesson, extra), seed=seed)
    return FittedFast(model, validated, align_folds(folded, validated), folds=len(lesson.by_fold) if lesson else FOLDS)


def _choose(
    plan: FastPlan, corpus: Corpus, extra: PassageSet, lesson: Lesson | None, report: Report
) -> tuple[Trial, ...]:
    learned = corpus.passages("train") + extra
    trials = choose_settings(
        learned,
        corpus.passages("validation"),
        candidate_settings(with_originals=corpus.with_originals, with_teacher=lesson is not None, train=learned),
        seed=plan.seed,
        taught=lesson.taught if lesson else None,
    )
    report(f"chose among {len(trials)} settings on validation: {trials[0].settings} (AP {trials[0].score:.4f})")
    return trials


def _make_bundle(
    plan: FastPlan, corpus: Corpus, fitted: FittedFast, *, lesson: Lesson | None, run_id: str
) -> tuple[Bundle, Measured]:
    """Calibrate on what was held out, measure on test, and return the bundle with all of it."""
    calibration = calibrate(fitted.validation, fitted.train, corpus.framings)
    bundle = build_bundle(
        fitted.model,
        calibration.settings,
        name=plan.name,
        promised_precision=PROMISED_PRECISION,
        provenance=collect_provenance(plan, corpus, run_id),
    )
    measured = measure_bundle(bundle, corpus, seed=plan.seed)
    errors = fit_tier_errors(calibration.settings, fitted.validation, fitted.train, corpus)
    bundle = replace(bundle, metrics=describe_metrics(measured, calibration), errors=errors)
    facts = collect_facts(bundle, corpus, fitted.model.settings.as_params(), measured=measured, calibration=calibration)
    texts = describe_fast(bundle, lesson=lesson, folds=fitted.folds, names=fitted.model.settings.names)
    return replace(bundle, card=render_card(facts, texts)), measured


def hold_out_anew(plan: Plan, corpus: Corpus, bundle: Bundle, teaching: Teaching | None, report: Report) -> None:
    """Fit the folds of a finished bundle again, by the settings in its card, and keep what they say as its lesson.

    For a bundle whose training left no lesson here, such as one that ships: the fits take a minute or two.

    Args:
        plan: with the documents and the work folder.
        corpus: what the bundle was trained on.
        bundle: of the fast tier.
        teaching: lessons that were kept from the folds; they need not be those that the bundle learnt from. None: the
            folds learn from the codes alone.
        report: is told of the progress.

    Raises:
        TrainingError: the bundle was trained on other passages, or the lesson is about others.
        UsageError: its card does not say how it was fitted, or there are no documents.
        OutputError: the lesson cannot be written.
    """
    learned = bundle.provenance.get("further_sha256") or ""
    if not learned:
        # One from before there were any: its folds learn from none either.
        corpus = corpus.without_further()
    hashes = {
        "coded passages": (bundle.provenance.get("corpus_sha256"), corpus.sha256),
        "passages for learning alone": (learned, corpus.further_sha256),
    }
    if differing := [name for name, (then, now) in hashes.items() if then != now]:
        raise TrainingError(
            where=f"bundle '{bundle.name}'",
            found=f"it was trained on other {' and other '.join(differing)} than these",
            allowed="labels and documents as they were when it was trained",
            remedy=f"Train {bundle.name} again.",
        )
    settings = read_settings(bundle, LinearSettings)
    seed = int(bundle.provenance["seed"] or 0)
    report(f"{bundle.name} left no lesson here: fits its folds again, by the settings in its card")
    lesson = read_lesson(teaching, corpus, plan.documents, seed=seed, report=report) if teaching else None
    train, validation = corpus.passages("train"), corpus.passages("validation")
    logits = np.asarray(open_backend(bundle).read(validation.texts).logits, dtype=np.float64)
    extra = read_extra(corpus, seed=seed)
    folded = hold_out(train, validation, settings, folding=LinearFolding(corpus.groups, lesson, extra), seed=seed)
    aligned = align_folds(folded, HeldOut(logits, validation.targets, validation.documents))
    _save_lesson(plan, corpus, bundle, train=aligned.logits, validation=logits)


def _save_lesson(plan: Plan, corpus: Corpus, bundle: Bundle, *, train: Floats, validation: Floats) -> None:
    """Keep what the tier said of passages that it had not seen, for a cascade to build on."""
    framings = len(corpus.framings)
    lesson = CrossFit(
        train=train,
        validation=validation,
        uncoded_by_fold=np.empty((0, 0, framings)),
        fold_of={},
        corpus_sha256=corpus.sha256,
        uncoded_sha256="",
        bundle=bundle.id,
    )
    save_cross_fit(lesson, plan.find_work_folder(bundle.name) / LESSON)
