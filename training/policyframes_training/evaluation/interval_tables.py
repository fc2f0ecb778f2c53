"""What intervals, changes and coded samples reached -> sections for readers. Computes nothing but means of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from policyframes_training.evaluation import change_rates, coded_coverage
from policyframes_training.evaluation.change_rates import ChangeRate
from policyframes_training.evaluation.coded_coverage import CodedCoverage
from policyframes_training.evaluation.interval_coverage import IntervalCoverage
from policyframes_training.evaluation.sections import Cell, Section

WANTED = (0.93, 0.97)

_AIM = (
    "Held: share of the nominal 95 % intervals that hold the coded share: of the pool that the passages are drawn"
    " from, and of whole documents that of these very documents. "
)


def summarise_intervals(measured: Mapping[str, Sequence[IntervalCoverage]], draws: int) -> Section:
    """Return what the intervals reach over all kinds and parts, by way of drawing and number of passages."""
    entries = [entry for part in measured.values() for entry in part]
    rows: list[Mapping[str, Cell]] = []
    for scheme, size in dict.fromkeys((entry.scheme, entry.size) for entry in entries):
        chosen = [entry for entry in entries if (entry.scheme, entry.size) == (scheme, size)]
        held, bare = [entry.aim for entry in chosen], [entry.counted_aim for entry in chosen]
        low, high = WANTED
        rows.append(
            {
                "drawn": scheme,
                "passages": size,
                "held": fmean(held),
                "least": min(held),
                "wanted": fmean(low <= share <= high for share in held),
                "width": fmean(entry.adjusted.width for entry in chosen),
                "counted_held": fmean(bare),
                "counted_least": min(bare),
                "counted_width": fmean(entry.counted.width for entry in chosen),
            }
        )
    note = (
        f"{draws:,} draws of each kind, part of test and tilt. {_AIM}Mean and least over kinds, parts"
        f" ({', '.join(measured)}) and tilts. Wanted: share of these with {low:.0%} to {high:.0%}. Counted: the bare"
        " share of decisions with Wilson's interval, on the same draws."
    )
    return Section("intervals-summary", "Intervals of shares: do they hold the coded share?", note, tuple(rows))


def tabulate_intervals(measured: Mapping[str, Sequence[IntervalCoverage]]) -> Section:
    """Return what the intervals reach, every kind, part, way, size and tilt by itself."""
    rows: list[Mapping[str, Cell]] = [
        {
            "part": part,
            "drawn": entry.scheme,
            "passages": entry.size,
            "kind": entry.kind,
            "share": entry.share,
            "held": entry.aim,
            "width": entry.adjusted.width,
            "bias": entry.adjusted.bias,
            "held_pool": entry.adjusted.coverage,
            "held_drawn": entry.adjusted.own_coverage,
            "counted_held": entry.counted_aim,
            "counted_width": entry.counted.width,
            "counted_bias": entry.counted.bias,
        }
        for part, entries in measured.items()
        for entry in entries
    ]
    note = (
        f"{_AIM}Held pool: the pool's coded share, also where whole documents are drawn, of which an interval says"
        " nothing. Held drawn: the coded share of the very passages drawn, also where others could have been. Bias: of"
        " the estimate, less the share that is aimed at."
    )
    return Section("intervals", "Intervals of shares, in full", note, tuple(rows))


def tabulate_changes(rates: Sequence[ChangeRate], part: str) -> Section:
    """Return how often changes are called significant, by way of drawing, size and true difference."""
    kinds = list(dict.fromkeys(rate.kind for rate in rates))
    rows: list[Mapping[str, Cell]] = []
    for scheme, size, difference in dict.fromkeys((rate.scheme, rate.size, rate.difference) for rate in rates):
        chosen = {r.kind: r for r in rates if (r.scheme, r.size, r.difference) == (scheme, size, difference)}
        rows.append(
            {
                "drawn": scheme,
                "passages": size,
                "difference": difference,
                **{kind: chosen[kind].rate if kind in chosen else None for kind in kinds},
                "pairs": min(rate.pairs for rate in chosen.values()),
            }
        )
    note = (
        f'On the part "{part}". Share of the pairs of groups whose difference is called significant at 5 %, each test'
        " by itself. Difference 0: nothing changed, and the share is that of false alarms; else the power. Rows of "
        f'"{change_rates.FEW_DOCUMENTS}" hold real differences between documents as well; those of "'
        f'{change_rates.FEW_ALIKE}" are the pairs whose coded shares lie within {change_rates.ALIKE:.0%}, where what is'
        " called significant is a false alarm, or nearly."
    )
    return Section("changes", "Changes of shares: false alarms and power", note, tuple(rows))


def tabulate_coded(measured: Sequence[CodedCoverage], part: str) -> Section:
    """Return what hand-coded samples reach."""
    rows: list[Mapping[str, Cell]] = [
        {
            "scores": entry.model,
            "kind": entry.kind,
            "coded": entry.coded,
            "held": entry.coverage,
            "held_without": entry.coverage_before,
            "bias": entry.bias,
            "bias_without": entry.bias_before,
            "width": entry.width,
            "width_of_codes_alone": entry.width_codes,
        }
        for entry in measured
    ]
    note = (
        f'On the part "{part}": {coded_coverage.PASSAGES} passages drawn, of which so many are coded by hand at random.'
        " Held: share of the 95 % intervals that hold the pool's coded share; without: of those without the sample."
        " Scores: the model as it is; with all its logits raised; and with the scores of other passages, which say"
        " nothing. Width of codes alone: of Wilson's interval of the coded passages."
    )
    return Section("coded-samples", "Hand-coded samples", note, tuple(rows))
