"""The voice model from labels to a recorded bundle: choose, fit, calibrate, measure, save.

It is the linear model of the fast tier with one "framing", `reported`, on passages that carry a framing. Settings,
calibration and threshold come from validation, the band from validation and from train held out in turn; test passages
are only measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from policyframes.bundle import Bundle, check_vacant, load_bundle, save_bundle
from policyframes.scorer import load
from policyframes.voice import VoiceReader
from policyframes.voice_cues import CUES_VERSION
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.corpus.voice_corpus import VoiceCorpus, code_voices
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.measurement import measure_bundle
from policyframes_training.evaluation.voice_use import VoiceUse, measure_voice_use
from policyframes_training.linear.linear import FOLDS, Trial, choose_settings
from policyframes_training.linear.settings import LinearSettings
from policyframes_training.tiers.calibration import PROMISED_PRECISION, Calibration, calibrate
from policyframes_training.tiers.card import render_card
from policyframes_training.tiers.export import Measured, build_bundle, check_name, describe_metrics
from policyframes_training.tiers.fast import fit_fast
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
from policyframes_training.tiers.voice_texts import describe_voice
from policyframes_training.tracking.tracking import open_store, record_run


@dataclass(frozen=True)
class TrainedVoice(Trained):
    """What the training of a voice model made.

    Attributes:
        use: what it is worth in use, see `measure_voice_use`; empty for framings that no shipped bundle decides.
    """

    use: tuple[VoiceUse, ...] = ()


def train_voice(plan: Plan, report: Report = lambda _: None) -> TrainedVoice:
    """Train, measure, save and record a bundle that `policyframes.load_voice` reads.

    Args:
        plan: what to train from and where to.
        report: is told of the progress, one line at a time.

    Raises:
        LabelsError: the labels or the documents cannot be read.
        TrainingError: the passages do not suffice, or their voice is not known.
        RefusedError: the folder exists already, or holds something else than a bundle.
        OutputError: the folder cannot be written.
        TrackingError: the store cannot be reached.
    """
    check_name(plan.name)
    check_vacant(plan.output, overwrite=plan.overwrite)
    whole = plan.read_corpus()
    corpus = code_voices(whole)
    store = open_store(folder=plan.store)
    report(f"{describe_corpus(corpus)}\nof them passages with a framing alone")
    with record_run(store, experiment=plan.experiment, name=plan.name) as run:
        trials = _choose(plan, corpus, report)
        bundle, measured, use = _make_bundle(plan, whole, corpus, settings=trials[0].settings, run_id=run.run_id)
        save_bundle(bundle, plan.output, overwrite=plan.overwrite)
        report(f"saved {plan.output}")
        facts = RunFacts(
            params=trials[0].settings.as_params(),
            metrics={"validation/mean_average_precision": trials[0].score},
            files={
                "trials.json": {"trials": [{**t.settings.as_params(), "score": t.score} for t in trials]},
                "use.json": {"groups": _describe_use(use)},
            },
        )
        model_uri = record_bundle(run, plan, corpus, bundle=bundle, measured=measured, facts=facts)
    return TrainedVoice(
        bundle=load_bundle(plan.output),
        folder=plan.output,
        store=store,
        run_id=run.run_id,
        model_uri=model_uri,
        measured=measured,
        trials=trials,
        corpus=corpus,
        use=use,
    )


def voice_settings() -> tuple[LinearSettings, ...]:
    """Return the settings that are tried, simplest first, so that ties go to the simpler one.

    Few passages are reported: the more settings, the more chance decides among them.
    """
    return tuple(
        LinearSettings((1, longest), min_documents=3, strength=strength, doubt_weight=doubt_weight)
        for longest in (1, 2)
        for doubt_weight in (1.0, 0.6)
        for strength in (1.0, 3.0)
    )


def _choose(plan: Plan, corpus: VoiceCorpus, report: Report) -> tuple[Trial, ...]:
    trials = choose_settings(corpus.passages("train"), corpus.passages("validation"), voice_settings(), seed=plan.seed)
    report(f"chose among {len(trials)} settings on validation: {trials[0].settings} (AP {trials[0].score:.4f})")
    return trials


def _make_bundle(
    plan: Plan, whole: Corpus, corpus: VoiceCorpus, *, settings: LinearSettings, run_id: str
) -> tuple[Bundle, Measured, tuple[VoiceUse, ...]]:
    """Fit, calibrate on what was held out, measure on test, and return the bundle with all of it."""
    # Nothing is learned from but train: a corpus of voices holds no further passages.
    fitted = fit_fast(corpus, settings, extra=corpus.further, lesson=None, seed=plan.seed)
    calibration = calibrate(fitted.validation, fitted.train, corpus.framings)
    bundle = build_bundle(
        fitted.model,
        calibration.settings,
        name=plan.name,
        promised_precision=PROMISED_PRECISION,
        provenance={**collect_provenance(plan, corpus, run_id), "cues": CUES_VERSION},
    )
    measured = measure_bundle(bundle, corpus, seed=plan.seed)
    use = _measure_use(bundle, whole, seed=plan.seed)
    metrics = {**describe_metrics(measured, calibration), "use": _describe_use(use)}
    return _write_card(replace(bundle, metrics=metrics), corpus, settings, (measured, calibration, use)), measured, use


def _write_card(
    bundle: Bundle,
    corpus: VoiceCorpus,
    settings: LinearSettings,
    found: tuple[Measured, Calibration, tuple[VoiceUse, ...]],
) -> Bundle:
    measured, calibration, use = found
    facts = collect_facts(bundle, corpus, settings.as_params(), measured=measured, calibration=calibration)
    return replace(bundle, card=render_card(facts, describe_voice(bundle, corpus, use, folds=FOLDS)))


def _measure_use(bundle: Bundle, whole: Corpus, *, seed: int) -> tuple[VoiceUse, ...]:
    scorer = load()
    return measure_voice_use(VoiceReader(bundle), scorer, whole, seed=seed) if scorer.framings == whole.framings else ()


def _describe_use(use: tuple[VoiceUse, ...]) -> list[dict[str, object]]:
    figures = ("f1", "precision", "recall", "ignored", "read", "gained")
    return [
        {
            "group": one.group,
            "passages": one.passages,
            "documents": one.documents,
            "reported": one.reported,
            "found": one.found,
            **{name: _describe_estimate(getattr(one, name)) for name in figures},
            "shares": {framing: [_round(share) for share in shares] for framing, shares in one.shares.items()},
        }
        for one in use
    ]


def _describe_estimate(estimate: Estimate) -> list[float | None]:
    return [_round(bound) for bound in (estimate.value, estimate.low, estimate.high)]


def _round(value: float) -> float | None:
    """Return the value to seven digits; None for one that is not defined, which JSON cannot hold."""
    return round(value, 7) if math.isfinite(value) else None
