"""The summary: sentences that say what the numbers say, in every case, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policyframes.profiles import MIN_PASSAGES, Share
from policyframes.profiles.shares import UNCERTAIN
from policyframes.report.page.change_summary import tell_changes
from policyframes.report.page.heatmap import find_lead, find_tied
from policyframes.report.page.outline import Group, Kind, Outline, find_share
from policyframes.report.page.wording import (
    SPACE,
    join_words,
    say_count,
    say_interval,
    say_percent,
    say_share,
)
from policyframes.report.rows import Failure

# More groups than this are summed up rather than told one by one.
_MOST_TOLD = 4


@dataclass(frozen=True)
class Finding:
    """What is said of one thing: its name, empty where there is but one, and sentences."""

    name: str
    text: str


@dataclass(frozen=True)
class Summary:
    """What the page says first.

    Attributes:
        heading: title of the page.
        read: what was read and what not.
        findings: the shares, each a sentence or two.
        changes: what changed between consecutive groups and what did not.
        method: how far the numbers can be trusted.
    """

    heading: str
    read: str
    findings: tuple[Finding, ...]
    changes: tuple[str, ...]
    method: str


def build_summary(outline: Outline, failures: Sequence[Failure]) -> Summary:
    """Return the summary of a comparison."""
    groups = outline.groups
    few = [_tell_group(outline, group) for group in groups] if len(groups) <= _MOST_TOLD else []
    findings = few or list(_tell_many(outline))
    return Summary(
        heading=_build_heading(outline),
        read=_tell_reading(outline, failures),
        findings=tuple(findings),
        changes=tuple(tell_changes(outline)),
        method=_tell_method(outline),
    )


def _build_heading(outline: Outline) -> str:
    documents = outline.comparison.collection.documents
    if not documents:
        return "No document could be scored"
    if len(documents) == 1:
        return f"How one document frames its subject: {documents[0].title}"
    by = "" if outline.is_by_document else f", by {outline.comparison.by}"
    return f"How {len(documents)} documents frame their subjects{by}"


def _tell_reading(outline: Outline, failures: Sequence[Failure]) -> str:
    documents = outline.comparison.collection.documents
    total = sum(len(document.scored.passages) for document in documents)
    counted = sum(len(document.passages) for document in documents)
    parts = []
    if documents:
        groups = "" if outline.is_by_document else f", in {say_count(len(outline.groups), outline.noun)}"
        was = "was" if len(documents) == 1 else "were"
        parts.append(
            f"{say_count(len(documents), 'document')} {was} scored{groups}: {say_count(total, 'passage')}"
            f"{' in all' if len(documents) > 1 else ''}."
        )
    if counted < total:
        parts.append(
            f"The shares are of the authors' own voice: {say_count(counted, 'passage')}. Shown in the text, but left "
            f"out of the shares: {say_count(total - counted, 'passage')} in which somebody else's framing is reported."
        )
    if failures:
        was = "was" if len(failures) == 1 else "were"
        parts.append(
            f"{say_count(len(failures), 'document')} could not be read and {was} left out of all numbers: see below."
        )
    return " ".join(parts)


def _tell_group(outline: Outline, group: Group) -> Finding:
    """Return the sentences on one group."""
    profile = group.profile
    name = "" if len(outline.groups) == 1 else group.label
    known = [(kind, share) for kind in outline.framings if (share := find_share(profile, kind.id)) is not None]
    if not known:
        total = say_count(len(profile.passages), "passage")
        return Finding(name, f"{total}, too few for shares; at least {MIN_PASSAGES} are needed. Read the passages.")
    ordered = sorted(known, key=lambda pair: -(pair[1].value or 0.0))
    shares = [f"{kind.name} {_tell_share(share, is_first=not number)}" for number, (kind, share) in enumerate(ordered)]
    sentences = [
        _tell_lead(outline, group),
        f"Estimated shares of its {say_count(len(profile.passages), 'passage')}: {join_words(shares)}.",
        _tell_rest(outline, group),
    ]
    return Finding(name, " ".join(sentence for sentence in sentences if sentence))


def _tell_share(share: Share, *, is_first: bool) -> str:
    if share.low is None or share.high is None:
        return say_percent(share.value or 0.0)
    words = f"95{SPACE}% interval " if is_first else ""
    return f"{say_percent(share.value or 0.0)} ({words}{say_interval(share.low, share.high)})"


def _tell_rest(outline: Outline, group: Group) -> str:
    none = find_share(group.profile, outline.none.id)
    uncertain = group.profile.shares.get(UNCERTAIN)
    parts = []
    if none is not None:
        parts.append(f"no framing in {say_share(none)}")
    if uncertain is not None:
        parts.append(f"the model is uncertain about {uncertain.count:,} of {uncertain.passages:,}")
    sentence = "; ".join(parts)
    return f"{_capitalise(sentence)}." if sentence else ""


def _tell_lead(outline: Outline, group: Group) -> str:
    lead = find_lead(outline, group.profile)
    if lead is None:
        return "No framing has an estimated share above 0\u00a0%."
    kind, _ = lead
    tied = find_tied(outline, group.profile)
    if len(tied) > 1:
        return f"{_capitalise(join_words([kind.name for kind in tied]))} have equally large shares; none leads."
    if group.profile.is_clear:
        return f"{kind.label} leads clearly: its interval lies above those of the other framings."
    low = group.profile.shares[kind.id].low or 0.0
    rivals = [
        other.name
        for other in outline.framings
        if other.id != kind.id and (share := find_share(group.profile, other.id)) and (share.high or 0.0) >= low
    ]
    those = "that" if len(rivals) == 1 else "those"
    whose = f"{those} of {join_words(rivals)}"
    return f"{kind.label} has the largest share, but not clearly: its interval overlaps {whose}."


def _tell_many(outline: Outline) -> Iterator[Finding]:
    """Yield what many groups have in common and where they differ most."""
    known = [group for group in outline.groups if find_share(group.profile, outline.framings[0].id)]
    for kind in outline.framings:
        values = [
            (share.value or 0.0, number, group, share)
            for number, group in enumerate(known)
            if (share := find_share(group.profile, kind.id)) is not None
        ]
        if len(values) > 1:
            least, most = min(values), max(values)
            yield Finding(
                kind.label,
                f"estimated share from {_tell_share(least[3], is_first=True)} in {least[2].short} to "
                f"{_tell_share(most[3], is_first=False)} in {most[2].short}. {_tell_led(outline, known, kind)}",
            )
    for group in known if len(known) == 1 else ():
        yield _tell_group(outline, group)
    small = [group.short for group in outline.groups if group.profile.is_too_small]
    if small:
        verb = "has" if len(small) == 1 else "have"
        yield Finding(
            "Too small", f"{join_words(small)} {verb} fewer than {MIN_PASSAGES} passages, too few for shares."
        )


def _tell_led(outline: Outline, groups: Sequence[Group], kind: Kind) -> str:
    """Return in how many groups a framing has the largest share, and where it does so clearly."""
    led = [group for group in groups if kind in find_tied(outline, group.profile)]
    clear = [group.short for group in led if group.profile.is_clear]
    if not led:
        return f"It has the largest share in none of {say_count(len(groups), outline.noun)}."
    text = f"It has the largest share in {len(led)} of {say_count(len(groups), outline.noun)}"
    if not clear:
        return f"{text}, in none of them clearly."
    return f"{text}, clearly in {'each' if len(clear) == len(led) else join_words(clear)}."


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tell_method(outline: Outline) -> str:
    """Return how the shares were had, and whose where they were had in several ways."""
    groups: dict[str, dict[str, None]] = {}
    for group in outline.groups:
        for kind in (*outline.framings, outline.none):
            if (share := find_share(group.profile, kind.id)) is not None:
                groups.setdefault(share.method, {})[group.short] = None
    told = []
    for method in (name for name in _METHODS if name in groups):
        names = list(groups[method])
        whose = join_words(names) if len(names) <= _MOST_TOLD else f"{len(names)} {outline.noun}s"
        told.append(f"The shares{f' of {whose}' if len(groups) > 1 else ''} {_METHODS[method]}")
    return " ".join(told)


_METHODS = {
    "adjusted": (
        "are corrected for the errors that the model made on documents kept out of its training, and their "
        "95 % intervals hold both those errors and the sampling of passages."
    ),
    "coded": (
        "are corrected by a hand-coded sample of these passages, and their 95 % intervals hold what the "
        "sample leaves open."
    ),
    "counted": (
        "count the model's decisions, and their 95 % intervals hold the sampling of passages alone, not the "
        "model's errors: the truth may lie outside them more often than the intervals say."
    ),
}
