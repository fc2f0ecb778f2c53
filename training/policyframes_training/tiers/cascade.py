"""The cascade to a recorded bundle: train the tiers that are missing, weigh, route, calibrate, measure, save.

Weights, route, calibration and thresholds come from passages that neither tier was fitted on; test passages are only
measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace

import numpy as np

from policyframes.backends import QUALITIES, Quality
from policyframes.bundle import Bundle, check_vacant, load_bundle, save_bundle
from policyframes.bundle_kinds import PARTS
from policyframes.errors import TrainingError
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.corpus.held_out import HeldOut
from policyframes_training.encoder.encoder import FOLDS
from policyframes_training.encoder.settings import Device, EncoderSettings
from policyframes_training.evaluation.measurement import measure_bundle
from policyframes_training.evaluation.plots import plot_tradeoff
from policyframes_training.tiers.calibration import PROMISED_PRECISION, Calibration, calibrate
from policyframes_training.tiers.card import render_card
from policyframes_training.tiers.encoder import EncoderPlan, train_encoder
from policyframes_training.tiers.errors import fit_cascade_errors
from policyframes_training.tiers.export import Measured, check_name, describe_metrics, flatten_metrics
from policyframes_training.tiers.fast import FastPlan, hold_out_anew, train_fast
from policyframes_training.tiers.lesson import LESSON, Teaching, count_taught, load_cross_fit
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
from policyframes_training.tiers.routing import (
    ROUTED_SHARE,
    Tradeoff,
    blend,
    choose_route,
    fit_blend,
    trace_tradeoff,
)
from policyframes_training.tiers.texts import describe_cascade
from policyframes_training.tracking.tracking import open_store, record_run


@dataclass(frozen=True)
class CascadePlan(Plan):
    """What `train_cascade` is asked for, beside what every tier is.

    Attributes:
        fast: name of the fast tier's bundle, which lies beside `output`; trained where it is missing.
        encoder: name of the encoder's bundle, likewise.
        share: share of the passages that the encoder may read at the quality `balanced`.
        settings: the recipe of an encoder that is trained.
        folds: into how many parts train is cut for it.
        device: where it reckons.
    """

    fast: str = "fast-v1"
    encoder: str = "encoder-v1"
    share: float = ROUTED_SHARE
    settings: EncoderSettings = field(default_factory=EncoderSettings)
    folds: int = FOLDS
    device: Device = "auto"


@dataclass(frozen=True)
class _Joined:
    """What joins the tiers, and what it was chosen from."""

    weights: tuple[list[float], list[float]]
    route: Mapping[str, list[float]]
    calibration: Calibration
    tradeoff: tuple[Tradeoff, ...]
    held_out: Mapping[str, tuple[HeldOut, HeldOut]]


def train_cascade(plan: CascadePlan, report: Report = lambda _: None) -> Trained:
    """Train the tiers that are missing, join them, measure, save and record the bundle of the cascade.

    Args:
        plan: which tiers, what from, and where to.
        report: is told of the progress, one line at a time.

    Raises:
        BundleError: a tier's bundle is missing or damaged.
        LabelsError: the labels or the documents cannot be read.
        TrainingError: a tier was trained on something else, or left no lesson.
        RefusedError: the folder exists already, or holds something else than a bundle.
        OutputError: the folder cannot be written.
        TrackingError: the store cannot be reached.
    """
    check_name(plan.name)
    check_vacant(plan.output, overwrite=plan.overwrite)
    _train_missing(plan, report)
    parts = {part: load_bundle(plan.output.parent / getattr(plan, part)) for part in PARTS}
    corpus = plan.read_corpus()
    store = open_store(folder=plan.store)
    report(describe_corpus(corpus))
    _settle_fast(plan, corpus, parts["fast"], report)
    joined = _join(plan, corpus, parts)
    with record_run(store, experiment=plan.experiment, name=plan.name) as run:
        bundle, measured = _make_bundle(plan, corpus, parts, joined=joined, run_id=run.run_id)
        save_bundle(bundle, plan.output, overwrite=plan.overwrite)
        report(f"saved {plan.output}")
        facts = RunFacts(
            params={"routed_share": plan.share, **{f"{part}_bundle": parts[part].id for part in parts}},
            metrics={
                f"{quality}/{name}": value
                for quality, figures in measured.items()
                for name, value in flatten_metrics(figures).items()
            },
            files={"tradeoff.json": {"held_out": [asdict(point) for point in joined.tradeoff]}},
            packages=("onnxruntime", "tokenizers"),
            requirements=("onnxruntime", "tokenizers"),
        )
        model_uri = record_bundle(run, plan, corpus, bundle=bundle, measured=measured["balanced"], facts=facts)
        run.log_figures({"tradeoff.png": plot_tradeoff(joined.tradeoff, plan.share)})
    return Trained(
        bundle=load_bundle(plan.output),
        folder=plan.output,
        store=store,
        run_id=run.run_id,
        model_uri=model_uri,
        measured=measured["balanced"],
        trials=(),
        corpus=corpus,
    )


def _train_missing(plan: CascadePlan, report: Report) -> None:
    """Train the encoder where there is none, and then the fast tier, taught by it where there are documents."""
    shared = {f.name: getattr(plan, f.name) for f in fields(Plan) if f.name not in {"output", "name", "overwrite"}}
    encoder, fast = plan.output.parent / plan.encoder, plan.output.parent / plan.fast
    if not encoder.is_dir():
        report(f"trains {plan.encoder}")
        train_encoder(
            EncoderPlan(
                **shared,
                output=encoder,
                name=plan.encoder,
                settings=plan.settings,
                folds=plan.folds,
                device=plan.device,
            ),
            report,
        )
    if not fast.is_dir():
        report(f"trains {plan.fast}")
        train_fast(FastPlan(**shared, output=fast, name=plan.fast, teacher=_find_teacher(plan, report)), report)


def _settle_fast(plan: CascadePlan, corpus: Corpus, fast: Bundle, report: Report) -> None:
    """Hold train out again from a fast part that left no lesson here, taught by the encoder's folds where they can."""
    taught = plan.find_work_folder(plan.encoder) / LESSON
    lesson = plan.find_work_folder(plan.fast) / LESSON
    if not lesson.exists() and taught.exists() and plan.documents is not None:
        hold_out_anew(plan, corpus, fast, _find_teacher(plan, report), report)


def _find_teacher(plan: CascadePlan, report: Report) -> Teaching | None:
    """Return the encoder's lesson; None where its folds scored no uncoded passages, or there are no documents."""
    path = plan.find_work_folder(plan.encoder) / LESSON
    if plan.documents is None:
        return None
    if count_taught(path):
        return Teaching((path,))
    report(f"{plan.fast} learns from the codes alone: the folds of {plan.encoder} have scored no uncoded passages")
    return None


def _join(plan: CascadePlan, corpus: Corpus, parts: Mapping[str, Bundle]) -> _Joined:
    fast, encoder = (read_held_out(plan, corpus, parts[part]) for part in ("fast", "encoder"))
    weights = fit_blend(_concatenate(*fast), _concatenate(*encoder), corpus.framings)
    blended = tuple(
        replace(side, logits=blend(side.logits, other.logits, weights))
        for side, other in zip(fast, encoder, strict=True)
    )
    calibration = calibrate(blended[0], blended[1], corpus.framings)
    settings = parts["fast"].framings
    both = _concatenate(*fast)
    return _Joined(
        weights=weights,
        route=choose_route(both.logits, settings, share=plan.share),
        calibration=calibration,
        tradeoff=trace_tradeoff(both, _concatenate(*blended).logits, settings, calibration.settings),
        held_out={"fast": fast, "encoder": encoder},
    )


def read_held_out(plan: Plan, corpus: Corpus, part: Bundle) -> tuple[HeldOut, HeldOut]:
    """Return validation and train with the logits of a tier that had not seen them.

    Args:
        plan: with the work folder.
        corpus: that they are of.
        part: bundle of the tier.

    Raises:
        TrainingError: the tier's training left no lesson there, or it is about others.
    """
    path = plan.find_work_folder(part.name) / LESSON
    found = load_cross_fit(path, corpus)
    if found.bundle != part.id:
        raise TrainingError(
            where=str(path),
            found=f"it belongs to the bundle {found.bundle[:12]}, and {part.name} is {part.id[:12]}",
            allowed="the lesson that the training of that very bundle left",
            remedy=f"Train {part.name} again.",
        )
    return found.hold_out(corpus)


def _make_bundle(
    plan: CascadePlan, corpus: Corpus, parts: Mapping[str, Bundle], *, joined: _Joined, run_id: str
) -> tuple[Bundle, dict[Quality, Measured]]:
    bundle = Bundle(
        name=plan.name,
        kind="cascade",
        framings=joined.calibration.settings,
        promised_precision=PROMISED_PRECISION,
        features={
            "parts": {part: {"name": bundle.name, "id": bundle.id} for part, bundle in parts.items()},
            "blend": {"fast": joined.weights[0], "encoder": joined.weights[1]},
            "route": {"balanced": dict(joined.route)},
        },
        provenance=collect_provenance(plan, corpus, run_id),
        metrics={},
        card="",
        parts=parts,
    )
    bundle = replace(
        bundle, errors=fit_cascade_errors(bundle, joined.held_out["fast"], joined.held_out["encoder"], corpus)
    )
    measured = {quality: measure_bundle(bundle, corpus, seed=plan.seed, quality=quality) for quality in QUALITIES}
    described = {quality: describe_metrics(figures, joined.calibration) for quality, figures in measured.items()}
    by_quality = {quality: figures["test"] for quality, figures in described.items()}
    bundle = replace(bundle, metrics={**described["balanced"], "quality": "balanced", "test_by_quality": by_quality})
    params = {"routed_share": plan.share, **{part: bundle.name for part, bundle in parts.items()}}
    facts = collect_facts(bundle, corpus, params, measured=measured["balanced"], calibration=joined.calibration)
    texts = describe_cascade(bundle, measured, joined.tradeoff, share=plan.share)
    return replace(bundle, card=render_card(facts, texts)), measured


def _concatenate(first: HeldOut, second: HeldOut) -> HeldOut:
    return HeldOut(
        np.concatenate([first.logits, second.logits]),
        np.concatenate([first.targets, second.targets]),
        first.documents + second.documents,
    )
