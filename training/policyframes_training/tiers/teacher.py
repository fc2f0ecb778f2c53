"""A teacher: an encoder too large to be shipped, fitted fold by fold alone, whose lesson other tiers learn from.

What teaches is the mean of the folds' models, see `CrossFit.teach`; one on all of train is not needed. It never sees a
test passage.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from policyframes.errors import UsageError
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.corpus.held_out import FoldedLogits
from policyframes_training.corpus.learnable import read_extra
from policyframes_training.corpus.uncoded import Uncoded, collect_uncoded
from policyframes_training.encoder.encoder import EncoderModel, Folding, hold_out_encoder, load_fold
from policyframes_training.encoder.network import name_weights
from policyframes_training.encoder.settings import Report
from policyframes_training.linear.linear import mean_average_precision
from policyframes_training.tiers.encoder import RECORDED, EncoderPlan, check_folds, open_place
from policyframes_training.tiers.lesson import LESSON, CrossFit, number_folds, save_cross_fit
from policyframes_training.tiers.recording import collect_provenance, describe_corpus
from policyframes_training.tracking.provenance import read_environment
from policyframes_training.tracking.tracking import Store, open_store, record_run

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrainedTeacher:
    """What the training of a teacher made.

    Attributes:
        lesson: the file that other tiers are given.
        store: where the run is recorded.
        run_id: of the record.
        metrics: mean average precision on train, each passage by the model that had not seen it (`held_out`), and on
            validation, of the mean of the models (`validation`) and of each (`fold_1/validation` and so on).
    """

    lesson: Path
    store: Store
    run_id: str
    metrics: dict[str, float]


def train_teacher(plan: EncoderPlan, report: Report = lambda _: None) -> TrainedTeacher:
    """Fit the folds of an encoder, let them score the uncoded passages, and keep what they said as a lesson.

    A call that was cut off goes on when it is made again, as `train_encoder` does. The lesson and the fits lie in the
    plan's work folder; of the plan, `output` and `teacher` are not used.

    Args:
        plan: what to train from; with documents, and two folds or more.
        report: is told of the progress, one line at a time.

    Raises:
        LabelsError: the labels or the documents cannot be read.
        TrainingError: the passages do not suffice, or the base cannot be loaded.
        RefusedError: the work folder holds another training.
        OutputError: a folder cannot be written.
        TrackingError: the store cannot be reached.
        UsageError: folds or device make no sense, or there are no documents.
    """
    documents = _check_plan(plan)
    corpus = plan.read_corpus()
    store = open_store(folder=plan.store)
    report(describe_corpus(corpus))
    place = open_place(plan, report)
    uncoded = collect_uncoded(corpus, documents, report)
    train, validation = corpus.passages("train"), corpus.passages("validation")
    extra = read_extra(corpus, seed=plan.seed, renamed=plan.settings.renamed)
    folding = Folding(corpus.groups, plan.folds, uncoded.texts, extra=extra)
    folded = hold_out_encoder(train, validation, plan.settings, folding=folding, seed=plan.seed, place=place)
    metrics = _measure(folded, validation.targets)
    model = load_fold(place, 0)
    lesson = _make_lesson(corpus, folded, uncoded, model=model)
    save_cross_fit(lesson, place.folder / LESSON)
    report(f"saved {place.folder / LESSON}")
    with record_run(store, experiment=plan.experiment, name=plan.name) as run:
        facts = {"folds": plan.folds, "base": lesson.model, "base_sha256": model.base_sha256}
        run.log_params({**plan.settings.as_params(), **collect_provenance(plan, corpus, run.run_id), **facts})
        run.log_facts({**read_environment(), **{name: version(name) for name in RECORDED}}, "environment.json")
        run.log_metrics({**metrics, "uncoded_passages": len(uncoded.texts)})
    return TrainedTeacher(place.folder / LESSON, store, run.run_id, metrics)


def _check_plan(plan: EncoderPlan) -> Path:
    """Return the folder of the documents."""
    check_folds(plan.folds)
    if plan.documents is None or not plan.folds:
        raise UsageError(
            where="training a teacher",
            found="no folds" if plan.documents else "no documents",
            allowed="documents whose uncoded passages it scores, and two folds or more",
            remedy="Give their folder with --documents, and --folds 3.",
        )
    return plan.documents


def _measure(folded: FoldedLogits, targets: Bools) -> dict[str, float]:
    """Return average precisions, on validation those of each fold's model and of their mean."""
    logits = folded.validation
    each = {f"fold_{n}/validation": mean_average_precision(targets, one) for n, one in enumerate(logits, start=1)}
    return {
        "held_out": mean_average_precision(folded.held_out.targets, folded.held_out.logits),
        "validation": mean_average_precision(targets, logits.mean(axis=0)),
        **each,
    }


def _make_lesson(corpus: Corpus, folded: FoldedLogits, uncoded: Uncoded, *, model: EncoderModel) -> CrossFit:
    return CrossFit(
        train=folded.held_out.logits,
        validation=folded.validation.mean(axis=0),
        uncoded_by_fold=folded.texts,
        fold_of=number_folds(corpus, folded.folds),
        corpus_sha256=corpus.sha256,
        uncoded_sha256=uncoded.sha256,
        bundle="",
        model=name_weights(model.settings.base, model.base_sha256),
    )
