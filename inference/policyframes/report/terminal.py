"""What people read on a terminal: the strongest passages, the shares of each group and aspect, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policyframes.profiles.coded import MIN_CODED
from policyframes.profiles.comparison import BY_DOCUMENT, Comparison
from policyframes.profiles.names import name_aspect
from policyframes.profiles.profile import Profile
from policyframes.profiles.shares import MIN_PASSAGES, UNCERTAIN, Share
from policyframes.report.change_notes import describe_changes
from policyframes.report.rows import format_count, format_probability

_SHOWN_CHARACTERS = 230
_MAX_WIDTH = 100
_MANY_SMALL = 3
_METHODS = {
    "adjusted": "adjusted for the model's errors, which their intervals allow for",
    "coded": "corrected by the hand-coded sample",
    "counted": "bare counts of what the model decided, and their intervals know nothing of its errors",
}


def print_comparison(comparison: Comparison, *, failed: int = 0, folder: Path | None = None) -> None:
    """Print tables to standard output, and last where the report lies.

    Args:
        comparison: of at least one document.
        failed: number of documents that could not be scored.
        folder: where the report lies; None where there is none.
    """
    console = Console(highlight=False)
    # Into a pipe or a file rich assumes 80 columns, too few for the tables.
    console.width = min(console.width, _MAX_WIDTH) if console.is_terminal else _MAX_WIDTH
    if comparison.by == BY_DOCUMENT and len(comparison.aspects) == 1:
        _print_strongest(console, comparison)
    # The shares come last: they are what stays on the screen.
    console.print(_build_table(comparison, is_narrow=console.width < _MAX_WIDTH))
    if _find_spoken(comparison):
        console.print(_build_aspects_table(comparison))
    if any(profile.modelled for profile in comparison.profiles.values()):
        console.print(_build_correction_table(comparison))
    for line in _explain(comparison):
        console.print(Text(line))
    if failed:
        total = failed + len(comparison.collection.documents)
        console.print(Text(f"{failed} of {total} documents could not be scored; the reasons are above."))
    if folder is not None:
        # A path that wraps cannot be copied.
        console.print(Text(f"The report: {folder / 'report.html'}"), soft_wrap=True)


def _build_table(comparison: Comparison, *, is_narrow: bool) -> Table:
    table = _start_table("Share of passages with each framing, in % (95 % interval)")
    table.add_column(comparison.by, overflow="fold")
    kinds = (*comparison.collection.framings, "none", "uncertain")
    for name in ("passages", *kinds):
        table.add_column(name, justify="right", no_wrap=True)
    for group in comparison.groups:
        profile = comparison.profiles[None, group]
        shares = [_format_cell(profile.shares[kind]) for kind in kinds]
        if is_narrow:
            # On a terminal of 80 columns the name would get three of them.
            shares = [share.replace(" ", "\n") for share in shares]
        if profile.is_too_small:
            shares = ["too few", *[""] * (len(kinds) - 1)]
        table.add_row(_clean(group), str(len(profile.passages)), *shares)
    return table


def _build_aspects_table(comparison: Comparison) -> Table:
    table = _start_table("By aspect: the framing with the largest share, in % (95 % interval)")
    for name in ("aspect", comparison.by):
        table.add_column(name, overflow="fold")
    table.add_column("passages", justify="right", no_wrap=True)
    table.add_column("framing", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for aspect in _find_spoken(comparison):
        name = name_aspect(aspect, comparison.collection)
        profiles = [comparison.profiles[aspect, group] for group in comparison.groups]
        small = [profile for profile in profiles if profile.is_too_small]
        # Many rows that say nothing would hide those that do.
        gathered = small if len(small) >= _MANY_SMALL else []
        for profile in profiles:
            if profile not in gathered:
                table.add_row(_clean(name), _clean(profile.group), str(len(profile.passages)), *_describe_cell(profile))
                name = ""
        if gathered:
            counts = ", ".join(f"{profile.group} ({len(profile.passages)})" for profile in gathered)
            table.add_row(_clean(name), "others", "", "", "", _clean(f"too few to say: {counts}"))
        table.add_section()
    return table


def _build_correction_table(comparison: Comparison) -> Table:
    table = _start_table("What the hand-coded sample changed, in % (95 % interval)")
    for name in ("aspect", comparison.by):
        table.add_column(name, overflow="fold")
    table.add_column("coded", justify="right")
    table.add_column("framing", no_wrap=True)
    for name in ("as modelled", "corrected", "bias removed"):
        table.add_column(name, justify="right", no_wrap=True)
    for profile in comparison.profiles.values():
        first = [name_aspect(profile.aspect, comparison.collection), profile.group, str(profile.coded)]
        for kind, before in (profile.modelled or {}).items():
            after = profile.shares[kind]
            if after.method != "coded":
                continue
            bias = "-"
            if before.value is not None and after.value is not None:
                bias = f"{100 * (before.value - after.value):+.0f} points"
            table.add_row(*map(_clean, first), kind, _format_cell(before), _format_cell(after), bias)
            first = ["", "", ""]
    return table


def _find_spoken(comparison: Comparison) -> list[str]:
    """Return the aspects that at least one passage speaks of."""
    return [
        aspect
        for aspect in comparison.aspects
        if aspect is not None and any(comparison.profiles[aspect, group].passages for group in comparison.groups)
    ]


def _describe_cell(profile: Profile) -> tuple[str, str, str]:
    if profile.is_too_small:
        return "", "", "too few to say" if profile.passages else "no passage"
    if profile.dominant is None:
        return "none", _format_cell(profile.shares["none"]), ""
    best = profile.shares[profile.dominant]
    low = best.low or 0.0
    rivals = [name for name in profile.framings if name != best.kind and (profile.shares[name].high or 0.0) >= low]
    return best.kind, _format_cell(best), f"contested by {', '.join(rivals)}" if rivals else ""


def _format_cell(share: Share) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "-"
    return f"{100 * share.value:.0f} ({100 * share.low:.0f}–{100 * share.high:.0f})"


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
        cells = ", ".join(f"{name_aspect(item.aspect, comparison.collection)} of {item.group}" for item in uncorrected)
        yield f"Fewer than {MIN_CODED} coded passages, so not corrected: {cells}."
    if unspoken := [aspect for aspect in comparison.aspects[1:] if aspect not in _find_spoken(comparison)]:
        names = ", ".join(name_aspect(aspect, comparison.collection) for aspect in unspoken)
        yield f"No passage speaks of: {names}."
    if len(comparison.aspects) > 1:
        yield "Contested: the interval overlaps that of another framing, so the order of the two is not settled."
    if comparison.by != BY_DOCUMENT or len(comparison.groups) > 1:
        yield ""
        yield from describe_changes(comparison)


def _describe_methods(shares: Iterable[Share]) -> str:
    methods = dict.fromkeys(share.method for share in shares if share.value is not None and share.kind != UNCERTAIN)
    stated = " or ".join(_METHODS[method] for method in methods)
    return f"Shares are {stated}. Uncertain is what the model says of itself." if stated else ""


def _print_strongest(console: Console, comparison: Comparison) -> None:
    for document in comparison.groups:
        profile = comparison.profiles[None, document]
        console.print(Text(f"{document}: the strongest passage of each framing", style="bold"))
        for name in profile.framings:
            ranked = profile.rank(name, 1)
            if not ranked:
                console.print(Text(f"  {name}: in no passage"))
                continue
            passage = ranked[0].passage
            page = f", page {passage.page}" if passage.page else ""
            probability = format_probability(ranked[0].score.probabilities[name])
            console.print(Text(f"  {name} {probability}, passage {passage.number}{page}"))
            console.print(Padding(_clean(_shorten(passage.text)), (0, 0, 0, 4)))
        console.print()


def _start_table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )


def _clean(text: str) -> Text:
    # Control characters of a document or of metadata must not steer the terminal.
    return Text("".join(char for char in " ".join(text.split()) if char.isprintable()))


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else line[:_SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " ..."
