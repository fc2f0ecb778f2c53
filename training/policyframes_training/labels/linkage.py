"""Which documents must stay on one side: near-duplicates, copied passages, texts of one event, one strategy family.

Finds links and groups. It decides nothing about sides.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np

from policyframes_training.labels.coded import CatalogueEntry
from policyframes_training.labels.nearness import NEAR_THRESHOLD, find_near_pairs, shingle

STRATEGY_KINDS = ("nss", "nds")
# Editions of a series share their form, not an event: only shared wording links them.
SERIES_SUBKINDS = frozenset(
    {"nss", "nds", "nms", "state-hrr", "sotu", "un-general-debate", "crs", "strategy-foreign", "trade-treaty"}
    | {"think-tank-policy-book", "project-document"}
)
# In a smaller collection the share of documents that hold a word says nothing about the word.
_FEW_DOCUMENTS = 10
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_WRITTEN_DATE = re.compile(
    r"(\d{1,2}) (January|February|March|April|May|June|July|August|September|October|November|December) (\d{4})"
)
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True)
class LinkSettings:
    """Thresholds of the links.

    Attributes:
        shingle_words: length of the runs of words by which documents are compared.
        containment: smallest share of the shorter document's runs that the other document holds too.
        common: runs found in more documents than this are formulas (legal boilerplate) and link nothing.
        near_threshold: smallest overlap of two coded passages that counts as nearly equal.
        event_days: two dated texts at most so many days apart may tell of one event,
        event_dated: if the cosine of their TF-IDF vectors is at least this.
        event_news: the same for two undated news reports.
        event_any: the same for any two texts that are no editions of a series.
    """

    shingle_words: int = 8
    containment: float = 0.10
    common: int = 12
    near_threshold: float = NEAR_THRESHOLD
    event_days: int = 4
    event_dated: float = 0.25
    event_news: float = 0.30
    event_any: float = 0.40


@dataclass(frozen=True)
class Link:
    """Two documents that must stay on one side, and why."""

    left: str
    right: str
    reason: str


def measure_containment(texts: Mapping[str, str], settings: LinkSettings) -> dict[tuple[str, str], float]:
    """Return the containment of every pair of documents that share a run of words; exact, no sketch."""
    holders: dict[int, list[str]] = defaultdict(list)
    sizes: dict[str, int] = {}
    for document, text in sorted(texts.items()):
        runs = {hash(run) for run in shingle(text, settings.shingle_words)}
        sizes[document] = len(runs)
        for run in runs:
            holders[run].append(document)
    shared: Counter[tuple[str, str]] = Counter()
    for documents in holders.values():
        if 1 < len(documents) <= settings.common:
            shared.update(combinations(documents, 2))
    return {pair: count / min(sizes[pair[0]], sizes[pair[1]]) for pair, count in sorted(shared.items())}


def link_copies(texts: Mapping[str, str], settings: LinkSettings) -> list[Link]:
    """Link documents of which one holds a good part of the other."""
    overlaps = measure_containment(texts, settings)
    return [Link(*pair, "near-duplicate") for pair, share in overlaps.items() if share >= settings.containment]


def link_passages(passages: Sequence[tuple[str, str]], settings: LinkSettings) -> list[Link]:
    """Link the documents of passages that are equal or nearly equal; each passage is (document, text)."""
    pairs = find_near_pairs([text for _, text in passages], settings.near_threshold)
    found = {tuple(sorted((passages[a][0], passages[b][0]))) for a, b, _ in pairs}
    return [Link(left, right, "passage") for left, right in sorted(found) if left != right]


def link_families(catalogue: Mapping[str, CatalogueEntry]) -> list[Link]:
    """Link the strategies of one administration, so that a family is seen as a whole or not at all."""
    families: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in catalogue.values():
        if entry.kind in STRATEGY_KINDS and entry.administration:
            families[entry.kind, entry.administration].append(entry.id)
    return [
        Link(left, right, "family")
        for members in families.values()
        for left, right in zip(sorted(members), sorted(members)[1:], strict=False)
    ]


def measure_likeness(texts: Mapping[str, str]) -> tuple[list[str], np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """Return the ids, sorted, and the cosines of the documents' TF-IDF vectors, shape (n, n)."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 # takes seconds to import

    ids = sorted(texts)
    vectorizer = TfidfVectorizer(
        sublinear_tf=True,
        stop_words="english",
        min_df=min(2, len(ids)),
        max_df=0.3 if len(ids) > _FEW_DOCUMENTS else 1.0,
        dtype=np.float32,
    )
    vectors = vectorizer.fit_transform(texts[name] for name in ids)
    return ids, np.asarray((vectors @ vectors.T).toarray())


def link_events(
    catalogue: Mapping[str, CatalogueEntry], texts: Mapping[str, str], settings: LinkSettings
) -> list[Link]:
    """Link texts that tell of one event: alike, and close in date where the dates are known."""
    ids, cosines = measure_likeness({name: text for name, text in texts.items() if name in catalogue})
    days = [find_date(catalogue[name]) for name in ids]
    links: list[Link] = []
    lowest = min(settings.event_dated, settings.event_news, settings.event_any)
    for left, right in np.argwhere(np.triu(cosines >= lowest, 1)).tolist():
        one, other = catalogue[ids[left]], catalogue[ids[right]]
        if SERIES_SUBKINDS & {one.subkind, other.subkind}:
            continue
        needed = _needed_cosine((one, other), (days[left], days[right]), settings)
        if cosines[left, right] >= needed:
            links.append(Link(one.id, other.id, "event"))
    return links


def find_date(entry: CatalogueEntry) -> date | None:
    """Return the date that a document's id or title states, if any."""
    if match := _ISO_DATE.search(entry.id):
        year, month, day = (int(part) for part in match.groups())
    elif match := _WRITTEN_DATE.search(entry.title):
        day, month, year = int(match[1]), _MONTHS.index(match[2]) + 1, int(match[3])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def group_documents(ids: Iterable[str], links: Iterable[Link]) -> list[tuple[str, ...]]:
    """Return the groups that the links make, largest first; a document without links is a group of one."""
    parent = {name: name for name in ids}

    def find(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for link in links:
        parent[find(link.left)] = find(link.right)
    members: dict[str, list[str]] = defaultdict(list)
    for name in sorted(parent):
        members[find(name)].append(name)
    return sorted((tuple(group) for group in members.values()), key=lambda group: (-len(group), group))


def _needed_cosine(
    entries: tuple[CatalogueEntry, CatalogueEntry], days: tuple[date | None, date | None], settings: LinkSettings
) -> float:
    if days[0] is not None and days[1] is not None:
        close = abs((days[0] - days[1]).days) <= settings.event_days
        return settings.event_dated if close else settings.event_any
    if entries[0].kind == entries[1].kind == "news":
        return settings.event_news
    return settings.event_any
