"""`policyframes compare`: groups of documents against each other, for all passages and by aspect."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from policyframes.cli.options import (
    INPUT_MB,
    MEMORY_MB,
    SECONDS,
    BundleName,
    Excel,
    FileFormat,
    Files,
    Matrix,
    MaxInput,
    MaxMemory,
    MaxSeconds,
    Output,
    QualityName,
    Quanteda,
    Quiet,
    make_limits,
)


def compare(  # noqa: PLR0913  (each is an option of the command line)
    files: Files,
    *,
    by: Annotated[str, typer.Option(metavar="COLUMN", help="year, administration, issuer, document, any column.")],
    output: Output = None,
    aspects: Annotated[
        str, typer.Option(metavar="IDS", help="Aspects of the taxonomy: mexico,border or all; none unless given.")
    ] = "",
    aspect: Annotated[
        list[str] | None, typer.Option(metavar="ID=TERMS", help="One of your own: 'water=water,river,-water down'.")
    ] = None,
    aspects_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Aspects of your own, as YAML.")] = None,
    metadata: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV with a column 'document' and what you know of each.")
    ] = None,
    name_pattern: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="What file names are made of: '{issuer}-{year}'.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="[DOCUMENT.]COLUMN=VALUE", help="What you know, as an option.")
    ] = None,
    voice: Annotated[
        Literal["any", "own"], typer.Option(help="own: leave out passages that report the framing of others.")
    ] = "any",
    coded: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Hand-coded sample (see policyframes sample): corrects shares.")
    ] = None,
    json_lines: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each row of the table.")
    ] = False,
    bundle: BundleName = "",
    quality: QualityName = None,
    file_format: FileFormat = None,
    matrix: Matrix = False,
    quanteda: Quanteda = False,
    excel: Excel = False,
    quiet: Quiet = False,
    max_seconds: MaxSeconds = SECONDS,
    max_memory_mb: MaxMemory = MEMORY_MB,
    max_input_mb: MaxInput = INPUT_MB,
) -> None:
    """Compare groups of documents: how each frames its subject, for all passages and for each aspect.

    What groups the documents comes from a CSV (--metadata), from their file names, or from options (--set).
    Without -o, tables on a terminal and JSON lines into a pipe, one for each aspect, group and kind.

    Exit codes: 0 all scored; 1 nothing scored; 2 usage; 3 some documents could not be scored; 4 files in the way.
    """
    # numpy costs time that --help need not pay
    from policyframes.cli.outcome import Wishes, check_wishes, finish  # noqa: PLC0415
    from policyframes.cli.question import Question, answer_question, check_question, choose_aspects  # noqa: PLC0415
    from policyframes.cli.scoring import name_documents, score_all  # noqa: PLC0415
    from policyframes.profiles import gather_metadata  # noqa: PLC0415
    from policyframes.scorer import load  # noqa: PLC0415

    names = dict(zip(name_documents(files), files, strict=True))
    known = gather_metadata(names, table=metadata, pattern=name_pattern, settings=settings or ())
    wanted = choose_aspects(aspects, aspect or (), aspects_file)
    question = Question(by.strip().lower(), known, wanted, voice=voice, coded=coded, quiet=quiet)
    # All that can be wrong with the question is told before the first document is read.
    check_question(question, names)
    as_lines = json_lines or (output is None and not sys.stdout.isatty())
    wishes = Wishes(
        output, matrix=matrix, quanteda=quanteda, excel=excel, table=not as_lines, lines=as_lines, quiet=quiet
    )
    check_wishes(wishes)
    scorer = load(bundle or None, quality)
    limits = make_limits(max_seconds, max_memory_mb, max_input_mb)
    results = score_all(scorer, files, file_format, limits=limits, quiet=quiet)
    finish(results, scorer, lambda scored: answer_question(question, scored, scorer.bundle), wishes)
