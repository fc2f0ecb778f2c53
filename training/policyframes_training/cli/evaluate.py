"""`policyframes evaluate`: measures a bundle. Parses options, prints and writes results; all else is in the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from policyframes_training.cli import train_options as options
from policyframes_training.cli.labels import JsonOption, LabelsOption, find_labels

if TYPE_CHECKING:
    from policyframes_training.evaluation.examination import Findings
    from policyframes_training.evaluation.sections import Cell, Section

app = typer.Typer(help="Measure a bundle on the frozen test split.", add_completion=False)

# What a terminal has no room for stays in the files.
_UNPRINTED = ("risk-coverage", "intervals")
_LEFT_OUT = ("documents", "training_passages", "exact_set")
_MOST_COLUMNS = 7


@app.command("evaluate")
def evaluate(  # noqa: PLR0913, PLR0917  (each parameter is an option of the command)
    bundle: Annotated[str, typer.Argument(help="Name of a bundle that ships, or the folder of any.")],
    labels: LabelsOption = None,
    taxonomy: options.Taxonomy = None,
    documents: Annotated[
        Path | None, typer.Option(help="Copies of the documents as <id>.txt: the originals are measured too.")
    ] = None,
    quality: Annotated[str | None, typer.Option(help="Of a cascade: fast, balanced or best.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write tables and plots to this folder.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="BUNDLE", help="Compare with this bundle, paired over documents.")
    ] = None,
    sibling: Annotated[
        list[str] | None,
        typer.Option(metavar="BUNDLE", help="Trained alike with another seed, for the spread; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of resampling, draws and fits.", min=0)] = 0,
    resamples: Annotated[int, typer.Option(help="Resamples of the documents, for the intervals.", min=100)] = 1_000,
    refits: Annotated[int, typer.Option(help="Fit so often on resampled training documents.", min=0, max=100)] = 0,
    *,
    names: Annotated[
        bool, typer.Option("--names", help="Mask and swap actors and years, and count what flips.")
    ] = False,
    transfer: Annotated[
        bool, typer.Option("--transfer", help="Fit without an administration, on strategies only; test on the rest.")
    ] = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Delete the words that are marked as evidence, and as many others.")
    ] = False,
    intervals: Annotated[
        bool, typer.Option("--intervals", help="Draw passages, and see whether the intervals of shares hold.")
    ] = False,
    learning_curve: Annotated[
        bool, typer.Option("--learning-curve", help="Fit on growing shares of the training documents.")
    ] = False,
    orders: Annotated[
        int, typer.Option(help="Orders of the training documents, at each share of the learning curve.", min=1)
    ] = 5,
    parts: Annotated[
        int,
        typer.Option(help="Parts of the tested documents that a transfer's baseline holds out; 0 for none.", min=0),
    ] = 5,
    shift: Annotated[
        str, typer.Option(metavar="TEXT", help="Only the transfers whose name holds this, such as news.")
    ] = "",
    base: Annotated[
        str | None,
        typer.Option(
            help="Pretrained weights of an encoder's fits; what its card names unless given.", metavar="ID|DIR"
        ),
    ] = None,
    device: options.Device = "auto",
    values: options.Values = None,
    work: Annotated[
        Path | None,
        typer.Option(help="Folder of an encoder's fits; .policyframes/training unless given.", metavar="DIR"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a bundle on the frozen test split, with intervals, slices and the second coder's ceiling."""
    # Imported here: scikit-learn, datasets and matplotlib take seconds, and --help must not.
    from policyframes.scorer import load  # noqa: PLC0415
    from policyframes_training.corpus.corpus import read_corpus  # noqa: PLC0415
    from policyframes_training.encoder.settings import Workplace, check_device  # noqa: PLC0415
    from policyframes_training.evaluation import examination  # noqa: PLC0415
    from policyframes_training.evaluation.refits import Bench  # noqa: PLC0415
    from policyframes_training.tracking.tracking import DEFAULT_FOLDER  # noqa: PLC0415

    progress = Console(stderr=True, highlight=False)

    def report(line: str) -> None:
        progress.print(line, markup=False, soft_wrap=True)

    scorer = load(bundle, quality)
    extras = examination.Extras(
        against=load(against).bundle if against else None,
        siblings=tuple(load(name).bundle for name in sibling or ()),
        refits=refits,
        transfer=transfer,
        curve=learning_curve,
        names=names,
        evidence=evidence,
        intervals=intervals,
        bench=Bench(
            Workplace(
                (work or DEFAULT_FOLDER / "training") / f"refits-{scorer.bundle.name}", check_device(device), report
            ),
            base=base,
            values=tuple(values or ()),
            orders=orders,
            parts=parts,
            shift=shift,
        ),
    )
    folder = find_labels(labels)
    # Data that bring no split have the one that the bundle's training drew: its train must not be tested on.
    drawn = int(scorer.bundle.provenance.get("seed") or 0)
    corpus = read_corpus(folder, documents, taxonomy=taxonomy, seed=drawn)
    for note in (*corpus.notes, *examination.list_doubts(scorer.bundle, corpus)):
        report(note)
    subject = examination.Subject(
        bundle=scorer.bundle,
        quality=scorer.quality,
        corpus=corpus,
        folder=folder,
        seed=seed,
        resamples=resamples,
    )
    findings = examination.examine_further(examination.examine(subject), subject, extras, report)
    _give(findings, output, as_json=as_json)


def _give(findings: Findings, output: Path | None, *, as_json: bool) -> None:
    from policyframes_training.evaluation.files import render_json, write_findings  # noqa: PLC0415  (see above)

    if output is not None:
        names = write_findings(findings, output)
        typer.echo(f"{len(names)} files in {output}", err=True)
    if as_json:
        typer.echo(render_json(findings))
        return
    console = Console(highlight=False)
    for section in findings.sections:
        if section.name not in _UNPRINTED:
            console.print(_lay_out(section))


def _lay_out(section: Section) -> Table:
    rows = [row for row in section.rows if section.name != "slices" or row["below_all"]]
    title = f"{section.title} that lie below the whole" if section.name == "slices" else section.title
    table = Table(title=title, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0))
    names = [name for name in rows[0] if name not in _LEFT_OUT][:_MOST_COLUMNS] if rows else []
    for name in names:
        table.add_column(name.replace("_", " "))
    for row in rows:
        table.add_row(*(_show(row[name]) for name in names))
    return table


def _show(cell: Cell) -> str:
    from policyframes_training.evaluation.sections import render_cell  # noqa: PLC0415  (see above)

    value, bracket, interval = render_cell(cell).partition(" [")
    return f"{value}\n{interval.rstrip(']').replace(', ', '-')}" if bracket else value
