"""The passages of a document in reading order: which framing is decided where, and where the model is unsure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from policyframes.profiles.collection import CollectedDocument, PlacedPassage
from policyframes.profiles.errors import NONE
from policyframes.profiles.names import name_kind, shorten
from policyframes.profiles.plots.canvas import open_axes, set_title, write_note
from policyframes.profiles.plots.theme import DEFAULT_THEME, Look, Theme
from policyframes.profiles.shares import UNCERTAIN
from policyframes.scorer import Score, ScoredDocument, ScoredPassage

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes

_SIZE = (10.0, 2.9)
# Beyond these, pages and passages are numbered at every so many.
_MOST_TICKS = 14
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
# Below this, outlines would hide the colours of bars as narrow as theirs.
_MOST_OUTLINED = 120
_NOTE = (
    "Each column is a passage as the classifier decided; it may carry several framings. Uncertain: the probability of "
    "at least one framing lies where the promised precision is not met."
)
_LEFT_OUT = " A blank column is a passage that the collection left out, such as one that reports the framing of others."

Document = ScoredDocument | CollectedDocument


def plot_strip(
    document: Document, ax: Axes | None = None, *, title: str | None = None, theme: Theme = DEFAULT_THEME
) -> Axes:
    """Draw a document's passages in reading order: a column each, a row for each framing, none and uncertain.

    Args:
        document: scored; of a document of a collection, the passages that the collection kept.
        ax: axes to draw on; new ones without.
        title: above the picture; without, the document's title.
        theme: colours and hatches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    scored = document.scored if isinstance(document, CollectedDocument) else document
    passages = document.passages
    framings = tuple(passages[0].score.probabilities) if passages else ()
    places = {
        kind: [item.passage.number for item in passages if _has_kind(item.score, kind)]
        for kind in (*framings, NONE, UNCERTAIN)
    }
    last = max((item.passage.number for item in scored.passages), default=1)
    with open_axes(ax, theme, _SIZE) as axes:
        for row, (kind, numbers) in enumerate(places.items()):
            width = 0.6 if last <= _MOST_OUTLINED else 0.0
            _draw_row(axes, row, kind, numbers, look=theme.look(kind, framings), edge=(theme.outline, width))
        names = [f"{name_kind(kind)} ({len(numbers)})" for kind, numbers in places.items()]
        axes.set_yticks(range(len(names)), names, parse_math=False)
        axes.tick_params(axis="y", length=0)
        axes.set(ylim=(len(names) - 0.5, -0.5), xlim=(0.5, last + 0.5))
        axes.hlines([row + 0.5 for row in range(len(names) - 1)], 0.5, last + 0.5, color=theme.faint, linewidth=0.8)
        _label_places(axes, passages)
        name = document.title if isinstance(document, CollectedDocument) else scored.document.title
        count = f"{len(passages)} passage{'' if len(passages) == 1 else 's'}"
        set_title(axes, title or f"{shorten(name or scored.document.id, 70)}: {count}")
        write_note(axes, _NOTE + (_LEFT_OUT if len(passages) < len(scored.passages) else ""), theme)
    return axes


def _draw_row(ax: Axes, row: int, kind: str, numbers: Sequence[int], *, look: Look, edge: tuple[str, float]) -> None:
    bars = ax.bar(
        numbers,
        [0.84] * len(numbers),
        width=1.0,
        bottom=row - 0.42,
        color=look.colour,
        hatch=look.hatch,
        hatchcolor=look.hatch_colour,
        edgecolor=edge[0],
        linewidth=edge[1],
    )
    for bar in bars:
        bar.set_gid(kind)


def _has_kind(score: Score, kind: str) -> bool:
    if kind == NONE:
        return score.none
    return bool(score.uncertain) if kind == UNCERTAIN else kind in score.framings


def _label_places(ax: Axes, passages: Sequence[ScoredPassage | PlacedPassage]) -> None:
    """Number the axis by page where the document has pages, else by passage."""
    starts: dict[int, int] = {}
    for item in passages:
        if item.passage.page is not None:
            starts.setdefault(item.passage.page, item.passage.number)
    if starts:
        every = -(-len(starts) // _MOST_TICKS)
        shown = list(starts.items())[::every]
        ax.set_xticks([number - 0.5 for _, number in shown], [f"p. {page}" for page, _ in shown], ha="left")
        ax.set_xlabel("Position in the document: first passage of each page")
        return
    last = max((item.passage.number for item in passages), default=1)
    every = next((step for step in _STEPS if last / step <= _MOST_TICKS), last)
    ax.set_xticks(range(every, last + 1, every))
    ax.set_xlabel("Position in the document: number of the passage")
