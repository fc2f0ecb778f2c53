"""Everything that is measured of one bundle, as sections and plots.

Puts the measures together and computes none; what it finds is written by evaluation_files.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from matplotlib.figure import Figure

from policyframes.backends import Quality
from policyframes.backends.runtimes import REFERENCE_RUNTIME
from policyframes.bundle import Bundle
from policyframes.errors import UsageError
from policyframes.profiles.errors import find_errors
from policyframes.scorer import Scorer
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation import interval_tables, tables
from policyframes_training.evaluation.change_rates import measure_changes
from policyframes_training.evaluation.coded_coverage import measure_coded
from policyframes_training.evaluation.comparison import compare
from policyframes_training.evaluation.coverage import measure_coverage
from policyframes_training.evaluation.faithfulness import choose_effort, measure_faithfulness
from policyframes_training.evaluation.figures import evaluate_decisions
from policyframes_training.evaluation.interval_coverage import DRAWS, measure_intervals
from policyframes_training.evaluation.learning_curve import measure_curve
from policyframes_training.evaluation.measurement import (
    find_labels_data,
    find_parts,
    measure_brier,
    score_decisions,
)
from policyframes_training.evaluation.perturbation import measure_sensitivity
from policyframes_training.evaluation.plots import (
    plot_learning_curve,
    plot_reliability,
    plot_risk_coverage,
    plot_slices,
)
from policyframes_training.evaluation.randomisation import correlate_shuffled
from policyframes_training.evaluation.refits import Bench, recover_refit
from policyframes_training.evaluation.resampling import Decisions, Flags
from policyframes_training.evaluation.sections import Section
from policyframes_training.evaluation.slices import describe_passages, measure_slices
from policyframes_training.evaluation.spread import measure_spread, rerun
from policyframes_training.evaluation.transfer import choose_shifts, lay_ground, list_shifts, measure_transfer
from policyframes_training.labels.challenge import load_challenge, measure_challenge
from policyframes_training.labels.coded import Labels

Report = Callable[[str], None]


CHALLENGE = "challenge.jsonl"


@dataclass(frozen=True)
class Subject:
    """A bundle with what it is measured on.

    Attributes:
        bundle: what is measured.
        quality: of a cascade; None for other bundles.
        corpus: from `read_corpus`.
        folder: the folder of labels, or other coded data.
        seed: of resampling, fits and draws.
        resamples: number of resamples.
    """

    bundle: Bundle
    quality: Quality | None
    corpus: Corpus
    folder: Path
    seed: int
    resamples: int

    @cached_property
    def labels(self) -> Labels | None:
        """Return the labels; None for other coded data."""
        return find_labels_data(self.folder)

    @cached_property
    def second_coder(self) -> Mapping[str, Estimate]:
        """Return what a second coder reaches; empty where there is none."""
        return self.corpus.second_coder

    @cached_property
    def test(self) -> PassageSet:
        """Return the passages of the frozen test split."""
        return self.corpus.passages("test")

    @cached_property
    def decisions(self) -> Decisions:
        """Return what the bundle decides about them."""
        return score_decisions(self.bundle, self.test, quality=self.quality)

    @cached_property
    def parts(self) -> dict[str, Flags]:
        """Return the masks of the parts of test."""
        return find_parts(self.test, is_ours=self.corpus.labels_folder is not None)

    @property
    def part(self) -> str:
        """Return the name of the part that holds all of test."""
        return list(self.parts)[-1]


@dataclass(frozen=True)
class Findings:
    """What an evaluation says.

    Attributes:
        facts: what was measured on what, by name.
        sections: in the order of reading.
        plots: by file name.
    """

    facts: Mapping[str, str | int | None]
    sections: tuple[Section, ...] = ()
    plots: Mapping[str, Figure] | None = None

    def extend(self, sections: Sequence[Section], plots: Mapping[str, Figure] | None = None) -> Findings:
        """Return the findings with more sections and plots behind."""
        return replace(self, sections=(*self.sections, *sections), plots={**(self.plots or {}), **(plots or {})})


@dataclass(frozen=True)
class Extras:
    """What is measured beyond the test split, as asked for.

    Attributes:
        against: another bundle to compare with.
        siblings: bundles trained alike with other seeds.
        refits: number of fits on resampled training documents.
        transfer: whether to fit without the documents that are tested.
        curve: whether to fit on growing shares of the training documents.
        names: whether to mask and swap the names in the passages.
        evidence: whether to delete the words that are marked as evidence.
        intervals: whether to draw passages, and see whether the intervals of shares hold.
        bench: how fits anew are made.
    """

    against: Bundle | None = None
    siblings: tuple[Bundle, ...] = ()
    refits: int = 0
    transfer: bool = False
    curve: bool = False
    names: bool = False
    evidence: bool = False
    intervals: bool = False
    bench: Bench = field(default_factory=Bench)


def examine_further(findings: Findings, subject: Subject, extras: Extras, report: Report) -> Findings:
    """Return the findings with what the extras ask for.

    Raises:
        UsageError: a bundle has other framings, or fits anew are asked for and cannot be made from this bundle.
        TrainingError: the passages of a fit do not suffice.
    """
    findings = findings.extend(examine_challenge(subject))
    if extras.against:
        findings = findings.extend(examine_against(subject, extras.against))
    if extras.names:
        findings = findings.extend(examine_names(subject))
    if extras.evidence:
        findings = findings.extend(examine_evidence(subject))
    if extras.intervals:
        findings = findings.extend(examine_intervals(subject))
    if extras.siblings:
        findings = findings.extend(examine_siblings(subject, extras.siblings))
    if extras.refits:
        findings = findings.extend(examine_refits(subject, extras.refits, extras.bench))
    if extras.transfer:
        findings = findings.extend(examine_transfer(subject, extras.bench, report))
    if extras.curve:
        findings = findings.extend(*examine_curve(subject, extras.bench, report))
    return findings


def list_doubts(bundle: Bundle, corpus: Corpus) -> tuple[str, ...]:
    """Return what speaks against a bundle's figures on a corpus: that it may have learned from what tests it."""
    if bundle.provenance.get("split_sha256") == corpus.split_sha256:
        return ()
    return (
        f"{bundle.name} was trained on other data or another split: where it has seen test passages, it looks too good",
    )


def examine(subject: Subject) -> Findings:
    """Measure the bundle on the test split: its parts, precision at coverage, slices."""
    parts = subject.parts
    seed, resamples = subject.seed, subject.resamples
    pairs = {part: (subject.decisions.select(mask), subject.test.select(mask)) for part, mask in parts.items()}
    evaluations = {part: evaluate_decisions(*pair, seed=seed, resamples=resamples) for part, pair in pairs.items()}
    brier = {part: measure_brier(*pair, seed=seed, resamples=resamples) for part, pair in pairs.items()}
    curves = {part: measure_coverage(*pair, seed=seed, resamples=resamples) for part, pair in pairs.items()}
    catalogue = subject.labels.catalogue if subject.labels else {}
    dimensions = describe_passages(subject.corpus, catalogue)
    slices = measure_slices(subject.decisions, subject.test, dimensions, seed=seed, resamples=resamples)
    overall = evaluations[subject.part]
    return Findings(_list_facts(subject)).extend(
        [
            *tables.tabulate_parts(evaluations, brier, subject.second_coder),
            tables.tabulate_coverage(curves),
            tables.tabulate_slices(slices, subject.part),
        ],
        {
            "reliability.png": plot_reliability(subject.decisions.probabilities, subject.test, subject.bundle.framings),
            "risk-coverage.png": plot_risk_coverage(curves[subject.part], overall),
            "slices.png": plot_slices(slices, overall),
        },
    )


def examine_challenge(subject: Subject) -> list[Section]:
    """Score the counterfactual pairs of the labels; nothing where there are none.

    Raises:
        LabelsError: the file of pairs does not follow its schema.
    """
    path = subject.folder / CHALLENGE
    if not path.is_file():
        return []
    pairs = load_challenge(path, subject.bundle.framing_ids)
    scorer = Scorer(subject.bundle, subject.quality, runtime=REFERENCE_RUNTIME)
    return [tables.tabulate_challenge(measure_challenge(scorer, pairs, seed=subject.seed, resamples=subject.resamples))]


def examine_names(subject: Subject) -> list[Section]:
    """Mask and swap the names in the passages, and see what becomes of the decisions."""
    scorer = Scorer(subject.bundle, subject.quality, runtime=REFERENCE_RUNTIME)
    measured = measure_sensitivity(scorer, subject.test, seed=subject.seed, resamples=subject.resamples)
    return [tables.tabulate_sensitivity(measured, subject.part)]


def examine_evidence(subject: Subject) -> list[Section]:
    """Delete what evidence names, and see what becomes of the decisions beside deleting as much at random."""
    scorer = Scorer(subject.bundle, subject.quality)
    effort = choose_effort(scorer)
    seed, resamples = subject.seed, subject.resamples
    measured = measure_faithfulness(
        scorer, subject.test, seed=seed, resamples=resamples, draws=effort.draws, limit=effort.passages
    )
    correlation = correlate_shuffled(scorer, subject.test, seed=seed, resamples=resamples, limit=effort.shuffled)
    return [tables.tabulate_faithfulness(measured, correlation, subject.part)]


def examine_intervals(subject: Subject, draws: int = DRAWS) -> list[Section]:
    """Draw passages from test, and see whether intervals of shares, tests of change and coded samples keep their word.

    Raises:
        UsageError: the bundle does not state its errors.
    """
    errors = find_errors(subject.bundle, subject.quality)
    if errors is None:
        raise UsageError(
            where="--intervals",
            found=f"{subject.bundle.name} does not state how it errs, so that its shares are counted",
            allowed="a bundle whose manifest has `errors`",
            remedy="Train it again with this version, or add them with `policyframes train errors`.",
        )
    measured = {
        part: measure_intervals(
            subject.decisions.select(mask), subject.test.select(mask), errors, seed=subject.seed, draws=draws
        )
        for part, mask in subject.parts.items()
    }
    whole = subject.decisions, subject.test, errors
    return [
        interval_tables.summarise_intervals(measured, draws),
        interval_tables.tabulate_intervals(measured),
        interval_tables.tabulate_changes(measure_changes(*whole, seed=subject.seed, draws=draws), subject.part),
        interval_tables.tabulate_coded(measure_coded(*whole, seed=subject.seed, draws=draws), subject.part),
    ]


def examine_transfer(subject: Subject, bench: Bench, report: Report) -> list[Section]:
    """Fit anew without some documents and measure on these.

    Raises:
        UsageError: there is no catalogue of the documents, the bundle's recipe is not known, or no transfer is of
            that name.
        TrainingError: what is left does not suffice for a fit.
    """
    if subject.labels is None:
        raise UsageError(
            where="--transfer",
            found=f"no catalogue of the documents in {subject.folder}",
            allowed="a folder of labels with documents.csv",
            remedy="Leave the option out for these data.",
        )
    refit = recover_refit(subject.bundle, seed=subject.seed, bench=bench)
    splits = subject.labels.splits
    ground = lay_ground(subject.corpus, splits.groups if splits else (), seed=subject.seed)
    transfers = []
    for shift in choose_shifts(list_shifts(ground, subject.labels.catalogue), bench.shift):
        found = measure_transfer(
            ground, shift, refit, seed=subject.seed, resamples=subject.resamples, parts=bench.parts
        )
        macro = f"{found.macro_f1.value:.3f}" if found.macro_f1 else "too few to say"
        report(f"{found.name}: learnt from {found.learnt} passages, tested on {found.passages}, macro-F1 {macro}")
        transfers.append(found)
    return [tables.tabulate_transfer(transfers)]


def examine_curve(subject: Subject, bench: Bench, report: Report) -> tuple[list[Section], dict[str, Figure]]:
    """Fit anew on growing shares of the training documents.

    Raises:
        UsageError: the bundle's recipe is not known.
    """
    refit = recover_refit(subject.bundle, seed=subject.seed, bench=bench)
    curve = measure_curve(
        subject.corpus, refit, seed=subject.seed, resamples=subject.resamples, runs=bench.orders, report=report
    )
    plots = {"learning-curve.png": plot_learning_curve(curve, subject.second_coder)} if curve.points else {}
    return tables.tabulate_curve(curve, subject.second_coder), plots


def examine_refits(subject: Subject, runs: int, bench: Bench) -> list[Section]:
    """Fit anew on resampled training documents, so many times.

    Raises:
        UsageError: the bundle's recipe is not known.
        TrainingError: a draw does not suffice for a fit.
    """
    refit = recover_refit(subject.bundle, seed=subject.seed, bench=bench)
    made = rerun(subject.corpus, refit, runs=runs, seed=subject.seed)
    note = (
        f'On the part "{subject.part}". Fits anew by the bundle\'s recipe, each on as many training documents, drawn'
        " with replacement: a linear fit is the same under every seed. Each run knows about 63 % of the documents, so"
        " that the mean lies below the bundle."
    )
    return [tables.tabulate_spread(measure_spread(made, subject.test), note)]


def examine_siblings(subject: Subject, siblings: Sequence[Bundle]) -> list[Section]:
    """Measure bundles that were trained alike but for their seed, the subject's among them.

    Raises:
        UsageError: one of them has other framings.
    """
    runs = [_decide(sibling, subject) for sibling in siblings]
    names = ", ".join(f"{sibling.name} (seed {sibling.provenance.get('seed')})" for sibling in siblings)
    note = (
        f'On the part "{subject.part}". {subject.bundle.name} (seed {subject.bundle.provenance.get("seed")}) and the'
        f" bundles {names}."
    )
    section = tables.tabulate_spread(measure_spread([subject.decisions, *runs], subject.test), note)
    return [replace(section, name="spread-of-bundles", title="Spread over bundles")]


def examine_against(subject: Subject, other: Bundle) -> list[Section]:
    """Compare with another bundle on the same passages.

    Raises:
        UsageError: it has other framings.
    """
    decisions = _decide(other, subject)
    differences = compare(subject.decisions, decisions, subject.test, seed=subject.seed, resamples=subject.resamples)
    return [tables.tabulate_differences(differences, (subject.bundle.name, other.name), subject.part)]


def _decide(other: Bundle, subject: Subject) -> Decisions:
    # Only a cascade has a quality to choose.
    quality = subject.quality if other.kind == "cascade" else None
    return score_decisions(other, subject.test, quality=quality)


def _list_facts(subject: Subject) -> dict[str, str | int | None]:
    return {
        "bundle": subject.bundle.name,
        "bundle_id": subject.bundle.id,
        "kind": subject.bundle.kind,
        "quality": subject.quality,
        "corpus_sha256": subject.corpus.sha256,
        "split_sha256": subject.corpus.split_sha256,
        "split_frozen": subject.corpus.frozen,
        "originals": int(subject.test.is_original.sum()),
        "seed": subject.seed,
        "resamples": subject.resamples,
    }
