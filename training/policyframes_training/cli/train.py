"""`policyframes train`: trains a model from labels/. Parses options, prints results; all else is in the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from policyframes_training.cli.labels import LabelsOption, find_labels

if TYPE_CHECKING:
    from policyframes_training.fast import Trained

app = typer.Typer(help="Train a model from coded passages.", no_args_is_help=True)

_SHOWN = (
    ("f1", "F1"),
    ("average_precision", "average precision"),
    ("ece", "calibration error"),
    ("precision_outside_band", "present right outside band"),
    ("absence_precision_outside_band", "absent right outside band"),
    ("coverage", "share outside band"),
)


@app.callback()
def choose_tier() -> None:
    """Train a model from coded passages."""


@app.command("fast")
def train_fast_tier(  # noqa: PLR0913, PLR0917  (each parameter is an option of the command)
    labels: LabelsOption = None,
    documents: Annotated[
        Path | None, typer.Option(help="Copies of the documents as <id>.txt: the originals train too.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Bundle's folder; models/NAME unless given.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the bundle, ending in -v and a number.")] = "fast-v1",
    seed: Annotated[int, typer.Option(help="Seed of fits and resampling.", min=0)] = 0,
    experiment: Annotated[str, typer.Option(help="Experiment that records the run.")] = "policyframes",
    store: Annotated[
        Path | None,
        typer.Option(help="Folder of the embedded run store; MLFLOW_TRACKING_URI, else .policyframes, unless given."),
    ] = None,
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the bundle in that folder.")] = False,
) -> None:
    """Train the fast tier: n-grams and a linear layer, in about half a minute on two cores."""
    # Imported here: scikit-learn, datasets and mlflow take seconds, and --help must not.
    from policyframes_training.fast import Plan, train_fast  # noqa: PLC0415

    progress = Console(stderr=True, highlight=False)
    plan = Plan(
        labels=find_labels(labels),
        documents=documents,
        output=output or Path("models") / name,
        name=name,
        seed=seed,
        experiment=experiment,
        store=store,
        overwrite=overwrite,
    )
    trained = train_fast(plan, lambda line: progress.print(line, markup=False, soft_wrap=True))
    _print_result(trained)


def _print_result(trained: Trained) -> None:
    from policyframes_training.card import render_estimate  # noqa: PLC0415  (see above)

    console = Console(highlight=False)
    for part, evaluation in trained.measured.test.items():
        table = Table(
            show_lines=True, title=f"test, {part}: {evaluation.passages} passages, {evaluation.documents} documents"
        )
        table.add_column("95 % intervals")
        for heading in (*evaluation.framings, "mean"):
            table.add_column(heading, no_wrap=True)
        for figure, label in _SHOWN:
            cells = [figures[figure] for figures in evaluation.framings.values()]
            cells.append(evaluation.overall[f"macro_{figure}"])
            table.add_row(label, *(f"{cell.value:.3f}\n{cell.low:.3f}-{cell.high:.3f}" for cell in cells))
        console.print(table)
        exact = render_estimate(evaluation.overall["exact_set_accuracy"])
        console.print(f"exact set of framings: {exact}", markup=False)
    ceiling = ", ".join(f"{name} {estimate.value:.3f}" for name, estimate in trained.measured.second_coder.items())
    for line in (
        f"a second coder, the ceiling: {ceiling or 'no second coding'}",
        f"bundle  {trained.folder}  {trained.bundle.id}",
        f"run     {trained.run_id}  in {trained.store.uri}",
        f"model   {trained.model_uri}",
    ):
        console.print(line, markup=False, soft_wrap=True)
