"""Comparison of groups of documents: a table aspect x group, and what changed from one group to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from policyframes.errors import UsageError
from policyframes.profiles.change import Change, adjust_changes, measure_changes
from policyframes.profiles.collection import CollectedDocument, Collection
from policyframes.profiles.errors import find_errors
from policyframes.profiles.metadata import Metadata, check_column
from policyframes.profiles.metadata_sources import is_year
from policyframes.profiles.profile import Profile, build_profile

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes, DataFrame
    from policyframes.profiles.plots import Theme

BY_DOCUMENT = "document"


@dataclass(frozen=True)
class Comparison:
    """Profiles of groups of documents, for all passages and for each aspect.

    Attributes:
        collection: the documents.
        by: the column of the metadata that groups them, or `document`.
        groups: their names in order.
        aspects: None for all passages, then the ids of the aspects.
        profiles: by aspect and group.
        changes: between consecutive groups, by aspect, then by group, then by kind; none where the groups follow no
            order in time, except that two groups are always set against each other.
        is_in_time: whether the groups follow each other in time, as far as the years of their documents say.
    """

    collection: Collection
    by: str
    groups: tuple[str, ...]
    aspects: tuple[str | None, ...]
    profiles: Mapping[tuple[str | None, str], Profile]
    changes: tuple[Change, ...]
    is_in_time: bool = False

    def plot_heatmap(
        self,
        framing: str | None = None,
        ax: Axes | None = None,
        *,
        title: str | None = None,
        theme: Theme | None = None,
    ) -> Axes:
        """Draw aspects by groups: the dominant framing of each cell, or the share of one framing.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        from policyframes.profiles.plots import DEFAULT_THEME, plot_heatmap  # noqa: PLC0415  (it imports this module)

        return plot_heatmap(self, framing, ax, title=title, theme=theme or DEFAULT_THEME)

    def plot_timeline(
        self,
        aspect: str | None = None,
        ax: Axes | None = None,
        *,
        kinds: Sequence[str] | None = None,
        title: str | None = None,
        theme: Theme | None = None,
    ) -> Axes:
        """Draw shares over time, with intervals and administrations.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        from policyframes.profiles.plots import DEFAULT_THEME, plot_timeline  # noqa: PLC0415  (it imports this module)

        return plot_timeline(self, aspect, ax, kinds=kinds, title=title, theme=theme or DEFAULT_THEME)

    def plot_ternary(
        self,
        aspect: str | None = None,
        ax: Axes | None = None,
        *,
        zoom: bool = False,
        title: str | None = None,
        theme: Theme | None = None,
    ) -> Axes:
        """Draw each group in a triangle whose corners are the three framings.

        Raises:
            MissingExtraError: matplotlib or mpltern is not installed.
        """
        from policyframes.profiles.plots import DEFAULT_THEME, plot_ternary  # noqa: PLC0415  (it imports this module)

        return plot_ternary(self, aspect, ax, zoom=zoom, title=title, theme=theme or DEFAULT_THEME)

    def plot_changes(
        self,
        aspect: str | None = None,
        ax: Axes | None = None,
        *,
        title: str | None = None,
        theme: Theme | None = None,
    ) -> Axes:
        """Draw how shares differ between consecutive groups.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        from policyframes.profiles.plots import DEFAULT_THEME, plot_changes  # noqa: PLC0415  (it imports this module)

        return plot_changes(self, aspect, ax, title=title, theme=theme or DEFAULT_THEME)

    def to_pandas(self) -> DataFrame:
        """Return one row per aspect, group and kind, under the names of comparison.csv.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from policyframes.profiles.frames import frame_comparison  # noqa: PLC0415  (it imports this module)

        return frame_comparison(self)

    def changes_to_pandas(self) -> DataFrame:
        """Return one row per change, under the names of changes.csv.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from policyframes.profiles.frames import frame_changes  # noqa: PLC0415  (it imports this module)

        return frame_changes(self.changes)

    def __repr__(self) -> str:
        """Return one line; all fields would be as long as the texts."""
        return f"<Comparison by {self.by}: groups {len(self.groups)}, aspects {len(self.aspects) - 1}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        from policyframes.profiles.notebook import draw_comparison  # noqa: PLC0415  (it imports this module)

        return draw_comparison(self)


def compare(collection: Collection, by: str = BY_DOCUMENT, aspects: Sequence[str] = ()) -> Comparison:
    """Compare groups of a collection's documents.

    Groups that are years are in ascending order; others in that of the earliest year of their documents where it is
    known for every group, else as the documents were given.

    Args:
        collection: the documents with their metadata.
        by: a column of the metadata, or `document` for each document by itself.
        aspects: ids of aspects of the collection, each a row of the table below that of all passages.

    Raises:
        MissingMetadataError: the column is not known of every document.
        UsageError: the collection has no such aspect.
    """
    _check_aspects(collection, aspects)
    groups, is_in_time = _order_groups(_group_documents(collection, by), by)
    rows = (None, *aspects)
    profiles = {
        (aspect, group): build_profile(
            collection, group=group, documents=[document.id for document in documents], aspect=aspect
        )
        for aspect in rows
        for group, documents in groups.items()
    }
    comparison = Comparison(collection, by, tuple(groups), rows, profiles, (), is_in_time)
    return replace(comparison, changes=adjust_changes(tuple(_find_changes(comparison))))


def _find_changes(comparison: Comparison) -> Iterator[Change]:
    if not comparison.is_in_time and len(comparison.groups) != 2:  # noqa: PLR2004  (two need no order)
        return
    errors = find_errors(comparison.collection.bundle, comparison.collection.quality)
    for aspect in comparison.aspects:
        for before, after in pairwise(comparison.groups):
            yield from measure_changes(comparison.profiles[aspect, before], comparison.profiles[aspect, after], errors)


def _check_aspects(collection: Collection, aspects: Sequence[str]) -> None:
    known = [aspect.id for aspect in collection.aspects]
    if unknown := [aspect for aspect in aspects if aspect not in known]:
        raise UsageError(
            where="aspects",
            found=f"{', '.join(map(repr, unknown))}: the collection was not searched for it",
            allowed=", ".join(known) or "none, as no aspects were asked for when it was made",
            remedy="Name the aspects when the collection is made.",
        )


def _group_documents(collection: Collection, by: str) -> dict[str, list[CollectedDocument]]:
    if by != BY_DOCUMENT:
        check_column(Metadata({document.id: document.metadata for document in collection.documents}), by)
    groups: dict[str, list[CollectedDocument]] = {}
    for document in collection.documents:
        groups.setdefault(document.id if by == BY_DOCUMENT else document.metadata[by], []).append(document)
    return groups


def _order_groups(
    groups: Mapping[str, list[CollectedDocument]], by: str
) -> tuple[dict[str, list[CollectedDocument]], bool]:
    """Return the groups in their order, and whether it is one in time."""
    if by != BY_DOCUMENT and all(is_year(group) for group in groups):
        return dict(sorted(groups.items(), key=lambda item: int(item[0]))), True
    spans = {group: _find_span(documents) for group, documents in groups.items()}
    known = {group: span for group, span in spans.items() if span is not None}
    if len(known) < len(groups):
        return dict(groups), False
    ordered = dict(sorted(groups.items(), key=lambda item: known[item[0]]))
    # Groups that take turns, such as parties, do not change into one another.
    in_turn = all(known[before][1] <= known[after][0] for before, after in pairwise(ordered))
    return ordered, in_turn


def _find_span(documents: Sequence[CollectedDocument]) -> tuple[int, int] | None:
    """Return the earliest and the latest year that is known; None where none is."""
    years = [int(year) for document in documents if is_year(year := document.metadata.get("year", ""))]
    return (min(years), max(years)) if years else None
