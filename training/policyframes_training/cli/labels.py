"""`policyframes labels`: check, split, anchor, agreement, aspects.

Prints results to standard output and counts to standard error. What is checked and measured is decided elsewhere.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from policyframes.errors import UsageError
from policyframes.resources import taxonomy_path

if TYPE_CHECKING:
    from policyframes_training.estimates import Estimate
    from policyframes_training.labels.agreement import Agreement
    from policyframes_training.labels.aspects import AspectMeasure
    from policyframes_training.labels.coded import Splits

app = typer.Typer(help="Check, split and measure the coded passages.", no_args_is_help=True, add_completion=False)

LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="Folder of labels; without it, ./labels or that of the checkout.", metavar="DIR"),
]
DocumentsOption = Annotated[
    Path | None, typer.Option("--documents", help="Folder with the documents as <id>.txt.", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]


@app.command()
def check(labels: LabelsOption = None, documents: DocumentsOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002 # typer reads flags so
    """List every defect of the labels, with file and line. Exit code 1 when there are any."""
    from policyframes_training.labels.audit import check_labels, count_absent  # noqa: PLC0415 # numpy costs time

    folder = find_labels(labels)
    defects = check_labels(folder, documents)
    if as_json:
        typer.echo(json.dumps([asdict(defect) for defect in defects], indent=1))
    else:
        for defect in defects:
            typer.echo(str(defect).encode("utf-8", "backslashreplace").decode("utf-8"))
    kinds = Counter(defect.kind for defect in defects)
    listed = "".join(f", {kind} {count}" for kind, count in sorted(kinds.items()))
    typer.echo(f"{_count(len(defects), 'defect')} in {folder}{listed}", err=True)
    if documents is not None and (absent := count_absent(folder, documents)):
        looked = "was not looked at: its document is" if absent == 1 else "were not looked at: their documents are"
        typer.echo(f"{_count(absent, 'span')} {looked} not in {documents}", err=True)
    if defects:
        raise typer.Exit(1)


@app.command()
def split(
    labels: LabelsOption = None,
    documents: DocumentsOption = None,
    refreeze: Annotated[bool, typer.Option("--refreeze", help="Replace a frozen splits.json.")] = False,  # noqa: FBT002 # typer reads flags so
) -> None:
    """Make splits.json: documents in train, validation and test, near-duplicates and texts of one event together."""
    from policyframes_training.labels import coded as data  # noqa: PLC0415 # numpy costs time
    from policyframes_training.labels.splits import build_splits, refuse_overwrite, write_splits  # noqa: PLC0415 # likewise

    folder = find_labels(labels)
    target = folder / "splits.json"
    # Before the minute of work, not after it.
    refuse_overwrite(target, refreeze=refreeze)
    if documents is None:
        raise UsageError(
            where="policyframes labels split",
            found="no documents",
            allowed="--documents DIR with the documents as <id>.txt",
            remedy="Near-duplicates cannot be found without the texts.",
        )
    loaded = data.load_labels(folder, with_splits=False)
    texts = {name: text for name, text in data.read_documents(documents).items() if name in loaded.catalogue}
    splits = build_splits(loaded, texts)
    write_splits(splits, target, refreeze=refreeze)
    typer.echo(_describe_splits(splits))


@app.command()
def agreement(labels: LabelsOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002 # typer reads flags so
    """Measure how far the other coders agree with the first."""
    from policyframes_training.labels.agreement import measure_agreement  # noqa: PLC0415 # numpy costs time
    from policyframes_training.labels.coded import load_labels  # noqa: PLC0415 # likewise

    loaded = load_labels(find_labels(labels))
    results = {"second": measure_agreement(loaded)}
    if loaded.third:
        results["third"] = measure_agreement(loaded, loaded.third)
    if as_json:
        others = {name: asdict(result) for name, result in results.items() if name != "second"}
        typer.echo(json.dumps({**asdict(results["second"]), **others}, indent=1))
        return
    for name, result in results.items():
        if len(results) > 1:
            typer.echo(f"{name} coder")
        typer.echo(_describe_agreement(result))


@app.command()
def aspects(
    labels: LabelsOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 # typer reads flags so
    errors: Annotated[bool, typer.Option("--errors", help="List where terms and person differ.")] = False,  # noqa: FBT002 # likewise
) -> None:
    """Measure how well the taxonomy's terms find the passages that a person marked with their aspects."""
    from policyframes_training.labels.aspects import ASPECTS, load_aspect_codings, measure_aspects  # noqa: PLC0415 # numpy costs time
    from policyframes_training.labels.coded import load_labels  # noqa: PLC0415 # likewise

    folder = find_labels(labels)
    loaded = load_labels(folder)
    measure = measure_aspects(loaded, load_aspect_codings(folder / ASPECTS, loaded))
    typer.echo(json.dumps(asdict(measure), indent=1) if as_json else _describe_aspects(measure))
    if errors and not as_json:
        for error in measure.errors:
            what = f"found by {', '.join(error.words)}" if error.words else "missed"
            typer.echo(f"{error.aspect}  {error.passage}  {what}")


@app.command()
def anchor(
    spans: Annotated[Path, typer.Argument(help="JSON lines with id, document, start, end and codes.")],
    documents: Annotated[
        Path, typer.Option("--documents", help="Folder with the documents as <id>.txt.", metavar="DIR")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; it must be new.", metavar="FILE")],
    append: Annotated[bool, typer.Option("--append", help="Add to the file, ordered by id, if it exists.")] = False,  # noqa: FBT002 # typer reads flags so
) -> None:
    """Turn spans given by offsets into stand-off anchors, as labels/spans.jsonl holds them."""
    from policyframes_training.labels.spanfile import add_anchors  # noqa: PLC0415 # numpy costs time

    added = add_anchors(spans, documents, output, append=append)
    typer.echo(f"{_count(added, 'anchor')} {'added to' if append else 'in'} {output}", err=True)


def find_labels(given: Path | None) -> Path:
    """Return the folder of labels: the one given, else ./labels, else that of the checkout the package runs from.

    Raises:
        UsageError: none was given and there is none.
    """
    if given is not None:
        return given
    for folder in (Path("labels"), taxonomy_path().parent):
        if (folder / "passages.jsonl").is_file():
            return folder
    raise UsageError(
        where="--labels",
        found="no folder of labels here",
        allowed="a folder with taxonomy.yaml, passages.jsonl, spans.jsonl, documents.csv and splits.json",
        remedy="Give it with --labels DIR.",
    )


def _describe_agreement(result: Agreement) -> str:
    rows: list[tuple[str, Any]] = [
        *((f"alpha {framing}", measure) for framing, measure in result.alpha.items()),
        *((f"F1 {framing}", measure) for framing, measure in result.f1.items()),
        ("F1 mean", result.mean_f1),
        ("exact set", result.exact),
    ]
    size = f"{_count(result.passages, 'passage')} of {_count(result.documents, 'document')}"
    lines = [f"{name:<20} {measure.value:.3f}  [{measure.low:.3f}, {measure.high:.3f}]" for name, measure in rows]
    return "\n".join([f"{size}; 95 % intervals over documents", *lines])


def _describe_splits(splits: Splits) -> str:
    sizes = f"{len(splits.train)} train, {len(splits.validation)} validation, {len(splits.test)} test"
    largest = max(map(len, splits.groups), default=1)
    return f"{sizes} documents; {_count(len(splits.groups), 'group')} of several, the largest of {largest}"


def _describe_aspects(measure: AspectMeasure) -> str:
    size = f"{_count(measure.passages, 'passage')} of {_count(measure.documents, 'document')}"
    lines = [
        f"{size}; weighted, 95 % intervals over documents",
        f"{'aspect':<26} coded found  {'precision':<20} {'recall':<20} F1",
    ]
    for name, fit in (*measure.by_aspect.items(), ("all, micro", measure.micro)):
        figures = (_describe_estimate(figure) for figure in (fit.precision, fit.recall, fit.f1))
        lines.append(f"{name:<26} {fit.coded:>5} {fit.found:>5}  " + " ".join(f"{figure:<20}" for figure in figures))
    lines.append(f"{'all, macro':<80} {_describe_estimate(measure.macro)}")
    return "\n".join(line.rstrip() for line in lines)


def _describe_estimate(figure: Estimate) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]" if math.isfinite(figure.value) else "-"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
