"""The summary for people on a terminal: shares by document, and the strongest passage of each framing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policyframes.report.rows import Result, format_probability
from policyframes.scorer import ScoredDocument, ScoredPassage

_SHOWN_CHARACTERS = 230
_MAX_WIDTH = 100


def print_summary(results: Sequence[Result], framings: Sequence[str], folder: Path | None) -> None:
    """Print the summary to standard output, and last where the report lies."""
    console = Console(highlight=False)
    # Into a pipe or a file rich assumes 80 columns, too few for the table.
    console.width = min(console.width, _MAX_WIDTH) if console.is_terminal else _MAX_WIDTH
    scored = [result for result in results if isinstance(result, ScoredDocument)]
    for document in scored:
        _print_strongest(console, document, framings)
    # The shares come last: they are what stays on the screen.
    console.print(_build_table(scored, framings))
    if failed := len(results) - len(scored):
        console.print(Text(f"{failed} of {len(results)} documents could not be scored; the reasons are above."))
    if folder is not None:
        # A path that wraps cannot be copied.
        console.print(Text(f"The report: {folder / 'report.html'}"), soft_wrap=True)


def _build_table(scored: Sequence[ScoredDocument], framings: Sequence[str]) -> Table:
    table = Table(
        title="Share of passages with each framing",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("document", overflow="fold")
    for name in ("passages", *framings, "none", "uncertain"):
        table.add_column(name, justify="right", no_wrap=True)
    for document in scored:
        total = len(document.passages)
        counts = [*(document.count(name) for name in framings), document.none_count, document.uncertain_count]
        shares = [f"{count / total:.0%}" if total else "-" for count in counts]
        table.add_row(Text(document.document.id), str(total), *shares)
    return table


def _print_strongest(console: Console, document: ScoredDocument, framings: Sequence[str]) -> None:
    console.print(Text(f"{document.document.id}: the strongest passage of each framing", style="bold"))
    for name in framings:
        ranked = document.rank(name, 1)
        if not ranked:
            console.print(Text(f"  {name}: in no passage"))
            continue
        console.print(
            Text(f"  {name} {format_probability(ranked[0].score.probabilities[name])}, {_describe_place(ranked[0])}")
        )
        console.print(Padding(Text(_shorten(ranked[0].passage.text)), (0, 0, 0, 4)))
    console.print()


def _describe_place(item: ScoredPassage) -> str:
    page = f", page {item.passage.page}" if item.passage.page else ""
    return f"passage {item.passage.number}{page}"


def _shorten(text: str) -> str:
    # Control characters of a document must not steer the terminal.
    line = "".join(char for char in " ".join(text.split()) if char.isprintable())
    return line if len(line) <= _SHOWN_CHARACTERS else line[:_SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " ..."
