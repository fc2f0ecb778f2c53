"""What the training of every tier has in common: what is asked for, what is made, and what its run records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from policyframes.bundle import Bundle
from policyframes_training.corpus.corpus import Corpus, read_corpus
from policyframes_training.evaluation.measurement import score_passages
from policyframes_training.evaluation.plots import draw_plots
from policyframes_training.labels.coded import SIDES, Side
from policyframes_training.linear.linear import Trial
from policyframes_training.tiers.calibration import Calibration
from policyframes_training.tiers.card import CardFacts
from policyframes_training.tiers.export import Measured, flatten_metrics
from policyframes_training.tracking.provenance import hash_lock, read_commit, read_date, read_environment
from policyframes_training.tracking.tracking import DEFAULT_FOLDER, RunRecord, Store

EXAMPLE = (
    "The cartels are a growing danger, and the border must be closed to them by force.",
    "Courts and auditors need the means to hold the agency to account.",
    "Both governments will plan together and share the cost.",
)

Report = Callable[[str], None]

_CONTEXTS: dict[Side, str] = {"train": "training", "validation": "validation", "test": "testing"}
_PINNED = ("policyframes", "numpy", "safetensors", "mlflow")


@dataclass(frozen=True)
class Plan:
    """What the training of a tier is asked for.

    Attributes:
        labels: the folder of labels, or other labelled data, see `read_corpus`.
        documents: copies of the documents; None to learn from the rewrites alone.
        output: folder of the bundle.
        name: name of the bundle.
        seed: of the fits and the resampling.
        experiment: name of the experiment that records the run.
        store: folder of the embedded run store; None for what `open_store` finds.
        overwrite: whether a bundle in `output` may be replaced.
        taxonomy: file of the framings of other data than ours; None for what lies beside them.
        work: folder of checkpoints and lessons, one folder a bundle; None for `training` in the run store's folder.
    """

    labels: Path
    documents: Path | None
    output: Path
    name: str
    seed: int
    experiment: str
    store: Path | None = None
    overwrite: bool = False
    taxonomy: Path | None = None
    work: Path | None = None

    def find_work_folder(self, name: str) -> Path:
        """Return the folder of what the training of a bundle leaves for others: checkpoints and its lesson."""
        return (self.work or (self.store or DEFAULT_FOLDER) / "training") / name

    def read_corpus(self) -> Corpus:
        """Read what is learned from.

        Raises:
            LabelsError: the labels or the documents cannot be read.
            TaxonomyError: the taxonomy cannot be read.
        """
        return read_corpus(self.labels, self.documents, taxonomy=self.taxonomy, seed=self.seed)


@dataclass(frozen=True)
class Trained:
    """What the training of a tier made."""

    bundle: Bundle
    folder: Path
    store: Store
    run_id: str
    model_uri: str
    measured: Measured
    trials: tuple[Trial, ...]
    corpus: Corpus


@dataclass(frozen=True)
class RunFacts:
    """What one tier's run records beside what all of them do.

    Attributes:
        params: settings of the fit.
        metrics: figures beside those of the test split.
        files: facts by name of the JSON file.
        packages: packages beside the usual whose versions are recorded.
        requirements: packages beside the usual that scoring needs.
    """

    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    files: Mapping[str, Mapping[str, Any]]
    packages: Sequence[str] = ()
    requirements: Sequence[str] = ()


def record_bundle(
    run: RunRecord, plan: Plan, corpus: Corpus, *, bundle: Bundle, measured: Measured, facts: RunFacts
) -> str:
    """Record parameters, data, figures, plots and the bundle, which lies in `plan.output`; return the model's URI."""
    run.log_params({**facts.params, **bundle.provenance, "bundle": plan.name})
    files: dict[str, Mapping[str, Any]] = {
        "environment.json": {**read_environment(), **{name: version(name) for name in facts.packages}},
        "unresolved.json": {"left_out": [vars(unresolved) for unresolved in corpus.unresolved]},
        **facts.files,
    }
    for name, content in files.items():
        run.log_facts(content, name)
    for side, context in _CONTEXTS.items():
        run.log_dataset(corpus.splits[side], name=f"policyframes-{side}", digest=corpus.sha256, context=context)
    if corpus.further_rows is not None:
        run.log_dataset(
            corpus.further_rows, name="policyframes-further", digest=corpus.further_sha256, context="training"
        )
    run.log_metrics({**flatten_metrics(measured), **facts.metrics})
    test = corpus.passages("test")
    run.log_figures(draw_plots(score_passages(bundle, test), test, bundle.framings))
    pins = [f"{name}=={version(name)}" for name in (*_PINNED, *facts.requirements)]
    parts = [plan.output.parent / part.name for part in bundle.parts.values()]
    return run.log_bundle(plan.output, example=EXAMPLE, requirements=pins, parts=parts)


def collect_provenance(plan: Plan, corpus: Corpus, run_id: str) -> dict[str, str | int | None]:
    """Return the hashes, seed, commit, run id and date that a bundle carries."""
    return {
        "corpus_sha256": corpus.sha256,
        "split_sha256": corpus.split_sha256,
        "split_frozen": corpus.frozen,
        "taxonomy_sha256": corpus.taxonomy_sha256,
        "lock_sha256": hash_lock(),
        "code_commit": read_commit(),
        "seed": plan.seed,
        "with_originals": "yes" if corpus.with_originals else "no",
        "originals_unresolved": len(corpus.unresolved),
        **({"further_sha256": corpus.further_sha256} if corpus.further_sha256 else {}),
        "run_id": run_id,
        "created": read_date(),
    }


def collect_facts(
    bundle: Bundle,
    corpus: Corpus,
    params: Mapping[str, object],
    *,
    measured: Measured,
    calibration: Calibration,
) -> CardFacts:
    """Return what the card is written from."""
    counts: dict[str, tuple[int, int]] = {}
    for side in SIDES:
        passages = corpus.passages(side)
        originals = int(passages.is_original.sum())
        counts[side] = (len(passages) - originals, originals)
    if len(corpus.further):
        originals = int(corpus.further.is_original.sum())
        counts["for learning alone"] = (len(corpus.further) - originals, originals)
    return CardFacts(
        bundle=bundle,
        counts=counts,
        params=params,
        measured=measured,
        calibration=calibration,
        is_ours=corpus.labels_folder is not None,
    )


def describe_corpus(corpus: Corpus) -> str:
    """Return one line on the corpus, and one on each thing that was assumed in reading it."""
    sizes = ", ".join(f"{side} {len(corpus.splits[side])}" for side in SIDES)
    first = f"corpus {corpus.sha256[:12]}: {sizes} passages; {len(corpus.unresolved)} originals left out"
    further = (f"{len(corpus.further):,} passages more, for learning alone",) if len(corpus.further) else ()
    return "\n".join((first, *further, *corpus.notes))
