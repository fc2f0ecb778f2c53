"""Sentences on what changed from one group to the next, and what did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyframes.profiles import Change
from policyframes.profiles.change import FEWEST_DOCUMENTS
from policyframes.report.change_notes import find_small_groups
from policyframes.report.page.changes import is_tested
from policyframes.report.page.outline import Outline
from policyframes.report.page.wording import SPACE, join_words, say_count, say_difference_interval, say_p_value

# More steps than this are counted rather than named.
_MOST_STEPS = 4
_MOST_CHANGES = 5


def tell_changes(outline: Outline) -> Iterator[str]:
    """Yield the significant changes of all passages, which steps show none, then the significant ones of aspects."""
    changes = outline.comparison.changes
    if len(outline.groups) < 2:  # noqa: PLR2004  (nothing to compare)
        return
    if not changes:
        why = "" if outline.comparison.is_in_time else ": as far as is known they do not follow each other in time"
        yield f"No test was made of whether the {outline.noun}s differ{why}. Equal shares may look different by chance."
        return
    tested = [change for change in changes if is_tested(change)]
    if not tested:
        yield f"No change could be tested: the {outline.noun}s have too few passages."
        return
    overall = [change for change in tested if change.aspect is None]
    for change in overall:
        if change.is_significant:
            yield f"{_tell_change(outline, change)}."
    if overall:
        yield _tell_still(outline, overall)
    yield from _tell_aspects(outline, [change for change in tested if change.aspect is not None])
    yield from _tell_small(outline, [change for change in tested if change.is_significant])


def _tell_change(outline: Outline, change: Change) -> str:
    difference = change.difference or 0.0
    points = round(abs(difference) * 100)
    amount = say_count(points, "percentage point") if points else "less than 1 percentage point"
    moved = "rose" if difference > 0 else "fell"
    kind = "passages without a framing" if change.kind == outline.none.id else outline.kind(change.kind).name
    interval = ""
    if change.low is not None and change.high is not None:
        low, high = sorted((abs(change.low), abs(change.high)))
        bounds = f"{low * 100:.0f} to {high * 100:.0f}"
        if change.low * change.high <= 0:
            bounds = say_difference_interval(change.low, change.high)
        interval = f", 95{SPACE}% interval {bounds}"
    chance = say_p_value(change.adjusted_p_value if change.adjusted_p_value is not None else 1.0)
    before, after = outline.group(change.before).short, outline.group(change.after).short
    size = f"by {amount}{interval} ({chance}, adjusted for all comparisons)"
    if outline.comparison.is_in_time:
        return f"From {before} to {after} the share of {kind} {moved} {size}"
    return f"In {after} the share of {kind} is {'higher' if difference > 0 else 'lower'} than in {before} {size}"


def _tell_still(outline: Outline, changes: Sequence[Change]) -> str:
    """Return between which groups no share changed significantly."""
    steps = list(dict.fromkeys((change.before, change.after) for change in changes))
    moved = {(change.before, change.after) for change in changes if change.is_significant}
    still = [step for step in steps if step not in moved]
    between = f"the two {outline.noun}s" if len(outline.groups) == 2 else f"consecutive {outline.noun}s"  # noqa: PLR2004  (one step)
    if not moved:
        how = "changed" if outline.comparison.is_in_time else "differs"
        return f"Between {between} no share of all passages {how} significantly: the differences may be chance."
    if not still:
        return f"All other differences between {between} may be chance."
    names = [f"from {outline.group(before).short} to {outline.group(after).short}" for before, after in still]
    where = (
        join_words(names, "or") if len(still) <= _MOST_STEPS else f"between the other {len(still)} pairs of {between}"
    )
    return f"No share of all passages changed significantly {where}; what differs there may be chance."


def _tell_aspects(outline: Outline, changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        return
    moved = sorted(
        (change for change in changes if change.is_significant), key=lambda change: change.adjusted_p_value or 0.0
    )
    if not moved:
        yield f"Within single aspects none of {say_count(len(changes), 'tested change')} is significant."
        return
    verb = "is" if len(moved) == 1 else "are"
    yield f"Within single aspects {len(moved)} of {say_count(len(changes), 'tested change')} {verb} significant."
    for change in moved[:_MOST_CHANGES]:
        yield f"{outline.name_aspect(change.aspect)}: {_lower(_tell_change(outline, change))}."
    if len(moved) > _MOST_CHANGES:
        yield "The others stand in the table of changes."


def _tell_small(outline: Outline, significant: Sequence[Change]) -> Iterator[str]:
    """Yield what a change to or from few documents does not say."""
    small = [outline.group(group).short for group in find_small_groups(outline.comparison, significant)]
    if not small:
        return
    whom = join_words(small) if len(small) <= _MOST_STEPS else f"{len(small)} of the {outline.noun}s"
    yield (
        f"Behind these changes stand fewer than {FEWEST_DOCUMENTS} documents of {whom}: what differs there is between "
        "these very documents, and may come of their kind as well as of their time."
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
