"""The encoder tier from labels to a recorded bundle: fit, cross-fit, export, calibrate, measure, save.

The epoch comes from validation alone, calibration, thresholds and bands from validation and from train held out in
turn; test passages are only measured. What the scorer will run, the exported graph, is what is calibrated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from policyframes.backends import open_backend
from policyframes.backends.runtimes import REFERENCE_RUNTIME
from policyframes.bundle import Bundle, FramingSettings, check_vacant, load_bundle, save_bundle
from policyframes.errors import UsageError
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.corpus.held_out import FoldedLogits, HeldOut, Lesson
from policyframes_training.corpus.learnable import read_extra
from policyframes_training.corpus.uncoded import Uncoded, collect_uncoded
from policyframes_training.encoder.checkpoints import claim_folder, clear_folder, hash_job
from policyframes_training.encoder.data import TrainingRows, make_rows, make_taught_rows
from policyframes_training.encoder.encoder import (
    FOLDS,
    Folding,
    fit_encoder,
    hold_out_encoder,
)
from policyframes_training.encoder.network import name_weights
from policyframes_training.encoder.onnx_export import Difference, export_onnx, measure_difference
from policyframes_training.encoder.settings import Device, EncoderSettings, Report, Workplace
from policyframes_training.encoder.training import Epoch
from policyframes_training.evaluation.measurement import measure_bundle
from policyframes_training.linear.linear import assign_folds
from policyframes_training.tiers.bundle_teacher import settle_teaching
from policyframes_training.tiers.calibration import PROMISED_PRECISION, align_folds, calibrate
from policyframes_training.tiers.card import render_card
from policyframes_training.tiers.errors import fit_tier_errors
from policyframes_training.tiers.export import Measured, check_name, describe_metrics
from policyframes_training.tiers.finished import check_taught, load_finished
from policyframes_training.tiers.lesson import (
    LESSON,
    CrossFit,
    Teaching,
    describe_lesson,
    load_teachers,
    number_folds,
    read_lesson,
    save_cross_fit,
)
from policyframes_training.tiers.recording import (
    Plan,
    RunFacts,
    Trained,
    collect_facts,
    collect_provenance,
    describe_corpus,
    record_bundle,
)
from policyframes_training.tiers.texts import describe_encoder, describe_learning
from policyframes_training.tracking.tracking import open_store, record_run

# Packages whose versions the record of a run tells.
RECORDED = ("torch", "transformers", "accelerate", "tokenizers", "onnx", "onnxruntime")
# Enough to see a graph that went wrong; the test split tells what rounding costs.
_COMPARED = 200
_WHOLE = "whole"
Floats = npt.NDArray[np.float64]

# Until it is calibrated; scoring needs some settings.
_UNSET = FramingSettings(threshold=0.5, slope=1.0, offset=0.0, uncertain_from=0.5, uncertain_to=0.5)


@dataclass(frozen=True)
class EncoderPlan(Plan):
    """What `train_encoder` is asked for, beside what `train_fast` is.

    Attributes:
        settings: the recipe of the fit.
        folds: parts that train is cut into, each scored by a model that had not seen it; 0 to calibrate without.
        device: where it reckons.
        restart: whether to throw away what lies in the work folder instead of going on from it.
        teacher: other encoders to learn from, such as a larger one, or bundles; None to learn from the codes alone.
            With folds, each fold then learns from the teacher that has not seen the fold either; where bundles alone
            teach there is none, and the folds learn from the codes alone.
        lesson: whether the folds score the uncoded passages too, for other tiers to learn from them.
        finished: folder of the bundle that this plan made before with other folds; its weights are taken, and only the
            folds are fitted. None to fit both.
    """

    settings: EncoderSettings = field(default_factory=EncoderSettings)
    folds: int = FOLDS
    device: Device = "auto"
    restart: bool = False
    teacher: Teaching | None = None
    lesson: bool = True
    finished: Path | None = None


@dataclass(frozen=True)
class _CrossFitted:
    """What the models of the folds said of the passages that they had not seen, and what teaches other tiers.

    Attributes:
        folded: their logits.
        uncoded_by_fold: logits of uncoded passages, by the folds' models or, where they were taught, by their teachers,
            which know better; shape (folds, u, L).
        uncoded_sha256: of the uncoded passages.
        teacher: what these teachers are; empty where the folds speak for themselves.
    """

    folded: FoldedLogits
    uncoded_by_fold: Floats
    uncoded_sha256: str
    teacher: str = ""


@dataclass(frozen=True)
class _Fitted:
    """The exported graph with what else was learnt before it becomes a bundle.

    Attributes:
        files: of the graph, by name.
        origin: what the provenance says of the weights: name and hash of the base, and what else is known.
        epochs: of the fit; none where the graph was finished before.
        difference: what rounding moved; likewise.
        lesson: of a teacher.
        crossed: what the folds said.
        finished: id of the bundle that the graph was taken from; empty where it was fitted.
    """

    files: Mapping[str, bytes]
    origin: Mapping[str, str]
    epochs: tuple[Epoch, ...] = ()
    difference: Difference | None = None
    lesson: Lesson | None = None
    crossed: _CrossFitted | None = None
    finished: str = ""


def train_encoder(plan: EncoderPlan, report: Report = lambda _: None) -> Trained:
    """Train, export, measure, save and record a bundle of the encoder tier.

    A call that was cut off goes on when it is made again; its fits lie in the plan's work folder. The run is recorded
    once they are done, so that a call that was cut off leaves no half a run.

    Args:
        plan: what to train from and where to.
        report: is told of the progress, one line at a time.

    Raises:
        LabelsError: the labels or the documents cannot be read.
        TrainingError: the passages do not suffice, the base or the lesson cannot be loaded, or the export says
            something else.
        RefusedError: the folder of the bundle exists already, or that of the checkpoints holds another training.
        OutputError: a folder cannot be written.
        TrackingError: the store cannot be reached.
        UsageError: name, folds, device or a teacher without documents make no sense, or the finished bundle is of
            another training.
    """
    check_name(plan.name)
    check_folds(plan.folds)
    if plan.finished and not plan.folds:
        raise UsageError(
            where="training with --finished",
            found="--folds 0, which leaves nothing to do",
            allowed="two or more folds",
            remedy="Give --folds, or leave --finished out.",
        )
    # Before the work, not after it.
    check_vacant(plan.output, overwrite=plan.overwrite)
    corpus = plan.read_corpus()
    store = open_store(folder=plan.store)
    report(describe_corpus(corpus))
    fitted = _fit(plan, corpus, report)
    with record_run(store, experiment=plan.experiment, name=plan.name) as run:
        held_out = _hold_out(plan, corpus, fitted)
        bundle, measured = _make_bundle(plan, corpus, fitted, held_out, run_id=run.run_id)
        bundle_id = save_bundle(bundle, plan.output, overwrite=plan.overwrite)
        report(f"saved {plan.output}")
        if fitted.crossed is not None:
            lesson = _make_lesson(corpus, fitted.crossed, held_out, replace(bundle, id=bundle_id))
            save_cross_fit(lesson, plan.find_work_folder(plan.name) / LESSON)
        facts = _list_facts(plan, fitted)
        model_uri = record_bundle(run, plan, corpus, bundle=bundle, measured=measured, facts=facts)
    return Trained(
        bundle=load_bundle(plan.output),
        folder=plan.output,
        store=store,
        run_id=run.run_id,
        model_uri=model_uri,
        measured=measured,
        trials=(),
        corpus=corpus,
    )


def open_place(plan: EncoderPlan, report: Report) -> Workplace:
    """Return where a plan's fits run, emptied first where it asks for a restart.

    Raises:
        RefusedError: the folder holds another training.
        OutputError: the folder cannot be written.
    """
    place = Workplace(plan.find_work_folder(plan.name), plan.device, report)
    if plan.restart:
        clear_folder(place.folder)
    claim_folder(place.folder, hash_job({"tier": "encoder"}))
    return place


def _fit(plan: EncoderPlan, corpus: Corpus, report: Report) -> _Fitted:
    # Refused before the work: a restart would have thrown away what lies there.
    finished = load_finished(plan.finished, corpus, plan.settings, seed=plan.seed) if plan.finished else None
    plan = replace(plan, teacher=settle_teaching(plan.teacher, plan, corpus, report))
    lesson = read_lesson(plan.teacher, corpus, plan.documents, seed=plan.seed, report=report) if plan.teacher else None
    taught = make_taught_rows(lesson.taught, corpus.framings, plan.settings) if lesson else None
    taught_sha256 = taught.sha256 if taught else ""
    if finished:
        check_taught(finished, taught_sha256, describe_learning(lesson))
    place = open_place(plan, report)
    # Read once: other names take some seconds.
    extra = read_extra(corpus, seed=plan.seed, renamed=plan.settings.renamed)
    if finished:
        fitted = _take_finished(finished)
    else:
        rows = make_rows(corpus.passages("train") + extra, plan.settings)
        rows = rows + taught if taught else rows
        fitted = _fit_whole(plan, rows, corpus.passages("validation"), place.enter(_WHOLE))
    crossed = _cross_fit(plan, corpus, extra, lesson, place) if plan.folds else None
    told = {"taught_sha256": taught_sha256} if taught else {}
    return replace(fitted, lesson=lesson, crossed=crossed, origin={**fitted.origin, **told})


def _fit_whole(plan: EncoderPlan, rows: TrainingRows, validation: PassageSet, place: Workplace) -> _Fitted:
    model = fit_encoder(rows, validation, plan.settings, seed=plan.seed, place=place)
    files = export_onnx(model, validation.texts[:_COMPARED])
    difference = measure_difference(files, model, validation.texts[:_COMPARED])
    place.report(
        f"exported {sum(map(len, files.values())) / 1e6:.1f} MB; rounding moves probabilities by "
        f"{difference.probability_mean:.4f} on average, {difference.probability_max:.3f} at most"
    )
    base = {"base": name_weights(model.settings.base, model.base_sha256), "base_sha256": model.base_sha256}
    return _Fitted(files, base, model.epochs, difference)


def _take_finished(finished: Bundle) -> _Fitted:
    """Return its graph, with the run and the commit that fitted it, which are not those of the folds."""
    origin = {name: str(finished.provenance[name]) for name in ("base", "base_sha256")}
    for name in ("run_id", "code_commit", "lock_sha256"):
        of_weights = f"weights_{name}"
        origin[of_weights] = str(finished.provenance.get(of_weights) or finished.provenance.get(name) or "")
    return _Fitted(finished.files, origin, finished=finished.id)


def _cross_fit(
    plan: EncoderPlan, corpus: Corpus, extra: PassageSet, lesson: Lesson | None, place: Workplace
) -> _CrossFitted:
    train, validation = corpus.passages("train"), corpus.passages("validation")
    taught: tuple[TrainingRows, ...] = ()
    uncoded = Uncoded((), (), ())
    if lesson and lesson.by_fold:
        # Else a fold's model would learn of the fold from a teacher that has read its codes.
        _check_parts(lesson, train.documents, assign_folds(train.documents, corpus.groups, folds=plan.folds))
        taught = tuple(make_taught_rows(part, corpus.framings, plan.settings) for part in lesson.by_fold)
    elif lesson:
        place.report(f"the folds learn from the codes alone: {lesson.teacher} has read those of every fold")
    if not taught and plan.lesson and plan.documents is not None:
        found = plan.teacher.uncoded if plan.teacher else None
        uncoded = found or collect_uncoded(corpus, plan.documents, place.report)
    folding = Folding(corpus.groups, plan.folds, uncoded.texts, taught, extra)
    folded = hold_out_encoder(train, validation, plan.settings, folding=folding, seed=plan.seed, place=place)
    if plan.teacher is None or not taught:
        return _CrossFitted(folded, folded.texts, uncoded.sha256)
    teacher = load_teachers(plan.teacher.lessons, corpus)
    return _CrossFitted(folded, teacher.uncoded_by_fold, teacher.uncoded_sha256, teacher.model)


def _check_parts(lesson: Lesson, documents: Sequence[str], parts: npt.NDArray[np.intp]) -> None:
    if all(lesson.fold_of.get(name) == part for name, part in zip(documents, parts, strict=True)):
        return
    raise UsageError(
        where="folds of the training",
        found=f"{parts.max() + 1} parts that are not those of the teacher",
        allowed=f"the teacher's parts, of which there are {len(lesson.by_fold)}",
        remedy=f"Give --folds {len(lesson.by_fold)}, or --folds 0 to hold nothing out.",
    )


def _make_bundle(
    plan: EncoderPlan, corpus: Corpus, fitted: _Fitted, held_out: tuple[HeldOut, HeldOut], *, run_id: str
) -> tuple[Bundle, Measured]:
    """Calibrate the exported graph on what was held out, measure on test, and return the bundle with all of it."""
    provenance = {**collect_provenance(plan, corpus, run_id), **fitted.origin}
    bundle = replace(_assemble(plan, corpus, fitted), provenance=provenance)
    validation, train = held_out
    calibration = calibrate(validation, train, corpus.framings)
    errors = fit_tier_errors(calibration.settings, validation, train, corpus)
    bundle = replace(bundle, framings=calibration.settings, errors=errors)
    measured = measure_bundle(bundle, corpus, seed=plan.seed)
    bundle = replace(bundle, metrics=describe_metrics(measured, calibration))
    params = {**plan.settings.as_params(), "base": fitted.origin["base"]}
    facts = collect_facts(bundle, corpus, params, measured=measured, calibration=calibration)
    folds = int(fitted.crossed.folded.folds.max()) + 1 if fitted.crossed else 0
    texts = describe_encoder(bundle, facts.params, folds=folds, lesson=fitted.lesson)
    return replace(bundle, card=render_card(facts, texts)), measured


def _assemble(plan: EncoderPlan, corpus: Corpus, fitted: _Fitted) -> Bundle:
    """Return the bundle as it is before anything is known of it."""
    return Bundle(
        name=plan.name,
        kind="encoder-onnx",
        framings=dict.fromkeys(corpus.framings, _UNSET),
        promised_precision=PROMISED_PRECISION,
        features={"max_tokens": plan.settings.max_tokens},
        files=fitted.files,
        provenance={},
        metrics={},
        card="",
    )


def _hold_out(plan: EncoderPlan, corpus: Corpus, fitted: _Fitted) -> tuple[HeldOut, HeldOut]:
    """Return validation as the exported graph reads it, and train as the folds do, on the scale of the graph."""
    passages = corpus.passages("validation")
    backend = open_backend(_assemble(plan, corpus, fitted), runtime=REFERENCE_RUNTIME)
    logits = np.asarray(backend.read(passages.texts).logits, dtype=np.float64)
    validation = HeldOut(logits, passages.targets, passages.documents)
    empty = HeldOut.empty(len(corpus.framings))
    return validation, align_folds(fitted.crossed.folded, validation) if fitted.crossed else empty


def _make_lesson(corpus: Corpus, crossed: _CrossFitted, held_out: tuple[HeldOut, HeldOut], bundle: Bundle) -> CrossFit:
    """Return what the encoder and its folds said, for the fast tier and the cascade to learn from."""
    validation, train = held_out
    return CrossFit(
        train=train.logits,
        validation=validation.logits,
        uncoded_by_fold=crossed.uncoded_by_fold,
        fold_of=number_folds(corpus, crossed.folded.folds),
        corpus_sha256=corpus.sha256,
        uncoded_sha256=crossed.uncoded_sha256,
        bundle=bundle.id,
        model=crossed.teacher or str(bundle.provenance["base"]),
    )


def _list_facts(plan: EncoderPlan, fitted: _Fitted) -> RunFacts:
    figures = {f"epoch_{one.number}/validation_average_precision": one.average_precision for one in fitted.epochs}
    if fitted.epochs:
        figures["validation/mean_average_precision"] = max(figures.values())
    params = {**plan.settings.as_params(), "folds": plan.folds}
    if fitted.finished:
        params["finished"] = fitted.finished
    rounding = {"rounding.json": asdict(fitted.difference)} if fitted.difference else {}
    return RunFacts(
        params={**params, **describe_lesson(fitted.lesson)},
        metrics=figures,
        files={"epochs.json": {"epochs": [asdict(epoch) for epoch in fitted.epochs]}, **rounding},
        packages=RECORDED,
        requirements=("onnxruntime", "tokenizers"),
    )


def check_folds(folds: int) -> None:
    """Check the number of parts that train is cut into.

    Raises:
        UsageError: one part, or fewer than none.
    """
    if folds < 0 or folds == 1:
        raise UsageError(
            where="number of folds",
            found=str(folds),
            allowed="two or more, or 0 to calibrate on validation alone",
            remedy="Give another number with --folds.",
        )
