"""Comparison of groups of documents: a table aspect x group, and what changed from one group to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policyframes.profiles.change import Change
from policyframes.profiles.collection import Collection
from policyframes.profiles.profile import Profile, build_profile


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
