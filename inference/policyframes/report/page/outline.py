"""What every part of the page refers to: kinds with their looks, groups with their names, places of passages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from policyframes.profiles import CollectedDocument, Comparison, PlacedPassage, Profile, Share
from policyframes.profiles.errors import NONE
from policyframes.profiles.shares import UNCERTAIN
from policyframes.report.explanation import NO_DEFINITION
from policyframes.report.page.hatches import OTHER_LOOKS
from policyframes.report.page.wording import shorten_middle
from policyframes.taxonomy import load_taxonomy

BY_DOCUMENT = "document"

# Colours and hatches are fixed for the framings that ship.
_OWN_LOOKS = ("securitized", "governance", "partnership")
_NOUNS = (BY_DOCUMENT, "year", "administration", "issuer")
_SHORT = 34
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")


@dataclass(frozen=True)
class Kind:
    """A framing, `none` or `uncertain`.

    Attributes:
        id: as in shares.
        label: for people.
        look: name of its colour and hatch in the style sheet.
        key: what the filter calls it.
        definition: from the codebook, or that it holds none; empty for `none` and `uncertain`.
    """

    id: str
    label: str
    look: str
    key: str
    definition: str = ""

    @property
    def name(self) -> str:
        """Return the label as it stands within a sentence."""
        return self.label[:1].lower() + self.label[1:]


@dataclass(frozen=True)
class Group:
    """A group of documents as the page names it.

    Attributes:
        name: as in the comparison.
        label: for people: of a document its title.
        short: the same where there is little room: of a document with a long title its id.
        anchor: id of its part of the page.
        years: of its documents, where they are known, ascending, each once.
        profile: over all its passages.
    """

    name: str
    label: str
    short: str
    anchor: str
    years: tuple[int, ...]
    profile: Profile


@dataclass(frozen=True)
class Outline:
    """The comparison with everything that the parts of the page name or link to.

    Attributes:
        comparison: what the page shows.
        framings: kinds of the framings, in order.
        none: the kind of passages without a framing.
        uncertain: the kind of passages that the model could not settle.
        groups: in the order of the comparison.
        aspects: labels by id.
        anchors: ids of the documents' parts of the page, by document id.
        titles: of documents by id; where two share one, with the id.
    """

    comparison: Comparison
    framings: tuple[Kind, ...]
    none: Kind
    uncertain: Kind
    groups: tuple[Group, ...]
    aspects: Mapping[str, str]
    anchors: Mapping[str, str]
    titles: Mapping[str, str]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return the framings, then none and uncertain."""
        return (*self.framings, self.none, self.uncertain)

    @property
    def decided(self) -> tuple[Kind, ...]:
        """Return what a passage may be decided to be: the framings, or none."""
        return (*self.framings, self.none)

    @property
    def is_by_document(self) -> bool:
        """Return whether each document is a group of its own."""
        return self.comparison.by == BY_DOCUMENT

    @property
    def noun(self) -> str:
        """Return what a group is called; a column of the user's own may have no plural in -s."""
        return self.comparison.by if self.comparison.by in _NOUNS else "group"

    def kind(self, name: str) -> Kind:
        """Return the kind of this id."""
        return next(kind for kind in self.kinds if kind.id == name)

    def group(self, name: str) -> Group:
        """Return the group of this name."""
        return next(group for group in self.groups if group.name == name)

    def name_aspect(self, aspect: str | None) -> str:
        """Return the label of an aspect; for None that all passages are meant."""
        return "All passages" if aspect is None else self.aspects.get(aspect, aspect)

    def link(self, passage: PlacedPassage) -> str:
        """Return the id of the passage's place on the page."""
        return f"{self.anchors[passage.document]}p{passage.passage.number}"


def find_share(profile: Profile, kind: str) -> Share | None:
    """Return the share of a kind where the profile is large enough to state it."""
    share = profile.shares.get(kind)
    return None if share is None or share.value is None or profile.is_too_small else share


def build_outline(comparison: Comparison) -> Outline:
    """Return the outline of a comparison's page."""
    known = {framing.id: framing for framing in load_taxonomy().framings}
    looks = iter(OTHER_LOOKS * len(comparison.collection.framings))
    framings = tuple(
        Kind(
            id=name,
            label=known[name].label if name in known else name,
            look=name if name in _OWN_LOOKS else next(looks),
            key=f"k{number}",
            definition=known[name].definition if name in known else NO_DEFINITION,
        )
        for number, name in enumerate(comparison.collection.framings, 1)
    )
    titles = _find_titles(comparison)
    documents = {document.id: document for document in comparison.collection.documents}
    return Outline(
        comparison=comparison,
        framings=framings,
        none=Kind(NONE, "None", "none", "none"),
        uncertain=Kind(UNCERTAIN, "Uncertain", "uncertain", "uncertain"),
        groups=tuple(
            _build_group(
                number, comparison.profiles[None, name], documents, titles if comparison.by == BY_DOCUMENT else {}
            )
            for number, name in enumerate(comparison.groups, 1)
        ),
        aspects={aspect.id: aspect.label for aspect in comparison.collection.aspects},
        anchors={name: f"d{number}" for number, name in enumerate(documents, 1)},
        titles=titles,
    )


def find_year(document: CollectedDocument) -> int | None:
    """Return the year that the metadata state, taken from a date where they hold one."""
    found = _YEAR.search(document.metadata.get("year", ""))
    return int(found[0]) if found else None


def _find_titles(comparison: Comparison) -> dict[str, str]:
    titles = {document.id: document.title for document in comparison.collection.documents}
    times = Counter(titles.values())
    return {name: title if times[title] == 1 else f"{title} ({name})" for name, title in titles.items()}


def _build_group(
    number: int, profile: Profile, documents: Mapping[str, CollectedDocument], titles: Mapping[str, str]
) -> Group:
    years = {find_year(documents[name]) for name in profile.documents}
    label = titles.get(profile.group, profile.group)
    return Group(
        name=profile.group,
        label=label,
        short=shorten_middle(min(label, profile.group, key=len) if len(label) > _SHORT else label, _SHORT),
        anchor=f"g{number}",
        years=tuple(sorted(year for year in years if year is not None)),
        profile=profile,
    )
