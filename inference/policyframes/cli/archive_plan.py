"""`policyframes archive plan`: what a job will take, before it begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from policyframes.cores import count_cores

if TYPE_CHECKING:
    from policyframes.archive.forecast.forecast import Cost, Forecast

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1000.0
_HOUR, _MINUTE = 3600.0, 60.0


def plan(  # noqa: PLR0913  (each is an option of the command line)
    inputs: Annotated[list[str], typer.Argument(metavar="IN...", help="Files or folders, as for archive score.")],
    *,
    price: Annotated[
        float | None, typer.Option("--price", min=0, metavar="PRICE", help="Of a core-hour, in any currency.")
    ] = None,
    text_col: Annotated[str, typer.Option(help="Column of the text; dots lead into nested objects.")] = "",
    id_col: Annotated[str, typer.Option(help="Column of the ids; none: the place in the file.")] = "",
    date_col: Annotated[str, typer.Option(help="Column of the dates.")] = "",
    keep: Annotated[list[str] | None, typer.Option(help="Carry this column through.")] = None,
    records: Annotated[str, typer.Option(help="Where in each JSON object the list of articles is.")] = "",
    source: Annotated[
        Literal["newsapi", "mediacloud", "gdelt", "nexis", "warc"] | None, typer.Option(help="Whose export it is.")
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(metavar="TABLE", help="Your own texts for exports of metadata, as for archive score.")
    ] = None,
    bundle: Annotated[str, typer.Option(help="Name of a shipped bundle, or the folder of any.")] = "",
    quality: Annotated[
        Literal["fast", "balanced", "best"] | None, typer.Option(help="Plan for this one; without it, for all.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that score; 0: one a core.")] = 0,
    passages: Annotated[bool, typer.Option("--passages", help="Count the table of passages as output.")] = False,
    dedupe: Annotated[bool, typer.Option("--dedupe", help="With finding copies.")] = False,
    output_format: Annotated[Literal["parquet", "jsonl"], typer.Option("--format", help="Of the tables.")] = "parquet",
    any_language: Annotated[bool, typer.Option("--any-language", help="Score other languages as well.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="Time to spend on each quality.")] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the plan.")] = False,
) -> None:
    """Score a sample of an archive and print what all of it will take on this machine. Nothing is written."""
    from policyframes.archive.forecast.forecast import forecast_job  # noqa: PLC0415  (slow to import)
    from policyframes.archive.settings import Settings  # noqa: PLC0415

    settings = Settings(
        text_column=text_col,
        id_column=id_col,
        date_column=date_col,
        keep=tuple(keep or ()),
        source=source or "",
        records=records,
        texts=str(texts or ""),
        bundle=bundle,
        quality=quality or "",
        any_language=any_language,
        passages=passages,
        dedupe=dedupe,
        output_format=output_format,
    )

    def say(message: str) -> None:
        if not quiet:
            typer.echo(message, err=True)

    found = forecast_job(inputs, settings, workers=workers or count_cores(), price=price, seconds=seconds, say=say)
    typer.echo(json.dumps(found.describe(), indent=1) if as_json else format_forecast(found, passages=passages))


def format_forecast(found: Forecast, *, passages: bool) -> str:
    """Return a forecast for people."""
    about = "" if found.is_exact else "about "
    files = "1 file" if found.files == 1 else f"{found.files} files"
    lines = [
        f"Archive   {files}, {format_bytes(found.bytes)}, {about}{found.rows:,} articles ({found.sampled} sampled)",
        f"Passages  about {found.passages:,}; to quarantine go about {found.quarantined:,}",
        f"Output    about {format_bytes(found.output_bytes)}"
        + ("" if passages else f"; with --passages {format_bytes(found.output_bytes + found.passage_bytes)}"),
        f"Machine   {found.cores} cores, {found.workers} workers",
        "",
        f"{'quality':10}{'articles/s':>12}{'time':>14}{'core-hours':>14}{'cost':>12}{'cost':>12}",
        f"{'':10}{'':>12}{'in all':>14}{'a million':>14}{'a million':>12}{'in all':>12}",
        *(_format_cost(cost) for cost in found.costs),
    ]
    return "\n".join(lines)


def _format_cost(cost: Cost) -> str:
    prices = [f"{price:,.2f}" if price is not None else "-" for price in (cost.price_a_million, cost.price)]
    return (
        f"{cost.quality or 'only':10}{cost.rows_a_second:>12.1f}{format_time(cost.seconds):>14}"
        f"{cost.core_hours_a_million:>14.2f}{prices[0]:>12}{prices[1]:>12}"
    )


def format_bytes(count: float) -> str:
    """Return a number of bytes in the unit that suits it."""
    unit = 0
    while count >= _STEP and unit < len(_UNITS) - 1:
        count /= _STEP
        unit += 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 else f"{count:.3g} {_UNITS[unit]}"


def format_time(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"
