"""What was measured -> sections for readers. Turns figures into rows and words; it computes none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.comparison import Difference
from policyframes_training.evaluation.coverage import COVERAGES, CoverageCurve
from policyframes_training.evaluation.faithfulness import Faithfulness
from policyframes_training.evaluation.figures import PER_FRAMING, Evaluation
from policyframes_training.evaluation.learning_curve import GAIN, LearningCurve, PowerLaw
from policyframes_training.evaluation.perturbation import Sensitivity
from policyframes_training.evaluation.resampling import BINS
from policyframes_training.evaluation.sections import Cell, Section, render_cell
from policyframes_training.evaluation.slices import FEWEST_DOCUMENTS, FEWEST_POSITIVES, Slice
from policyframes_training.evaluation.spread import Spread
from policyframes_training.evaluation.transfer import FEWEST_SPANS, Transfer
from policyframes_training.labels.challenge import ChallengeResult

TOO_FEW = "too few"

_CEILING = "second coder"


def tabulate_parts(
    parts: Mapping[str, Evaluation],
    brier: Mapping[str, Mapping[str, Estimate]],
    second_coder: Mapping[str, Estimate],
) -> list[Section]:
    """Return a section per part of the test split, the ceiling beside the figures.

    Args:
        parts: by part, its evaluation.
        brier: by part, the Brier score by framing and as `macro`.
        second_coder: from `evaluation.measure_second_coder`.
    """
    return [_tabulate_part(part, evaluation, brier[part], second_coder) for part, evaluation in parts.items()]


def tabulate_coverage(curves: Mapping[str, Mapping[str, CoverageCurve]]) -> Section:
    """Return risk and precision at each coverage, by part and framing."""
    rows: list[Mapping[str, Cell]] = [
        {"part": part, "framing": framing, "coverage": f"{coverage:.0%}", "risk": risk, "precision": precision}
        for part, by_framing in curves.items()
        for framing, curve in by_framing.items()
        for coverage, risk, precision in zip(COVERAGES, curve.risk, curve.precision, strict=True)
    ]
    areas = [
        f"- {part}: {'; '.join(f'{framing} {render_cell(curve.area)}' for framing, curve in by_framing.items())}"
        for part, by_framing in curves.items()
    ]
    note = (
        "Risk: share of wrong decisions among the surest share of all passages. Precision: share of right ones among"
        ' the surest share of the decisions "present". Surest first by the calibrated probability of the decision.\n\n'
        "Mean risk over all coverages, less is better:\n\n" + "\n".join(areas)
    )
    return Section("risk-coverage", "Precision at coverage", note, tuple(rows))


def tabulate_slices(slices: Sequence[Slice], part: str) -> Section:
    """Return all slices of one part of the test split."""
    rows: list[Mapping[str, Cell]] = [
        {
            "dimension": entry.dimension,
            "value": entry.value,
            "passages": entry.passages,
            "documents": entry.documents,
            **{f"f1_{framing}": _or_too_few(estimate) for framing, estimate in entry.f1.items()},
            "macro_f1": _or_too_few(entry.macro_f1),
            "exact_set": _or_too_few(entry.exact_set),
            **{f"positives_{framing}": count for framing, count in entry.positives.items()},
            "below_all": ", ".join(entry.below),
        }
        for entry in slices
    ]
    figures = sum(
        estimate is not None and entry.documents >= FEWEST_DOCUMENTS
        for entry in slices
        for estimate in (*entry.f1.values(), entry.macro_f1, entry.exact_set)
    )
    note = (
        f'On the part "{part}". `{TOO_FEW}`: fewer than {FEWEST_POSITIVES} passages carry the framing. No'
        f" interval: fewer than {FEWEST_DOCUMENTS} documents. Below all: the interval lies wholly below the value of"
        f" all passages; of {figures} intervals about {0.025 * figures:.0f} would by chance alone. Slices overlap: what"
        " sets one apart may be the doing of another."
    )
    return Section("slices", "Slices", note, tuple(rows))


def tabulate_transfer(transfers: Sequence[Transfer]) -> Section:
    """Return all shifts with what they lose."""
    rows: list[Mapping[str, Cell]] = [
        {
            "learnt_and_tested": entry.name,
            "training_passages": entry.learnt,
            "passages": entry.passages,
            "documents": entry.documents,
            **{f"f1_{framing}": _or_too_few(estimate) for framing, estimate in entry.f1.items()},
            "macro_f1": _or_too_few(entry.macro_f1),
            "macro_f1_unshifted": entry.baseline_f1 or "no baseline",
            "loss": entry.loss or "no baseline",
        }
        for entry in transfers
    ]
    note = (
        "Fits anew by the bundle's recipe, without a teacher. What is tested, from any split, neither trains nor"
        f" calibrates, nor does what is linked to it; administrations with {FEWEST_SPANS} coded spans or more."
        " Unshifted: the ordinary procedure on as many training passages, drawn by document, with the tested documents"
        " held out in turn; on the same passages. Loss: unshifted less shifted, paired. No baseline: the tested"
        " documents are all linked. The tested passages are not those of the test split, so that the rows are not to be"
        " compared with it."
    )
    return Section("transfer", "Transfer to what training has not seen", note, tuple(rows))


def tabulate_curve(curve: LearningCurve, second_coder: Mapping[str, Estimate]) -> list[Section]:
    """Return the points of the learning curve, and where there is one the law through them."""
    rows: list[Mapping[str, Cell]] = [
        {
            "share_of_documents": f"{point.share:.0%}",
            "labels": round(point.labels),
            "runs": len(point.runs),
            "macro_f1": point.mean,
            "lowest": min(point.runs),
            "highest": max(point.runs),
        }
        for point in curve.points
    ]
    ceiling = f" The second coder reaches {render_cell(second_coder['macro'])}." if second_coder else ""
    note = (
        "Macro-F1 on the test split, of fits anew by the bundle's recipe, without a teacher, on the first documents of"
        " the training split in random order; validation stays whole. Labels: coded spans, a rewrite and its"
        f" original being one. Lowest and highest of the runs; the interval is that of the test documents.{ceiling}"
    )
    points = Section("learning-curve", "Learning curve", note, tuple(rows))
    return [points, _tabulate_law(curve, curve.law, second_coder)] if curve.law else [points]


def tabulate_spread(spreads: Sequence[Spread], note: str) -> Section:
    """Return every figure over several runs; the note says what differs between them."""
    rows: list[Mapping[str, Cell]] = [
        {
            "figure": entry.figure,
            "runs": len(entry.values),
            "mean": entry.mean,
            "standard_deviation": entry.deviation,
            "lowest": min(entry.values),
            "highest": max(entry.values),
        }
        for entry in spreads
    ]
    return Section("spread", "Spread over runs", note, tuple(rows))


def tabulate_sensitivity(measured: Mapping[str, Sensitivity], part: str) -> Section:
    """Return what becomes of the decisions when names are masked or swapped."""
    rows: list[Mapping[str, Cell]] = [
        {
            "perturbation": name,
            "touched": entry.touched,
            "flips": entry.flips,
            **{f"flips_{framing}": shift.flips for framing, shift in entry.framings.items()},
            "passages_changed": entry.any_flip,
            "macro_f1_loss": entry.macro_f1_loss,
            "macro_average_precision_loss": entry.macro_average_precision_loss,
        }
        for name, entry in measured.items()
    ]
    note = (
        f'On the part "{part}". Names of countries, organizations, persons and parties, and years, are masked, or'
        " swapped for others of their class. Touched: passages that this changes; all figures are of these. Flips:"
        " share of the decisions that change; passages changed: share whose set of framings does. Loss: before less"
        " after."
    )
    return Section("names", "Framing, not topic: other names", note, tuple(rows))


def tabulate_faithfulness(measured: Faithfulness, shuffled: Estimate, part: str) -> Section:
    """Return what deleting the words that evidence names does, beside deleting as many others.

    Args:
        measured: from `measure_faithfulness`.
        shuffled: rank correlation with the evidence of the shuffled model, from `correlate_shuffled`.
        part: name of the part of the test split.
    """
    rows: list[Mapping[str, Cell]] = [
        {
            "words": effect.way,
            "framing": effect.framing,
            "decisions": effect.decisions,
            "logit_fall": effect.logit.marked,
            "logit_fall_random": effect.logit.random,
            "flips": effect.flips.marked,
            "flips_random": effect.flips.random,
            "logit_difference": effect.logit.difference,
            "probability_fall": effect.probability.marked,
            "probability_fall_random": effect.probability.random,
            "probability_difference": effect.probability.difference,
            "flips_difference": effect.flips.difference,
        }
        for effect in measured.effects
    ]
    note = (
        f'On the part "{part}": the decisions "present" on {measured.passages:,} passages of {measured.documents:,}'
        " documents. What the calibrated logit and the probability fall by, and the share of decisions that turn to"
        ' "absent" (flips), when words go: those that weigh most, and as many drawn at random from the same passage'
        f" ({measured.draws} draws each); a sentence beside another one of the passage, or as many words. Difference:"
        " paired. All but: the others are deleted, and a smaller fall is better; one below 0 means that these words"
        f" alone score higher than the passage. Marks cover {measured.marked_share:.1%} of the words on average. Rank"
        " correlation of the weights of words with those of the same model with its weights shuffled:"
        f" {render_cell(shuffled)}; near 0 is right."
    )
    return Section("evidence", "Evidence: deleting what is marked", note, tuple(rows))


def tabulate_challenge(result: ChallengeResult) -> Section:
    """Return how the counterfactual pairs are told apart: all, by contrast and by kind."""
    groups = {"all": result.overall, **result.by_contrast, **result.by_kind}
    rows: tuple[Mapping[str, Cell], ...] = tuple(
        {
            "pairs_of": name,
            "pairs": group.pairs,
            "pair_accuracy": group.pair_accuracy,
            "set_accuracy": group.set_accuracy,
            "both_exact": group.both_exact,
        }
        for name, group in groups.items()
    )
    note = (
        "Pairs written by hand: the same topic and actors, another framing. Pair accuracy: every framing that differs"
        " is more probable on the side that carries it. Set accuracy: the whole set of a text is right; both exact: of"
        " both texts. Nothing learns from these texts and nothing is chosen on them."
    )
    return Section("challenge", "Framing, not topic: counterfactual pairs", note, rows)


def tabulate_differences(differences: Sequence[Difference], names: tuple[str, str], part: str) -> Section:
    """Return the paired differences of two bundles, by their names."""
    # Two bundles of one name, such as an older and a newer fast-v1, still need two columns.
    first, second = names if names[0] != names[1] else (names[0], f"{names[1]} (other)")
    rows: list[Mapping[str, Cell]] = [
        {
            "figure": entry.figure,
            "framing": entry.group,
            first: entry.first,
            second: entry.second,
            "difference": entry.difference,
            "clear": "yes" if entry.is_clear else "",
        }
        for entry in differences
    ]
    note = (
        f'On the part "{part}". {first} less {second}, paired bootstrap over documents: each resample draws the same'
        " documents for both. Clear: the interval leaves out 0. For `ece` and `brier` less is better."
    )
    return Section("comparison", f"{first} against {second}", note, tuple(rows))


def _tabulate_part(
    part: str, evaluation: Evaluation, brier: Mapping[str, Estimate], second_coder: Mapping[str, Estimate]
) -> Section:
    rows: list[Mapping[str, Cell]] = []
    for figure in PER_FRAMING:
        by_framing = {framing: figures[figure] for framing, figures in evaluation.framings.items()}
        rows.append({"figure": figure, **by_framing, "mean": evaluation.overall[f"macro_{figure}"]})
        if figure == "f1" and second_coder:
            ceiling = {framing: second_coder[framing] for framing in by_framing}
            rows.append({"figure": f"f1 of the {_CEILING}", **ceiling, "mean": second_coder["macro"]})
        if figure == "ece":
            rows.append({"figure": "brier", **{f: brier[f] for f in by_framing}, "mean": brier["macro"]})
    blank = dict.fromkeys(evaluation.framings, "")
    rows.append({"figure": "exact_set", **blank, "mean": evaluation.overall["exact_set_accuracy"]})
    if second_coder:
        rows.append({"figure": f"exact_set of the {_CEILING}", **blank, "mean": second_coder["exact_set"]})
    note = (
        f"{evaluation.passages:,} passages of {evaluation.documents:,} documents. In brackets 95 % intervals:"
        f" percentile bootstrap over documents. `ece`: expected calibration error, {BINS} bins of equal mass. Outside"
        ' the band: the share of sure decisions, "present" or "absent", that are right; `coverage` is the share of'
        " sure ones."
    )
    return Section(f"test-{part}", f"Test split: {part}", note, tuple(rows))


def _tabulate_law(curve: LearningCurve, law: PowerLaw, second_coder: Mapping[str, Estimate]) -> Section:
    rows: list[Mapping[str, Cell]] = [
        {"quantity": "limit", "value": law.limit_interval},
        {"quantity": "scale", "value": law.scale},
        {"quantity": "exponent", "value": law.exponent},
        {"quantity": f"labels for {GAIN} more of macro-F1", "value": law.labels_for_gain},
        {"quantity": "share of resamples in which that is out of reach", "value": law.out_of_reach},
    ]
    rows.append({"quantity": "macro-F1 at the last size, foretold without the last two", "value": law.foretold})
    rows.append({"quantity": "macro-F1 at the last size, measured", "value": curve.points[-1].mean})
    if second_coder:
        rows.append({"quantity": "second coder", "value": second_coder["macro"]})
    note = (
        "`macro_f1 = limit - scale * labels ^ -exponent`, least squares on the means of the sizes; intervals from"
        " resamples of the test documents and of the runs. It holds the recipe still and takes further labels to be"
        " like those at hand; the limit is the law's, and a law fitted below its limit knows it badly."
    )
    return Section("power-law", "What more labels would bring", note, tuple(rows))


def _or_too_few(estimate: Estimate | None) -> Cell:
    return TOO_FEW if estimate is None else estimate
