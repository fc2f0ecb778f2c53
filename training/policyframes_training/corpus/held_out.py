"""Passages as models hand them on: with logits of models that had not seen them, or with a teacher's probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Passages with the logits of models that were not fitted on them.

    Attributes:
        logits: uncalibrated, shape (n, L).
        targets: whether each framing is present, shape (n, L).
        documents: document of each passage.
    """

    logits: Floats
    targets: npt.NDArray[np.bool_]
    documents: tuple[str, ...]

    @classmethod
    def empty(cls, framings: int) -> HeldOut:
        """Return no passages, for so many framings."""
        return cls(np.empty((0, framings)), np.empty((0, framings), dtype=np.bool_), ())


@dataclass(frozen=True)
class FoldedLogits:
    """What the models of K folds said of passages that they had not learnt from.

    Attributes:
        held_out: the train passages, each with the logits of the model that was fitted without its fold.
        folds: number of each train passage's fold, shape (n,).
        validation: logits of the validation passages by the model of each fold, shape (K, v, L).
        texts: logits of texts without codes by the model of each fold, shape (K, texts, L).
    """

    held_out: HeldOut
    folds: npt.NDArray[np.intp]
    validation: Floats
    texts: Floats


@dataclass(frozen=True)
class TaughtPassages:
    """Uncoded passages with a teacher's probabilities.

    Attributes:
        texts: n texts.
        documents: document of each.
        probabilities: of each framing, shape (n, L).
    """

    texts: tuple[str, ...]
    documents: tuple[str, ...]
    probabilities: Floats

    def select(self, mask: npt.NDArray[np.bool_]) -> TaughtPassages:
        """Return the passages for which the mask, shape (n,), is true."""
        kept = np.flatnonzero(mask)
        return TaughtPassages(
            tuple(self.texts[i] for i in kept), tuple(self.documents[i] for i in kept), self.probabilities[kept]
        )


@dataclass(frozen=True)
class Lesson:
    """What a teacher says of uncoded passages, and what it says where it was kept from knowing a part of train.

    Attributes:
        taught: with the probabilities of the teacher that has learned from all of train.
        by_fold: per fold, the same passages with the probabilities of the teacher that the fold was held out from;
            empty where there is none such, and the folds learn from the codes alone or not at all.
        fold_of: number of the fold by document of train; empty likewise.
        teacher: what the teacher is: the base that it was fine-tuned from, or the bundle; empty where it is not known.
        swapped: number of the passages whose names were swapped after the teacher had read them.
        has_read_all: whether the teacher has read the codes of all of train.
        fold_teacher: what teaches the folds, where it is not the teacher.
    """

    taught: TaughtPassages
    by_fold: tuple[TaughtPassages, ...]
    fold_of: Mapping[str, int]
    teacher: str = ""
    swapped: int = 0
    has_read_all: bool = False
    fold_teacher: str = ""
