"""`policyframes archive`: news archives in, every article scored or accounted for."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from policyframes.cli.archive_plan import plan
from policyframes.cli.archive_report import report
from policyframes.cores import count_cores
from policyframes.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from policyframes.archive.job import EngineMaker, Observer
    from policyframes.archive.summary import Summary

FINISHED_WITH_QUARANTINE = 3
_BY_SIGNAL = 128

app = typer.Typer(
    help="Score archives of articles; a run that is stopped goes on where it was.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def _archive() -> None:
    """Score archives of articles; a run that is stopped goes on where it was."""


@app.command()
def score(  # noqa: PLR0913  (each is an option of the command line)
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="IN...",
            help="Files (.parquet .jsonl .json .csv .tsv .warc, the last five also .gz .zst; .docx with --source "
            "nexis) or folders of them or of .txt.",
        ),
    ],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the results.")],
    text_col: Annotated[str, typer.Option(help="Column of the text; dots lead into nested objects.")] = "",
    id_col: Annotated[str, typer.Option(help="Column of the ids; none: the place in the file.")] = "",
    date_col: Annotated[str, typer.Option(help="Column of the dates.")] = "",
    keep: Annotated[
        list[str] | None, typer.Option(help="Carry this column through; without it, all but the text.")
    ] = None,
    records: Annotated[str, typer.Option(help="Where in each JSON object the list of articles is.")] = "",
    source: Annotated[
        Literal["newsapi", "mediacloud", "gdelt", "nexis", "warc"] | None,
        typer.Option(help="Whose export it is: names columns and readers; docs/sources.md."),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE", help="Your own texts, with url and text, for exports of metadata; docs/sources.md."
        ),
    ] = None,
    bundle: Annotated[str, typer.Option(help="Name of a shipped bundle, or the folder of any.")] = "",
    quality: Annotated[
        Literal["fast", "balanced", "best"] | None,
        typer.Option(help="No encoder, a small one for the unsure passages, or a larger, slower one for all."),
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that score; 0: one a core.")] = 0,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="What scores: this machine, or a Ray cluster; docs/clusters.md.")
    ] = "local",
    address: Annotated[
        str, typer.Option(help="Of the cluster: host:port, or auto; empty: RAY_ADDRESS, else one for this job alone.")
    ] = "",
    passages: Annotated[bool, typer.Option("--passages", help="Write a table of passages as well.")] = False,
    dedupe: Annotated[
        bool, typer.Option("--dedupe", help="Find copies of articles, such as wires, and count each once.")
    ] = False,
    output_format: Annotated[Literal["parquet", "jsonl"], typer.Option("--format", help="Of the tables.")] = "parquet",
    any_language: Annotated[
        bool, typer.Option("--any-language", help="Score what does not look English as well.")
    ] = False,
    max_characters: Annotated[int, typer.Option(min=1, help="Longest text that is scored.")] = 1_000_000,
    shard_rows: Annotated[int, typer.Option(min=1, max=100_000, help="Articles that are scored at a time.")] = 1_000,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Score an archive. The same command again goes on after a stop, a kill or a full disk.

    Exit codes: 0 all scored; 1 failure; 2 usage; 3 finished with rows in quarantine.jsonl; 4 refused; 130, 143 stopped.
    """
    from policyframes.archive.job import Means, score_archive  # noqa: PLC0415  (costs time that --help need not pay)
    from policyframes.archive.settings import Settings  # noqa: PLC0415
    from policyframes.cli.progress import open_progress  # noqa: PLC0415

    settings = Settings(
        text_column=text_col,
        id_column=id_col,
        date_column=date_col,
        keep=tuple(keep or ()),
        source=source or "",
        texts=str(texts or ""),
        records=records,
        bundle=bundle,
        quality=quality or "",
        any_language=any_language,
        passages=passages,
        dedupe=dedupe,
        output_format=output_format,
        max_characters=max_characters,
        shard_rows=shard_rows,
    )
    try:
        with _stop_on_signals(), open_progress(quiet=quiet) as observer:
            make_engine = _choose_engine(engine, address, workers, observer)
            means = Means(workers=workers or count_cores(), observer=observer, make_engine=make_engine)
            summary = score_archive(inputs, output, settings, means)
    except MemoryError as error:
        raise ArchiveError(
            where=str(output),
            found="the memory is full",
            allowed="room for what is scored at a time",
            remedy="Fewer --workers or --max-characters need less; type the same command again: it goes on.",
        ) from error
    if not quiet:
        _print_summary(summary, output)
    if summary.quarantined:
        raise typer.Exit(FINISHED_WITH_QUARANTINE)


app.command()(plan)
app.command()(report)


def _choose_engine(engine: str, address: str, workers: int, observer: Observer) -> EngineMaker | None:
    """Return what makes the engine; None: this machine's processes."""
    if engine == "ray":
        from policyframes.archive.cluster.engine import choose_ray  # noqa: PLC0415  (an extra)

        return choose_ray(address, workers, observer.say)
    if address:
        raise UsageError(
            where=f"--address {address}",
            found="an address without an engine that has one",
            allowed="--engine ray --address ...",
            remedy="Add --engine ray, or leave the address out.",
        )
    return None


class _StoppedError(BaseException):
    """A signal asked us to stop; nothing may catch it on its way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _stop_on_signals() -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into an end at once: the shard in flight is dropped, and done again next time."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        # A second signal must not cut the first one's way out short.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise _StoppedError(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except _StoppedError as error:
        typer.echo("Stopped. Nothing is lost: type the same command again to go on.", err=True)
        sys.stderr.flush()
        raise typer.Exit(_BY_SIGNAL + error.number) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_summary(summary: Summary, output: Path) -> None:
    from policyframes.archive.rows import HINTS, Code  # noqa: PLC0415  (costs time that --help need not pay)
    from policyframes.report.rows import format_count  # noqa: PLC0415  (likewise)

    lines = [f"{format_count(summary.rows, 'row')} in = {summary.scored} scored + {summary.quarantined} quarantined"]
    if summary.scored:
        shares = (f"{name} {share:.1%}" for name, share in summary.shares.items() if share is not None)
        own = format_count(summary.passages - summary.duplicate_passages, "passage")
        lines.append(f"{own}: {', '.join(shares)}")
    elif summary.faults:
        code = max(summary.faults, key=lambda name: summary.faults[name])
        lines.append(f"No row could be scored; {summary.faults[code]} x {code}: {HINTS[Code(code)]}")
    if summary.duplicates:
        copies = f"{summary.duplicates} articles of {summary.duplicate_passages} passages are copies of earlier ones"
        lines.append(f"{copies}; the shares leave them out")
    if summary.markup:
        articles = (
            "1 article held HTML in its" if summary.markup == 1 else f"{summary.markup} articles held HTML in their"
        )
        lines.append(f"{articles} text, which was taken out before scoring")
    lines += [f"  {count} x {code}" for code, count in summary.faults.items()]
    lines.append(f"Results: {output} (README.txt explains them)")
    typer.echo("\n".join(lines), err=True)
