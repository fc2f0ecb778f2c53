"""Agreement of the second coder with the first: the ceiling beside which a model's scores are read.

Measures only what both coders marked; it settles nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policyframes.errors import LabelsError
from policyframes_training.estimates import Estimate
from policyframes_training.labels.coded import CodedPassage, Labels, SecondCoding, Span

_Marks = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Agreement:
    """How far two coders agree.

    Attributes:
        passages: count of passages that both coded.
        documents: count of documents that these passages come from.
        alpha: Krippendorff's alpha by framing, nominal, present or absent.
        f1: F1 of the positive class by framing, the first coder as reference.
        mean_f1: mean of the framings' F1, the measure that models are judged by.
        exact: share of passages with the same set of framings.
        seed: of the bootstrap.
        resamples: of the bootstrap.
    """

    passages: int
    documents: int
    alpha: dict[str, Estimate]
    f1: dict[str, Estimate]
    mean_f1: Estimate
    exact: Estimate
    seed: int
    resamples: int


def measure_agreement(
    labels: Labels, codings: Sequence[SecondCoding] | None = None, *, resamples: int = 1000, seed: int = 20261121
) -> Agreement:
    """Compare another coder's codes with the first coding of the same passages.

    Args:
        labels: the labels.
        codings: what the other coder marked; None for the second coder.
        resamples: bootstrap resamples of whole documents.
        seed: of the bootstrap.

    Raises:
        LabelsError: no passage has a second coding.
    """
    first, second, clusters = _read_marks(labels, labels.second if codings is None else codings)
    framings = labels.taxonomy.framing_ids
    documents = int(clusters.max()) + 1
    draws = np.random.default_rng(seed).integers(documents, size=(resamples, documents))
    members = [np.flatnonzero(clusters == cluster) for cluster in range(documents)]
    rows = [np.concatenate([members[cluster] for cluster in draw]) for draw in draws]

    def estimate(score: Callable[[_Marks, _Marks], float]) -> Estimate:
        values = np.array([score(first[chosen], second[chosen]) for chosen in rows])
        # A resample without any positive mark has no F1 and no alpha.
        low, high = np.nanpercentile(values, [2.5, 97.5])
        return Estimate(score(first, second), float(low), float(high))

    alpha, f1 = {}, {}
    for number, framing in enumerate(framings):
        alpha[framing] = estimate(lambda a, b, n=number: measure_alpha(a[:, n], b[:, n]))  # type: ignore[misc]
        f1[framing] = estimate(lambda a, b, n=number: measure_f1(a[:, n], b[:, n]))  # type: ignore[misc]
    return Agreement(
        passages=len(first),
        documents=documents,
        alpha=alpha,
        f1=f1,
        mean_f1=estimate(lambda a, b: float(np.mean([measure_f1(x, y) for x, y in zip(a.T, b.T, strict=True)]))),
        exact=estimate(lambda a, b: float((a == b).all(axis=1).mean())),
        seed=seed,
        resamples=resamples,
    )


def measure_second_coder(labels: Labels) -> dict[str, Estimate]:
    """Return what a second coder reaches against the first's codes: the ceiling for a model.

    F1 by framing, their mean as `macro`, and the share of equal sets as `exact_set`; on all passages that both coded,
    of any split. Empty where there is no second coding.
    """
    if not labels.second:
        return {}
    agreement = measure_agreement(labels)
    return {**agreement.f1, "macro": agreement.mean_f1, "exact_set": agreement.exact}


def measure_alpha(first: _Marks, second: _Marks) -> float:
    """Return Krippendorff's alpha (nominal) of two coders' marks, each of shape (passages,); nan without variation."""
    import krippendorff  # noqa: PLC0415 # a part of the training extra that only this measure needs

    marks = np.stack([first, second])
    if len(np.unique(marks)) == 1:
        return float("nan")
    return float(krippendorff.alpha(reliability_data=marks, level_of_measurement="nominal"))


def measure_f1(reference: _Marks, other: _Marks) -> float:
    """Return F1 of the positive class for marks of shape (passages,); nan where neither coder marked any."""
    marked = int(reference.sum()) + int(other.sum())
    return 2 * int((reference & other).sum()) / marked if marked else float("nan")


def _read_marks(labels: Labels, codings: Sequence[SecondCoding]) -> tuple[_Marks, _Marks, npt.NDArray[np.intp]]:
    """Return both coders' marks, shape (passages, framings), and each passage's document as a number."""
    firsts: dict[str, CodedPassage | Span] = {span.id: span for span in labels.spans}
    firsts.update({passage.id: passage for passage in labels.passages})
    pairs = [(firsts[coding.id], coding) for coding in codings if coding.id in firsts]
    if not pairs:
        raise LabelsError(
            where=str(labels.folder / "second-coder.jsonl"),
            found="no second coding of a passage",
            allowed="a line for each passage that a second coder read",
            remedy="Add the second coder's lines.",
        )
    framings = labels.taxonomy.framing_ids
    first = np.array([[name in item.codes.framings for name in framings] for item, _ in pairs], dtype=np.int8)
    second = np.array([[name in coding.codes.framings for name in framings] for _, coding in pairs], dtype=np.int8)
    _, clusters = np.unique(np.array([item.document for item, _ in pairs]), return_inverse=True)
    return first, second, clusters
