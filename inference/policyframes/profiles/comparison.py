"""Comparison of groups of documents: a table aspect x group, and what changed from one group to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policyframes.profiles.collection import Collection
from policyframes.profiles.profile import Profile, build_profile


@dataclass(frozen=True)
class Change:
    """How a share differs between two consecutive groups.

    Attributes:
        aspect: id of the aspect; None for all passages.
        kind: id of a framing, or `none`.
        before: the earlier group.
        after: the later group.
        difference: share after minus share before, -1 to 1; None where either is unknown.
        low: lower end of the 95 % interval of the difference, for this change alone.
        high: upper end.
        p_value: of the test that nothing changed, for this change alone.
        adjusted_p_value: the same, allowing for all changes that the comparison tests.
        is_significant: whether the adjusted p-value is below 0.05.
    """

    aspect: str | None
    kind: str
    before: str
    after: str
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    adjusted_p_value: float | None
    is_significant: bool


@dataclass(frozen=True)
class Comparison:
    """Profiles of groups of documents, for all passages and for each aspect.

    Attributes:
        collection: the documents.
        by: the column of the metadata that groups them, or `document`.
        groups: their names in order.
        aspects: None for all passages, then the ids of the aspects.
        profiles: by aspect and group.
        changes: between consecutive groups, by aspect, then by group, then by kind.
    """

    collection: Collection
    by: str
    groups: tuple[str, ...]
    aspects: tuple[str | None, ...]
    profiles: Mapping[tuple[str | None, str], Profile]
    changes: tuple[Change, ...]


def compare(collection: Collection, by: str = "document", aspects: Sequence[str] = ()) -> Comparison:
    """Compare groups of a collection's documents.

    Args:
        collection: the documents with their metadata.
        by: a column of the metadata, or `document` for each document by itself.
        aspects: ids of aspects of the collection, each a row of the table below that of all passages.
    """
    members: dict[str, list[str]] = {}
    for document in collection.documents:
        members.setdefault(document.id if by == "document" else document.metadata[by], []).append(document.id)
    rows = (None, *aspects)
    profiles = {
        (aspect, group): build_profile(collection, group=group, documents=ids, aspect=aspect)
        for aspect in rows
        for group, ids in members.items()
    }
    return Comparison(collection, by, tuple(members), rows, profiles, ())
