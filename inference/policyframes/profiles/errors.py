"""How a bundle errs: the numbers of its manifest that say how far its scores may be from the codes.

Reads and holds them; they are fitted where bundles are trained, and used by the shares and their changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from policyframes.bundle import Bundle
from policyframes.scorer import Score

NONE = "none"
# The table of a bundle that reads every passage in one way; a cascade has one a quality.
ALL = "all"


@dataclass(frozen=True)
class KindErrors:
    """How the score of one kind depends on its share among passages: `score + slope * (share - its share here)`.

    A passage's score is the calibrated probability of a framing; that of `none` is the product over the framings of
    one less their probabilities. All numbers are from held-out passages, see `tiers/errors.py` of the training.

    Attributes:
        share: of the held-out passages that were coded as of this kind.
        score: mean score of held-out passages at that share.
        slope: by how much the mean score of documents rises with their share.
        separation: mean score of the passages of this kind less that of the others.
        variance_present: of the scores of the passages of this kind.
        variance_absent: of the scores of the others.
        score_variance: of `score`, for want of more held-out documents.
        slope_variance: of `slope`, from one set of documents to another.
        document_variance: of the mean score of a stretch of one document about the line, beyond chance.
    """

    share: float
    score: float
    slope: float
    separation: float
    variance_present: float
    variance_absent: float
    score_variance: float
    slope_variance: float
    document_variance: float


@dataclass(frozen=True)
class ErrorTable:
    """How a bundle errs at one quality.

    Attributes:
        passages: number of held-out passages that it was fitted on.
        documents: number of documents that they stem from.
        kinds: by framing, and for `none`; a kind that too few passages carried is absent.
    """

    passages: int
    documents: int
    kinds: Mapping[str, KindErrors]


def find_errors(bundle: Bundle, quality: str | None = None) -> ErrorTable | None:
    """Return how a bundle errs at a quality; None where it does not say.

    Args:
        bundle: what scored.
        quality: of a cascade, `fast`, `balanced` or `best`; None for other bundles.
    """
    if bundle.kind == "cascade" and quality == "fast":
        return find_errors(bundle.parts["fast"])
    described = bundle.errors.get(quality or ALL)
    if described is None:
        return None
    kinds = {kind: KindErrors(**numbers) for kind, numbers in described["kinds"].items()}
    return ErrorTable(described["passages"], described["documents"], MappingProxyType(kinds))


def measure_kind(score: Score, kind: str) -> float:
    """Return the score of a passage for a framing or for `none`, 0 to 1."""
    return math.prod([1 - p for p in score.probabilities.values()]) if kind == NONE else score.probabilities[kind]


def list_kinds(framings: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds whose shares are estimated: the framings in their order, then `none`."""
    return (*framings, NONE)
