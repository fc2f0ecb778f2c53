"""The profile: which share of a document's, a group's or an aspect's passages carries each framing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policyframes.profiles.collection import Collection, PlacedPassage
from policyframes.profiles.shares import Share, count_shares

# Below this an interval spans most of the scale, and its coverage was not measured.
MIN_PASSAGES = 10


@dataclass(frozen=True)
class Profile:
    """How a set of passages frames its subject.

    Attributes:
        group: the document's id, or the value of the column that groups the documents (`2017`, `Obama`).
        aspect: id of the aspect that the passages speak of; None for all passages.
        documents: ids of the documents that the passages come from.
        passages: in the order of the documents, each in reading order.
        shares: by kind: the framings in their order, then `none` and `uncertain`.
    """

    group: str
    aspect: str | None
    documents: tuple[str, ...]
    passages: tuple[PlacedPassage, ...]
    shares: Mapping[str, Share]

    @property
    def framings(self) -> tuple[str, ...]:
        """Return the ids of the framings in their order."""
        return tuple(kind for kind in self.shares if kind not in {"none", "uncertain"})

    @property
    def is_too_small(self) -> bool:
        """Return whether there are too few passages to say anything of shares."""
        return len(self.passages) < MIN_PASSAGES

    @property
    def dominant(self) -> str | None:
        """Return the framing with the largest estimated share; None where none has a value above 0."""
        known = {name: self.shares[name].value or 0.0 for name in self.framings}
        best = max(known, key=known.__getitem__, default=None)
        return best if best is not None and known[best] > 0 else None

    @property
    def is_clear(self) -> bool:
        """Return whether the interval of the dominant framing lies above those of all other framings."""
        if self.dominant is None:
            return False
        low = self.shares[self.dominant].low or 0.0
        return all(low > (self.shares[name].high or 0.0) for name in self.framings if name != self.dominant)

    def rank(self, framing: str, limit: int = 3) -> tuple[PlacedPassage, ...]:
        """Return the passages in which the framing is decided, most probable first; ties in reading order."""
        decided = [item for item in self.passages if framing in item.score.framings]
        return tuple(sorted(decided, key=lambda item: -item.score.probabilities[framing])[:limit])


def build_profile(
    collection: Collection, *, group: str, documents: Sequence[str] | None = None, aspect: str | None = None
) -> Profile:
    """Return the profile of some of a collection's documents.

    Args:
        collection: the documents.
        group: what to call them.
        documents: their ids; None for all.
        aspect: only the passages that speak of this aspect; None for all passages.
    """
    wanted = set(documents) if documents is not None else {document.id for document in collection.documents}
    chosen = [document for document in collection.documents if document.id in wanted]
    passages = tuple(
        item for document in chosen for item in document.passages if aspect is None or aspect in item.aspects
    )
    shares = count_shares([item.score for item in passages], collection.framings)
    return Profile(group, aspect, tuple(document.id for document in chosen), passages, shares)
