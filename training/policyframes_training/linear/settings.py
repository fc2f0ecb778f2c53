"""What one fit of the fast tier depends on, and which settings are tried. Holds values alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from policyframes_training.corpus.corpus import PassageSet

# A passage of fewer words is short, by the median of train.
_SHORT_WORDS = 40


@dataclass(frozen=True)
class LinearSettings:
    """What one fit depends on, beside the passages.

    Attributes:
        word_ngrams: shortest and longest n-gram in words.
        char_ngrams: the same in characters within a padded word; None for none.
        min_documents: number of training passages that an n-gram must occur in.
        strength: inverse of the L2 penalty (scikit-learn's C).
        balanced: whether presence and absence of a framing weigh the same in total.
        original_weight: weight of a passage in its original wording; a rewrite weighs 1.
        doubt_weight: a passage weighs this to the power of its coder's doubt (0, 1 or 2).
        teacher_weight: weight of an uncoded passage that a teacher has scored; a rewrite weighs 1.
        names: whether terms that are mostly names may weigh anything, see `find_name_terms`.
    """

    word_ngrams: tuple[int, int] = (1, 2)
    char_ngrams: tuple[int, int] | None = None
    min_documents: int = 2
    strength: float = 10.0
    balanced: bool = True
    original_weight: float = 1.0
    doubt_weight: float = 0.6
    teacher_weight: float = 1.0
    names: bool = True

    @property
    def features(self) -> dict[str, Any]:
        """Return the settings of the feature extraction as a bundle holds them."""
        return {
            "word_ngrams": list(self.word_ngrams),
            "char_ngrams": list(self.char_ngrams) if self.char_ngrams else None,
        }

    def as_params(self) -> dict[str, Any]:
        """Return the settings by name, for the record of a run."""
        return asdict(self)


def candidate_settings(
    *, with_originals: bool, with_teacher: bool = False, train: PassageSet | None = None
) -> tuple[LinearSettings, ...]:
    """Return the settings that are tried, simplest first, so that ties go to the simpler one.

    Args:
        with_originals: whether some passages are originals.
        with_teacher: whether a teacher has scored further passages.
        train: what is learnt from. Where nobody doubted, no weight of doubt is tried; where the passages are short,
            such as headlines, runs of characters are: a short text repeats no word, but parts of words.
    """
    if with_teacher:
        # Many more passages carry longer n-grams, and more weights; each fit takes its time.
        return tuple(
            LinearSettings(
                word_ngrams=(1, longest),
                min_documents=4,
                strength=strength,
                balanced=False,
                teacher_weight=teacher_weight,
                names=False,
            )
            for longest in (1, 2)
            for teacher_weight in (0.5, 2.0)
            for strength in (3.0, 10.0)
        )
    original_weights = (1.0, 0.5) if with_originals else (1.0,)
    doubt_weights = (1.0, 0.6) if train is None or train.doubt.any() else (1.0,)
    short = train is not None and np.median([len(text.split()) for text in train.texts]) < _SHORT_WORDS
    words = tuple(
        LinearSettings(
            word_ngrams=(1, longest),
            min_documents=min_documents,
            strength=strength,
            original_weight=original_weight,
            doubt_weight=doubt_weight,
        )
        for longest, min_documents in ((1, 2), (2, 3), (2, 2))
        for original_weight in original_weights
        for doubt_weight in doubt_weights
        for strength in (1.0, 3.0, 10.0)
    )
    return words + tuple(
        LinearSettings((1, longest), char_ngrams, strength=strength, doubt_weight=doubt_weight)
        for longest, char_ngrams in (((1, (3, 5)), (2, (2, 5))) if short else ())
        for doubt_weight in doubt_weights
        for strength in (3.0, 10.0)
    )
