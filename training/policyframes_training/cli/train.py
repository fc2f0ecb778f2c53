"""`policyframes train`: trains a model from coded passages. Parses options and prints; all else is in the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from policyframes.errors import MissingExtraError
from policyframes_training.cli import train_options as options
from policyframes_training.cli.labels import find_labels
from policyframes_training.encoder.settings import DEFAULT_BASE

if TYPE_CHECKING:
    from policyframes_training.encoder.settings import EncoderSettings
    from policyframes_training.tiers.lesson import Teaching
    from policyframes_training.tiers.recording import Trained

app = typer.Typer(help="Train a model from coded passages.", no_args_is_help=True)

_LIBRARIES = ("torch", "transformers", "accelerate", "tokenizers", "onnx", "onnxruntime")
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
    labels: options.Labels = None,
    taxonomy: options.Taxonomy = None,
    documents: options.Documents = None,
    teacher: options.Teacher = None,
    taught: options.Taught = None,
    swapped_share: options.Swapped = 1.0,
    output: options.Output = None,
    name: options.Name = "fast-v1",
    seed: options.Seed = 0,
    experiment: options.Experiment = "policyframes",
    store: options.Store = None,
    work: options.Work = None,
    *,
    overwrite: options.Overwrite = False,
) -> None:
    """Train the fast tier: n-grams and a linear layer, in about half a minute on two cores; minutes with a teacher."""
    # Imported here: scikit-learn, datasets and mlflow take seconds, and --help must not.
    from policyframes_training.tiers.fast import FastPlan, train_fast  # noqa: PLC0415

    plan = FastPlan(
        labels=find_labels(labels),
        taxonomy=taxonomy,
        documents=documents,
        teacher=_make_teaching(teacher, swapped_share, taught),
        output=output or Path("models") / name,
        name=name,
        seed=seed,
        experiment=experiment,
        store=store,
        work=work,
        overwrite=overwrite,
    )
    _print_result(train_fast(plan, _open_report()))


@app.command("voice")
def train_voice_model(  # noqa: PLR0913, PLR0917  (each parameter is an option of the command)
    labels: options.Labels = None,
    taxonomy: options.Taxonomy = None,
    documents: options.Documents = None,
    output: options.Output = None,
    name: options.Name = "voice-v1",
    seed: options.Seed = 0,
    experiment: options.Experiment = "policyframes",
    store: options.Store = None,
    *,
    overwrite: options.Overwrite = False,
) -> None:
    """Train the model of voice: whether a framing is the author's own or reported. Half a minute on two cores."""
    from policyframes_training.tiers.recording import Plan  # noqa: PLC0415  (see above)
    from policyframes_training.tiers.voice import train_voice  # noqa: PLC0415  (likewise)

    plan = Plan(
        labels=find_labels(labels),
        taxonomy=taxonomy,
        documents=documents,
        output=output or Path("models") / name,
        name=name,
        seed=seed,
        experiment=experiment,
        store=store,
        overwrite=overwrite,
    )
    _print_result(train_voice(plan, _open_report()))


@app.command("encoder")
def train_encoder_tier(  # noqa: PLR0913, PLR0917  (each parameter is an option of the command)
    labels: options.Labels = None,
    taxonomy: options.Taxonomy = None,
    documents: options.Documents = None,
    base: options.Base = DEFAULT_BASE,
    device: options.Device = "auto",
    epochs: options.Epochs = None,
    values: options.Values = None,
    folds: options.Folds = 3,
    teacher: options.Teacher = None,
    taught: options.Taught = None,
    swapped_share: options.Swapped = 1.0,
    output: options.Output = None,
    name: options.Name = "encoder-v1",
    seed: options.Seed = 0,
    experiment: options.Experiment = "policyframes",
    store: options.Store = None,
    work: options.Work = None,
    finished: options.Finished = None,
    *,
    lesson: options.Lesson = True,
    restart: options.Restart = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Train the encoder tier: a fine-tuned transformer. The same command again goes on where it was cut off."""
    _check_libraries()
    from policyframes_training.encoder.settings import check_device  # noqa: PLC0415  (see above)
    from policyframes_training.tiers.encoder import EncoderPlan, train_encoder  # noqa: PLC0415

    plan = EncoderPlan(
        labels=find_labels(labels),
        taxonomy=taxonomy,
        documents=documents,
        output=output or Path("models") / name,
        name=name,
        seed=seed,
        experiment=experiment,
        store=store,
        work=work,
        overwrite=overwrite,
        settings=_make_settings(base, epochs, values),
        folds=folds,
        device=check_device(device),
        restart=restart,
        teacher=_make_teaching(teacher, swapped_share, taught),
        lesson=lesson,
        finished=finished,
    )
    _print_result(train_encoder(plan, _open_report()))


@app.command("teacher")
def train_larger_encoder(  # noqa: PLR0913, PLR0917  (each parameter is an option of the command)
    documents: options.Documents,
    base: options.Base,
    labels: options.Labels = None,
    taxonomy: options.Taxonomy = None,
    device: options.Device = "auto",
    epochs: options.Epochs = None,
    values: options.Values = None,
    folds: options.Folds = 3,
    name: options.Name = "teacher-v1",
    seed: options.Seed = 0,
    experiment: options.Experiment = "policyframes",
    store: options.Store = None,
    work: options.Work = None,
    *,
    restart: options.Restart = False,
) -> None:
    """Train an encoder too large to ship, fold by fold, and leave the lesson that --teacher of other tiers takes."""
    _check_libraries()
    from policyframes_training.encoder.settings import check_device  # noqa: PLC0415  (see above)
    from policyframes_training.tiers.encoder import EncoderPlan  # noqa: PLC0415
    from policyframes_training.tiers.teacher import train_teacher  # noqa: PLC0415

    plan = EncoderPlan(
        labels=find_labels(labels),
        taxonomy=taxonomy,
        documents=documents,
        output=Path(name),
        name=name,
        seed=seed,
        experiment=experiment,
        store=store,
        work=work,
        settings=_make_settings(base, epochs, values),
        folds=folds,
        device=check_device(device),
        restart=restart,
    )
    made = train_teacher(plan, _open_report())
    console = Console(highlight=False)
    for figure, value in made.metrics.items():
        console.print(f"average precision, {figure}: {value:.4f}", markup=False)
    console.print(f"lesson  {made.lesson}", markup=False, soft_wrap=True)
    console.print(f"run     {made.run_id}  in {made.store.uri}", markup=False, soft_wrap=True)


@app.command("cascade")
def train_whole_cascade(  # noqa: PLR0913, PLR0917  (each parameter is an option of the command)
    labels: options.Labels = None,
    taxonomy: options.Taxonomy = None,
    documents: options.Documents = None,
    base: options.Base = DEFAULT_BASE,
    device: options.Device = "auto",
    epochs: options.Epochs = None,
    values: options.Values = None,
    folds: options.Folds = 3,
    fast: Annotated[
        str, typer.Option(help="Name of the fast part, beside the cascade; trained where missing.")
    ] = "fast-v1",
    encoder: Annotated[str, typer.Option(help="Name of the encoder part, likewise.")] = "encoder-v1",
    share: Annotated[
        float | None,
        typer.Option(
            help="Share of the passages that the encoder may read at `balanced`; by default what leaves the cascade "
            "five times as fast as the encoder.",
            min=0.0,
            max=1.0,
        ),
    ] = None,
    output: options.Output = None,
    name: options.Name = "cascade-v1",
    seed: options.Seed = 0,
    experiment: options.Experiment = "policyframes",
    store: options.Store = None,
    work: options.Work = None,
    *,
    overwrite: options.Overwrite = False,
) -> None:
    """Train the encoder, the fast tier that learns from it, and the cascade of both; parts that are there are used."""
    _check_libraries()
    from policyframes_training.encoder.settings import check_device  # noqa: PLC0415
    from policyframes_training.tiers.cascade import CascadePlan, train_cascade  # noqa: PLC0415  (see above)
    from policyframes_training.tiers.routing import ROUTED_SHARE  # noqa: PLC0415  (likewise)

    plan = CascadePlan(
        labels=find_labels(labels),
        taxonomy=taxonomy,
        documents=documents,
        output=output or Path("models") / name,
        name=name,
        seed=seed,
        experiment=experiment,
        store=store,
        work=work,
        overwrite=overwrite,
        fast=fast,
        encoder=encoder,
        share=ROUTED_SHARE if share is None else share,
        settings=_make_settings(base, epochs, values),
        folds=folds,
        device=check_device(device),
    )
    _print_result(train_cascade(plan, _open_report()))


@app.command("errors")
def add_errors(
    bundle: Annotated[Path, typer.Argument(help="Folder of the bundle; of a cascade its parts too.")],
    labels: options.Labels = None,
    taxonomy: options.Taxonomy = None,
    documents: options.Documents = None,
    work: options.Work = None,
) -> None:
    """Fit anew how a bundle errs, for the intervals of shares, and write it into the bundle; nothing else changes."""
    from policyframes_training.tiers.amending import amend_errors  # noqa: PLC0415  (see above)
    from policyframes_training.tiers.recording import Plan  # noqa: PLC0415  (likewise)

    plan = Plan(
        labels=find_labels(labels),
        taxonomy=taxonomy,
        documents=documents,
        output=bundle,
        name=bundle.resolve().name,
        seed=0,
        experiment="",
        work=work,
        overwrite=True,
    )
    for amended in amend_errors(plan):
        Console(highlight=False).print(f"{amended.name}  {amended.id}", markup=False, soft_wrap=True)


def _make_teaching(teachers: list[str] | None, swapped_share: float, most: int | None) -> Teaching | None:
    from policyframes_training.tiers.lesson import LESSON, Teaching  # noqa: PLC0415  (see above)

    if not teachers:
        return None
    lessons = [name for name in teachers if name.endswith(Path(LESSON).suffix) or Path(name).is_file()]
    bundles = [name for name in teachers if name not in lessons]
    return Teaching(tuple(map(Path, lessons)), swapped_share, most, tuple(bundles))


def _make_settings(base: str, epochs: int | None, values: list[str] | None) -> EncoderSettings:
    from policyframes_training.encoder.settings import EncoderSettings  # noqa: PLC0415  (see above)

    settings = EncoderSettings(base=base).with_values(values or ())
    return replace(settings, epochs=epochs) if epochs else settings


def _open_report() -> Callable[[str], Any]:
    progress = Console(stderr=True, highlight=False)
    return lambda line: progress.print(line, markup=False, soft_wrap=True)


def _check_libraries() -> None:
    """Check that what the encoder learns with is installed.

    Raises:
        MissingExtraError: it is not.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            where="training an encoder",
            found=f"{', '.join(missing)}: not installed",
            allowed="an installation with what learns",
            remedy="In the checkout, type: pip install '.[training]'",
        )


def _print_result(trained: Trained) -> None:
    from policyframes_training.tiers.card import render_estimate  # noqa: PLC0415  (see above)

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
