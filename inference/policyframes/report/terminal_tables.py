"""The tables that people read on a terminal; what a document or its metadata says cannot steer it."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from policyframes.profiles.comparison import Comparison
from policyframes.profiles.names import name_aspect, shorten
from policyframes.profiles.profile import Profile
from policyframes.profiles.shares import Share

_MANY_SMALL = 3
# Of a longer name of a group this much tells it from others; the files hold all of it.
_LONGEST_NAME = 100


def build_shares_table(comparison: Comparison, *, is_narrow: bool) -> Table:
    """Return the shares of all passages by group; narrow cells have their interval on a line of its own."""
    table = _start_table("Share of passages with each framing, in % (95 % interval)")
    table.add_column(comparison.by, overflow="fold")
    kinds = (*comparison.collection.framings, "none", "uncertain")
    profiles = [comparison.profiles[None, group] for group in comparison.groups]
    counts_documents = not is_narrow and any(len(profile.documents) > 1 for profile in profiles)
    for name in (*(("documents",) if counts_documents else ()), "passages", *kinds):
        table.add_column(name, justify="right", no_wrap=True)
    for profile in profiles:
        shares = [_format_cell(profile.shares[kind]) for kind in kinds]
        if is_narrow:
            # On a terminal of 80 columns the name would get three of them.
            shares = [share.replace(" ", "\n") for share in shares]
        if profile.is_too_small:
            shares = ["too few", *[""] * (len(kinds) - 1)]
        sizes = [str(len(profile.documents))] if counts_documents else []
        table.add_row(clean(name_group(profile)), *sizes, str(len(profile.passages)), *shares)
    return table


def build_aspects_table(comparison: Comparison) -> Table:
    """Return the dominant framing of each aspect by group, and what contests it."""
    table = _start_table("By aspect: the framing with the largest share, in % (95 % interval)")
    for name in ("aspect", comparison.by):
        table.add_column(name, overflow="fold")
    table.add_column("passages", justify="right", no_wrap=True)
    table.add_column("framing", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for aspect in find_spoken(comparison):
        name = name_aspect(aspect, comparison.collection)
        profiles = [comparison.profiles[aspect, group] for group in comparison.groups]
        small = [profile for profile in profiles if profile.is_too_small]
        # Many rows that say nothing would hide those that do.
        gathered = small if len(small) >= _MANY_SMALL else []
        for profile in profiles:
            if profile not in gathered:
                table.add_row(
                    clean(name), clean(name_group(profile)), str(len(profile.passages)), *_describe_cell(profile)
                )
                name = ""
        if gathered:
            counts = ", ".join(f"{name_group(profile)} ({len(profile.passages)})" for profile in gathered)
            table.add_row(clean(name), "others", "", "", "", clean(f"too few to say: {counts}"))
        table.add_section()
    return table


def build_correction_table(comparison: Comparison) -> Table:
    """Return the shares as modelled and as corrected by the hand-coded sample."""
    table = _start_table("What the hand-coded sample changed, in % (95 % interval)")
    for name in ("aspect", comparison.by):
        table.add_column(name, overflow="fold")
    table.add_column("coded", justify="right")
    table.add_column("framing", no_wrap=True)
    for name in ("as modelled", "corrected", "bias removed"):
        table.add_column(name, justify="right", no_wrap=True)
    for profile in comparison.profiles.values():
        first = [name_aspect(profile.aspect, comparison.collection), name_group(profile), str(profile.coded)]
        for kind, before in (profile.modelled or {}).items():
            after = profile.shares[kind]
            if after.method != "coded":
                continue
            bias = "-"
            if before.value is not None and after.value is not None:
                bias = f"{100 * (before.value - after.value):+.0f} points"
            table.add_row(*map(clean, first), kind, _format_cell(before), _format_cell(after), bias)
            first = ["", "", ""]
    return table


def name_group(profile: Profile) -> str:
    """Return what people read as the name of a profile's group."""
    return shorten(profile.group, _LONGEST_NAME)


def find_spoken(comparison: Comparison) -> list[str]:
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


def _start_table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )


def clean(text: str) -> Text:
    """Return a text on one line, without the control characters by which a document could steer the terminal."""
    return Text("".join(char if char.isprintable() else " " for char in text))
