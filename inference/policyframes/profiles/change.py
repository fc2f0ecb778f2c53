"""What changed from one group of documents to the next, and whether it may be chance."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from policyframes.profiles.errors import ErrorTable, KindErrors, measure_kind
from policyframes.profiles.quantiles import find_t_quantile, find_t_tail
from policyframes.profiles.shares import LEVEL, UNCERTAIN, Sample, Share, Z, describe_sample, expand_variance

if TYPE_CHECKING:
    from policyframes.profiles.collection import PlacedPassage
    from policyframes.profiles.profile import Profile

Numbers = Sequence[float] | npt.NDArray[np.float64]

SIGNIFICANT = 0.05
# With as many documents on both sides, what they differ by among themselves can be reckoned, and counts as chance.
FEWEST_DOCUMENTS = 5

# Of the search for an end of an interval: strides to find where it lies, then halvings.
_STRIDES = 32
_STEPS = 60


@dataclass(frozen=True)
class Change:
    """How a share differs between two consecutive groups.

    Attributes:
        aspect: id of the aspect; None for all passages.
        kind: id of a framing, or `none`.
        before: the earlier group.
        after: the later group.
        difference: share after minus share before, -1 to 1; None where either is unknown.
        low: lower end of the 95 % interval of the difference, for this change alone.
        high: upper end.
        p_value: of the test that nothing changed, for this change alone.
        adjusted_p_value: the same, allowing for all changes that the comparison tests.
        is_significant: whether the adjusted p-value is below 0.05.
    """

    aspect: str | None
    kind: str
    before: str
    after: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    is_significant: bool = False


SomeChange = TypeVar("SomeChange", bound=Change)


@dataclass(frozen=True)
class Difference:
    """A difference with its test.

    Attributes:
        difference: share after minus share before.
        low: lower end of the 95 % interval.
        high: upper end.
        p_value: of the test that nothing changed.
    """

    difference: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class GroupScores:
    """One side of a change.

    Attributes:
        value: the estimated share.
        sample: what the estimate stands on.
        documents: number of documents of one length that say as much as these, see `count_documents`.
        document_variance: of the mean score when the group's documents are drawn anew, as the coefficients of 1, c
            and c squared for a true mean that is c above the group's; None for fewer than `FEWEST_DOCUMENTS`.
    """

    value: float
    sample: Sample
    documents: float
    document_variance: tuple[float, float, float] | None


def measure_changes(before: Profile, after: Profile, errors: ErrorTable | None) -> tuple[Change, ...]:
    """Return the change of each framing and of `none`, not yet adjusted for their number.

    The test asks whether the mean scores of both groups may come of one share. What is not known of the level of the
    bundle's scores is the same on both sides and cancels; the sampling of passages and what documents do to the scores
    do not. The interval holds every difference that the test would not reject, with both shares at their most likely
    values for it (a score interval as that of Miettinen and Nurminen 1985, "Comparative analysis of two rates").
    Where each group has `FEWEST_DOCUMENTS` documents or more, the variance is at least that between documents, with
    Student's t: a change is then one beyond what the groups' documents differ by among themselves. With fewer it is
    one between these very documents, and false alarms exceed 5 % for some kinds (docs/shares.md, "Changes").

    Shares that were counted, or corrected by a hand-coded sample, are compared by their intervals (Newcombe 1998,
    "Interval estimation for the difference between independent proportions", method 10).

    Args:
        before: the earlier group.
        after: the later group, of the same aspect.
        errors: of the bundle that scored both; None where it states none.
    """
    return tuple(
        Change(after.aspect, kind, before.group, after.group, **list_values(_test_kind(before, after, kind, errors)))
        for kind in after.shares
        if kind != UNCERTAIN and kind in before.shares
    )


def adjust_changes(changes: Sequence[SomeChange]) -> tuple[SomeChange, ...]:
    """Return the changes with p-values that allow for their number (Holm 1979), and whether they are significant.

    Where nothing changed, the chance that any is called significant is at most 5 %, if each p-value keeps its word.
    """
    tested = sorted((change.p_value, place) for place, change in enumerate(changes) if change.p_value is not None)
    adjusted: dict[int, float] = {}
    highest = 0.0
    for rank, (p_value, place) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * p_value))
        adjusted[place] = highest
    return tuple(
        replace(change, adjusted_p_value=adjusted.get(place), is_significant=adjusted.get(place, 1.0) < SIGNIFICANT)
        for place, change in enumerate(changes)
    )


def list_values(tested: Difference | None) -> dict[str, Any]:
    """Return what a test found by the names that a change has for it; nothing where nothing was tested."""
    return asdict(tested) if tested else {}


def _test_kind(before: Profile, after: Profile, kind: str, errors: ErrorTable | None) -> Difference | None:
    first, second = before.shares[kind], after.shares[kind]
    if first.value is None or second.value is None:
        return None
    numbers = errors.kinds.get(kind) if errors else None
    if numbers is None or {first.method, second.method} != {"adjusted"}:
        return compare_intervals(first, second)
    sides = _describe(before.passages, kind, first.value), _describe(after.passages, kind, second.value)
    return compare_scores(*sides, numbers)


def _describe(passages: Sequence[PlacedPassage], kind: str, value: float) -> GroupScores:
    sample = describe_sample(passages, kind)
    by_document: dict[str, list[float]] = defaultdict(list)
    for item in passages:
        by_document[item.document].append(measure_kind(item.score, kind))
    sums = [math.fsum(scores) - len(scores) * sample.mean for scores in by_document.values()]
    return describe_group(value, sample, sizes=[len(scores) for scores in by_document.values()], sums=sums)


def describe_group(value: float, sample: Sample, *, sizes: Numbers, sums: Numbers) -> GroupScores:
    """Return one side of a change.

    The variance between documents is the jackknife's, each document left out in turn (Efron and Tibshirani 1993, "An
    introduction to the bootstrap", section 11.5): where one is much longer than others it errs to the safe side.

    Args:
        value: the estimated share.
        sample: what the estimate stands on.
        sizes: number of passages of each document.
        sums: of each document's scores less the mean of all.
    """
    n, count = sample.passages, len(sizes)
    documents = count_documents(sizes)
    if count < FEWEST_DOCUMENTS:
        return GroupScores(value, sample, documents, None)
    # The step of the mean when a document is left out, and what of that step an assumed mean takes away.
    lengths = np.asarray(sizes, dtype=np.float64)
    steps, taken = np.asarray(sums, dtype=np.float64) / (n - lengths), lengths / (n - lengths)
    part = (count - 1) / count
    return GroupScores(
        value,
        sample,
        documents,
        (
            part * float(np.sum(steps**2)),
            -2 * part * float(np.sum(steps * taken)),
            part * float(np.sum(taken**2)),
        ),
    )


def count_documents(sizes: Numbers) -> float:
    """Return how many documents of one length say as much as these (Kish 1965, "Survey sampling", section 8.2).

    Args:
        sizes: number of passages of each document.
    """
    lengths = np.asarray(sizes, dtype=np.float64)
    return float(np.sum(lengths) ** 2 / np.sum(lengths**2)) if len(lengths) else 0.0


def compare_scores(before: GroupScores, after: GroupScores, errors: KindErrors) -> Difference:
    """Return the difference of two corrected shares with its test, see `measure_changes`."""
    difference = after.value - before.value
    freedom = count_freedom(before, after)
    z = find_t_quantile(freedom, LEVEL) if freedom else Z

    def is_inside(assumed: float) -> bool:
        return measure_surprise(before, after, errors, assumed=assumed) <= z

    return Difference(
        difference,
        _find_end(is_inside, difference, -1.0),
        _find_end(is_inside, difference, 1.0),
        find_p_value(before, after, errors),
    )


def find_p_value(before: GroupScores, after: GroupScores, errors: KindErrors) -> float:
    """Return the chance of estimates at least as far apart where the shares are the same, see `measure_changes`."""
    surprise, freedom = measure_surprise(before, after, errors), count_freedom(before, after)
    return find_t_tail(surprise, freedom) if freedom else 2 * NormalDist().cdf(-surprise)


def count_freedom(before: GroupScores, after: GroupScores) -> int:
    """Return the degrees of freedom of the variance between documents; 0 where it is not reckoned."""
    if before.document_variance is None or after.document_variance is None:
        return 0
    # Each side has as many documents at least. Where a few long ones hold most passages, the number of documents of one
    # length is smaller still; but there the jackknife's variance is too large, not too small.
    return max(FEWEST_DOCUMENTS - 1, int(before.documents + after.documents) - 2)


def measure_surprise(before: GroupScores, after: GroupScores, errors: KindErrors, *, assumed: float = 0.0) -> float:
    """Return by how many standard errors the groups are off an assumed difference of their shares."""
    difference = after.value - before.value
    if difference == assumed:
        return 0.0
    # The shares that are most likely given the difference, both between 0 and 1.
    part = before.sample.passages / (before.sample.passages + after.sample.passages)
    share = part * before.value + (1 - part) * (after.value - assumed)
    share = min(max(share, 0.0, -assumed), 1.0, 1.0 - assumed)
    variance = _find_variance(before.sample, errors, share) + _find_variance(after.sample, errors, share + assumed)
    if before.document_variance is not None and after.document_variance is not None:
        between = _find_between(before.document_variance, errors.slope * (share - before.value))
        between += _find_between(after.document_variance, errors.slope * (share + assumed - after.value))
        variance = max(variance, between)
    variance += errors.slope_variance * assumed**2
    return errors.slope * abs(difference - assumed) / math.sqrt(variance) if variance > 0 else math.inf


def _find_variance(sample: Sample, errors: KindErrors, share: float) -> float:
    squared, linear, constant = expand_variance(sample, errors, is_shared=False)
    return max(0.0, squared * share * share + linear * share + constant)


def _find_between(coefficients: tuple[float, float, float], above: float) -> float:
    constant, linear, squared = coefficients
    return constant + linear * above + squared * above**2


def _find_end(is_inside: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return where the interval ends between a difference that it holds and the end of the scale.

    Where documents differ much in length, differences far off are no surprise again: it is the last end on the way. But
    where a difference of 0 is a surprise it ends before 0, so that interval and p-value never contradict each other.
    """
    if inside * outside < 0 and not is_inside(0.0):
        outside = 0.0
    if is_inside(outside):
        return outside
    step = (outside - inside) / _STRIDES
    for stride in range(_STRIDES - 1, 0, -1):
        if is_inside(inside + stride * step):
            inside, outside = inside + stride * step, inside + (stride + 1) * step
            break
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if is_inside(middle) else (inside, middle)
    return inside


def compare_intervals(first: Share, second: Share) -> Difference | None:
    """Return the difference of two shares with its test by their intervals; None where one is not known."""
    ends = first.value, first.low, first.high, second.value, second.low, second.high
    known = [end for end in ends if end is not None]
    if len(known) != len(ends):
        return None
    before, before_low, before_high, after, after_low, after_high = known
    difference = after - before
    down = math.hypot(after - after_low, before_high - before)
    up = math.hypot(after_high - after, before - before_low)
    reach = down if difference > 0 else up
    surprise = Z * abs(difference) / reach if reach > 0 else math.inf if difference else 0.0
    return Difference(
        difference, max(-1.0, difference - down), min(1.0, difference + up), 2 * NormalDist().cdf(-surprise)
    )
