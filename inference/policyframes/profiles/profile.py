"""The profile: which share of a document's, a group's or an aspect's passages carries each framing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policyframes.errors import UsageError
from policyframes.profiles.coded import CodedSample, estimate_from_sample
from policyframes.profiles.collection import Collection, PlacedPassage
from policyframes.profiles.errors import find_errors
from policyframes.profiles.shares import MIN_PASSAGES, Share, estimate_shares

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes, DataFrame
    from policyframes.profiles.plots import Theme


@dataclass(frozen=True)
class Profile:
    """How a set of passages frames its subject.

    Attributes:
        group: the document's id, or the value of the column that groups the documents (`2017`, `Obama`).
        aspect: id of the aspect that the passages speak of; None for all passages.
        documents: ids of the group's documents; of an aspect, those that the passages come from.
        passages: in the order of the documents, each in reading order.
        shares: by kind: the framings in their order, then `none` and `uncertain`.
        modelled: the shares as they were without the hand-coded sample; None where no sample corrects `shares`.
        coded: number of passages that the hand-coded sample holds.
    """

    group: str
    aspect: str | None
    documents: tuple[str, ...]
    passages: tuple[PlacedPassage, ...]
    shares: Mapping[str, Share]
    modelled: Mapping[str, Share] | None = None
    coded: int = 0

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

    def plot_shares(
        self,
        ax: Axes | None = None,
        *,
        title: str | None = None,
        theme: Theme | None = None,
    ) -> Axes:
        """Draw the share of each kind with its interval; see `policyframes.profiles.plots`.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        from policyframes.profiles.plots import DEFAULT_THEME, plot_shares  # noqa: PLC0415  (it imports this module)

        return plot_shares(self, ax, title=title, theme=theme or DEFAULT_THEME)

    def to_pandas(self) -> DataFrame:
        """Return one row a kind, under the names of comparison.csv.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from policyframes.profiles.frames import frame_profile  # noqa: PLC0415  (it imports this module)

        return frame_profile(self)

    def __repr__(self) -> str:
        """Return one line; all fields would be as long as the texts."""
        return f"<Profile {self.group!r}, aspect {self.aspect!r}: passages {len(self.passages)}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        from policyframes.profiles.notebook import draw_profile  # noqa: PLC0415  (it imports this module)

        return draw_profile(self)


def build_profile(
    collection: Collection, *, group: str, documents: Sequence[str] | None = None, aspect: str | None = None
) -> Profile:
    """Return the profile of some of a collection's documents.

    Args:
        collection: the documents.
        group: what to call them.
        documents: their ids; None for all.
        aspect: only the passages that speak of this aspect; None for all passages.

    Raises:
        UsageError: the collection has no such document, or was not searched for the aspect.
    """
    known = [document.id for document in collection.documents]
    if unknown := [name for name in documents or () if name not in known]:
        raise UsageError(
            where="documents",
            found=f"no document of the collection is called {unknown[0]!r}",
            allowed=", ".join(known),
            remedy="Leave it out for all documents.",
        )
    if aspect is not None and aspect not in {item.id for item in collection.aspects}:
        raise UsageError(
            where="aspect",
            found=f"the collection was not searched for {aspect!r}",
            allowed=", ".join(item.id for item in collection.aspects) or "none",
            remedy="Name the aspects when the collection is made.",
        )
    wanted = set(known if documents is None else documents)
    chosen = [document for document in collection.documents if document.id in wanted]
    passages = tuple(
        item for document in chosen for item in document.passages if aspect is None or aspect in item.aspects
    )
    errors = find_errors(collection.bundle, collection.quality)
    shares = estimate_shares(passages, collection.framings, errors)
    sources = known if aspect is None else {item.document for item in passages}
    names = tuple(document.id for document in chosen if document.id in sources)
    profile = Profile(group, aspect, names, passages, shares)
    return correct_profile(profile, collection.framings, collection.sample) if collection.sample else profile


def correct_profile(profile: Profile, framings: Sequence[str], sample: CodedSample) -> Profile:
    """Return the profile with its shares corrected by a hand-coded sample, where that holds enough of its passages.

    Args:
        profile: with the shares as the model has them.
        framings: their ids in order.
        sample: codes of passages that were drawn at random.
    """
    coded = sum((item.document, item.passage.number) in sample.framings for item in profile.passages)
    corrected = estimate_from_sample(profile.passages, framings, sample)
    if not corrected:
        return replace(profile, coded=coded)
    return replace(profile, shares={**profile.shares, **corrected}, modelled=profile.shares, coded=coded)
