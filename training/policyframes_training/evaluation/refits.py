"""Fits made only to learn how a tier behaves: with other training passages, by the bundle's own recipe.

What is fitted here is measured and thrown away. Nothing here writes a bundle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from policyframes.bundle import Bundle, FramingSettings
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.encoder.settings import EncoderSettings, Workplace
from policyframes_training.evaluation.resampling import Decisions, Floats, decide
from policyframes_training.labels.coded import SIDES
from policyframes_training.linear.linear import check_presence, fit_linear
from policyframes_training.linear.settings import LinearSettings
from policyframes_training.tiers.calibration import apply_platt, choose_threshold, fit_platt
from policyframes_training.tiers.card_settings import read_settings

# Takes train, validation and what is scored; returns the decisions on the last.
Refit = Callable[[PassageSet, PassageSet, PassageSet], Decisions]


@dataclass(frozen=True)
class LinearRefit:
    """The recipe of an `ngram-linear` bundle: its settings on other passages, its thresholds chosen anew.

    Attributes:
        settings: of the fit.
        seed: of the fit.
    """

    settings: LinearSettings
    seed: int

    def __call__(self, train: PassageSet, validation: PassageSet, scored: PassageSet) -> Decisions:
        """Fit on train, calibrate and set thresholds on validation, and decide about the scored passages.

        There is no band: all decisions are sure.

        Raises:
            TrainingError: a framing is present in all passages of train or of validation, or in none.
        """
        check_presence(validation.targets, validation.framings, where="the validation passages")
        model = fit_linear(train, self.settings, seed=self.seed)
        return decide_anew(model.logits(validation.texts), validation, model.logits(scored.texts))


@dataclass(frozen=True)
class Bench:
    """How many fits anew are made, and of an encoder where and how.

    Attributes:
        place: folder, device and report of an encoder's fits. What a fit said is kept there until it is deleted, so
            that a call that was cut off goes on when it is made again.
        base: pretrained weights, an id or a folder; None for what the bundle's card names.
        values: settings other than the card's, such as `epochs=3`.
        orders: of the training documents, at each share of a learning curve.
        parts: of the tested documents that the baseline of a transfer holds out in turn; 0 for no baseline.
        shift: a part of the names of the transfers that are measured; empty for all.
    """

    place: Workplace = field(default_factory=lambda: Workplace(Path("refits")))
    base: str | None = None
    values: tuple[str, ...] = ()
    orders: int = 5
    parts: int = 5
    shift: str = ""


def decide_anew(held_out: Floats, validation: PassageSet, logits: Floats) -> Decisions:
    """Calibrate and set thresholds on validation, and decide.

    Args:
        held_out: logits of the validation passages, shape (v, L).
        validation: their codes.
        logits: of what is decided about, shape (n, L).
    """
    settings: dict[str, FramingSettings] = {}
    probabilities = np.empty_like(logits)
    for column, framing in enumerate(validation.framings):
        coded = validation.targets[:, column]
        slope, offset = fit_platt(held_out[:, column], coded)
        threshold = choose_threshold(apply_platt(held_out[:, column], slope, offset), coded)
        settings[framing] = FramingSettings(threshold, slope, offset, threshold, threshold)
        probabilities[:, column] = apply_platt(logits[:, column], slope, offset)
    return decide(probabilities, settings)


def recover_refit(bundle: Bundle, *, seed: int, bench: Bench) -> Refit:
    """Return the recipe that a bundle was trained by, read from the table of settings in its card.

    A bundle that also learnt from a teacher is fitted without it: the teacher has read the documents that are to be
    left out.

    Args:
        bundle: of the fast tier or the encoder.
        seed: of the fits.
        bench: where and how an encoder is fitted; the fast tier needs nothing of it.

    Raises:
        UsageError: the bundle is of another kind, its card does not say, or the base is another than the bundle's.
        TrainingError: the base cannot be loaded.
    """
    if bundle.kind != "encoder-onnx":
        return LinearRefit(read_settings(bundle, LinearSettings), seed)
    # Imported here: torch takes seconds, and a linear fit needs none of it.
    from policyframes_training.evaluation.encoder_refit import make_encoder_refit  # noqa: PLC0415

    return make_encoder_refit(bundle, read_settings(bundle, EncoderSettings), bench, seed=seed)


def join_sides(corpus: Corpus) -> PassageSet:
    """Return the passages of all splits as one set."""
    train, validation, test = (corpus.passages(side) for side in SIDES)
    return train + validation + test


def pick_documents(passages: PassageSet, documents: frozenset[str]) -> PassageSet:
    """Return the passages of the documents that are named."""
    return passages.select(np.array([document in documents for document in passages.documents], dtype=np.bool_))
