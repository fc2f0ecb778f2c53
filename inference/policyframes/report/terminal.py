"""What people read on a terminal: the strongest passages, the shares of each group and aspect, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from policyframes.profiles.coded import MIN_CODED
from policyframes.profiles.comparison import BY_DOCUMENT, Comparison
from policyframes.profiles.names import name_aspect
from policyframes.profiles.shares import MIN_PASSAGES, UNCERTAIN, Share
from policyframes.report.change_notes import describe_changes
from policyframes.report.rows import format_count, format_probability
from policyframes.report.terminal_tables import (
    build_aspects_table,
    build_correction_table,
    build_shares_table,
    clean,
    find_spoken,
    name_group,
)

_SHOWN_CHARACTERS = 230
_MAX_WIDTH = 100
_METHODS = {
    "adjusted": "adjusted for the model's errors, which their intervals allow for",
    "coded": "corrected by the hand-coded sample",
    "counted": "bare counts of what the model decided, and their intervals know nothing of its errors",
}


def print_comparison(
    comparison: Comparison, *, failed: int = 0, folder: Path | None = None, changes: bool = True
) -> None:
    """Print tables to standard output, and last where the report lies.

    Args:
        comparison: of at least one document.
        failed: number of documents that could not be scored.
        folder: where the report lies; None where there is none.
        changes: say what changed from one group to the next.
    """
    console = Console(highlight=False)
    # Into a pipe or a file rich assumes 80 columns, too few for the tables.
    console.width = min(console.width, _MAX_WIDTH) if console.is_terminal else _MAX_WIDTH
    if comparison.by == BY_DOCUMENT and len(comparison.aspects) == 1:
        _print_strongest(console, comparison)
    # The shares come last: they are what stays on the screen.
    console.print(build_shares_table(comparison, is_narrow=console.width < _MAX_WIDTH))
    if find_spoken(comparison):
        console.print(build_aspects_table(comparison))
    if any(profile.modelled for profile in comparison.profiles.values()):
        console.print(build_correction_table(comparison))
    for line in (*_explain(comparison), *(("", *describe_changes(comparison)) if changes else ())):
        console.print(clean(line))
    if failed:
        total = failed + len(comparison.collection.documents)
        console.print(Text(f"{failed} of {total} documents could not be scored; the reasons are above."))
    if folder is not None:
        # A path that wraps cannot be copied.
        console.print(Text(f"The report: {folder / 'report.html'}"), soft_wrap=True)


def _explain(comparison: Comparison) -> Iterator[str]:
    profiles = comparison.profiles.values()
    yield _describe_methods(share for profile in profiles for share in profile.shares.values())
    documents = comparison.collection.documents
    if left_out := sum(len(document.scored.passages) - len(document.passages) for document in documents):
        yield f"Left out: {format_count(left_out, 'passage')} in which the framing is reported, not the author's own."
    if any(profile.is_too_small for profile in profiles):
        wider = (
            " Groups of more documents (--by administration) have more."
            if comparison.by in {BY_DOCUMENT, "year"}
            else ""
        )
        yield f"Too few: fewer than {MIN_PASSAGES} passages, of which no share is stated.{wider}"
    if uncorrected := [profile for profile in profiles if profile.coded and not profile.modelled]:
        cells = ", ".join(
            f"{name_aspect(item.aspect, comparison.collection)} of {name_group(item)}" for item in uncorrected
        )
        yield f"Fewer than {MIN_CODED} coded passages, so not corrected: {cells}."
    if unspoken := [aspect for aspect in comparison.aspects[1:] if aspect not in find_spoken(comparison)]:
        names = ", ".join(name_aspect(aspect, comparison.collection) for aspect in unspoken)
        yield f"No passage speaks of: {names}."
    if len(comparison.aspects) > 1:
        yield "Contested: the interval overlaps that of another framing, so the order of the two is not settled."


def _describe_methods(shares: Iterable[Share]) -> str:
    methods = dict.fromkeys(share.method for share in shares if share.value is not None and share.kind != UNCERTAIN)
    stated = ", or ".join(_METHODS[method] for method in methods)
    return f"Shares are {stated}. Uncertain is what the model says of itself." if stated else ""


def _print_strongest(console: Console, comparison: Comparison) -> None:
    for document in comparison.groups:
        profile = comparison.profiles[None, document]
        console.print(clean(f"{document}: the strongest passage of each framing"), style="bold")
        for name in profile.framings:
            ranked = profile.rank(name, 1)
            if not ranked:
                console.print(Text(f"  {name}: in no passage"))
                continue
            passage = ranked[0].passage
            page = f", page {passage.page}" if passage.page else ""
            probability = format_probability(ranked[0].score.probabilities[name])
            console.print(Text(f"  {name} {probability}, passage {passage.number}{page}"))
            console.print(Padding(clean(_shorten(passage.text)), (0, 0, 0, 4)))
        console.print()


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else line[:_SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " ..."
