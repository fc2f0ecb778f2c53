"""Fits made only to learn how a tier behaves: with other training passages, by the bundle's own recipe.

What is fitted here is measured and thrown away. Nothing here writes a bundle.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from policyframes.bundle import Bundle, FramingSettings
from policyframes.errors import UsageError
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.evaluation.resampling import Decisions, decide
from policyframes_training.labels.coded import SIDES
from policyframes_training.linear.linear import check_presence, fit_linear
from policyframes_training.linear.settings import LinearSettings
from policyframes_training.tiers.calibration import apply_platt, choose_threshold, fit_platt

# Takes train, validation and what is scored; returns the decisions on the last.
Refit = Callable[[PassageSet, PassageSet, PassageSet], Decisions]

# Without these a fit would be another than the bundle's.
_NEEDED = frozenset({"word_ngrams", "char_ngrams", "min_documents", "strength"})
_ROW = re.compile(r"^\| (\w+) \| (.+) \|$", re.MULTILINE)


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
        held_out, logits = model.logits(validation.texts), model.logits(scored.texts)
        settings: dict[str, FramingSettings] = {}
        probabilities = np.empty_like(logits)
        for column, framing in enumerate(train.framings):
            coded = validation.targets[:, column]
            slope, offset = fit_platt(held_out[:, column], coded)
            threshold = choose_threshold(apply_platt(held_out[:, column], slope, offset), coded)
            settings[framing] = FramingSettings(threshold, slope, offset, threshold, threshold)
            probabilities[:, column] = apply_platt(logits[:, column], slope, offset)
        return decide(probabilities, settings)


def recover_refit(bundle: Bundle, *, seed: int) -> LinearRefit:
    """Return the recipe that a bundle was trained by, read from the table of settings in its card.

    A setting that an older card does not name has its default. A bundle that also learnt from a teacher is fitted
    without it: the teacher has read the documents that are to be left out.

    Raises:
        UsageError: the bundle is of another kind, or its card does not say.
    """
    stated = dict(_ROW.findall(bundle.card))
    if bundle.kind != "ngram-linear" or not stated.keys() >= _NEEDED:
        raise UsageError(
            where=f"bundle '{bundle.name}'",
            found=f"the kind {bundle.kind}, and in its card {len(_NEEDED & stated.keys())} of {len(_NEEDED)} settings"
            " that a fit needs",
            allowed="for fits anew, a bundle of the kind ngram-linear whose card holds the table of settings",
            remedy="Measure transfer, learning curve and refits on the fast tier.",
        )
    known = {field.name: stated[field.name] for field in fields(LinearSettings) if field.name in stated}
    try:
        settings = LinearSettings(**{name: ast.literal_eval(value) for name, value in known.items()})
    except (ValueError, SyntaxError) as error:
        raise UsageError(
            where=f"card of bundle '{bundle.name}'",
            found=f"a setting that cannot be read ({error})",
            allowed="the table of settings as training writes it",
            remedy="Train the bundle anew.",
        ) from error
    return LinearRefit(settings, seed)


def join_sides(corpus: Corpus) -> PassageSet:
    """Return the passages of all splits as one set."""
    sets = [corpus.passages(side) for side in SIDES]
    return PassageSet(
        framings=corpus.framings,
        ids=tuple(entry for part in sets for entry in part.ids),
        texts=tuple(entry for part in sets for entry in part.texts),
        documents=tuple(entry for part in sets for entry in part.documents),
        targets=np.concatenate([part.targets for part in sets]),
        doubt=np.concatenate([part.doubt for part in sets]),
        is_original=np.concatenate([part.is_original for part in sets]),
    )


def pick_documents(passages: PassageSet, documents: frozenset[str]) -> PassageSet:
    """Return the passages of the documents that are named."""
    return passages.select(np.array([document in documents for document in passages.documents], dtype=np.bool_))
