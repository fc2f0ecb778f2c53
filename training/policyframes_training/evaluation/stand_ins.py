"""What takes the place of a name: neutral words, or another name of its class in the same form.

Knows one passage at a time, in which an actor keeps its stand-in. Spelling around the name is `perturbation`'s affair.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Protocol

from policyframes_training.evaluation.actors import Country, Mention, load_tables

Replaced = tuple[int, int, str]

# Of the first country of a passage, of the second, and of any other.
_COUNTRY_MASKS = (
    {"name": "the country", "adjective": "national", "people": "the citizens", "capital": "the capital"},
    {"name": "the neighboring state", "adjective": "neighboring", "people": "the neighbors", "capital": "that capital"},
    {"name": "another state", "adjective": "other", "people": "others", "capital": "another capital"},
)
_HOME_MASK = {"name": "the nation", "adjective": "home", "people": "the people", "capital": "the capital"}
_PARTY_MASKS = (
    {"name": "the party", "adjective": "party", "people": "party members", "person": "party member"},
    {"name": "the other party", "adjective": "other-party", "people": "members of the other party"},
)
_PERSON_MASKS = {"presidents": "the president", "foreign-leaders": "the leader"}
_YEAR_SHIFTS = tuple(shift for shift in range(-12, 13) if abs(shift) > 1)
_DECADE_SHIFTS = (-20, -10, 10, 20)
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
_DETERMINER = re.compile(
    r"(?<!\w)(?:[Tt]he|[Aa]n?|[Oo]ur|[Ii]ts|[Tt]heir|[Tt]his|[Tt]hat|[Hh]is|[Hh]er|[Mm]y|[Ee]very|[Nn]o) $"
)
_YEAR_PREPOSITION = re.compile(
    r"(?i)(?<!\w)(?:in|of|since|by|until|from|during|after|before|for|to|through|and|between|late|early) $"
)
_MONTH_BEFORE = re.compile(r"[A-Z][a-z]+\.?(?: \d{1,2},?)? $")


class StandIns(Protocol):
    """Chooses what takes the place of a mention."""

    def replace(self, text: str, mention: Mention) -> Replaced:
        """Return the stretch of the text that goes, and the words that come."""
        ...


class Masks:
    """Puts neutral words in the place of the names of one passage."""

    def __init__(self) -> None:
        self._tables = load_tables()
        self._order: dict[str, list[str]] = {}

    def replace(self, text: str, mention: Mention) -> Replaced:
        """Return the stretch of the text that goes, and the words that come."""
        form = mention.form
        start, end = mention.start, mention.end
        if form.kind == "year":
            return _mask_year(text, mention)
        if form.kind == "person":
            return self._mask_person(text, mention)
        words = self._tables.masks[form.group] if form.kind == "organization" else self._mask_group(mention)
        if words.startswith("the ") and (mention.attributive or _DETERMINER.search(text[:start])):
            words = words.removeprefix("the ") if not mention.article else words
        return start, end, words

    def _mask_group(self, mention: Mention) -> str:
        form = mention.form
        order = self._order.setdefault(form.kind, [])
        if form.entity not in order:
            order.append(form.entity)
        masks: Sequence[dict[str, str]] = {"home": (_HOME_MASK,), "party": _PARTY_MASKS}.get(form.kind, _COUNTRY_MASKS)
        mask = masks[min(order.index(form.entity), len(masks) - 1)]
        if form.role == "person":
            return mask.get("person", "citizen" if form.kind != "party" else "member of the other party")
        return mask.get(form.role, mask["name"])

    def _mask_person(self, text: str, mention: Mention) -> Replaced:
        start, end = mention.start, mention.end
        words = _PERSON_MASKS.get(mention.form.group, "the official")
        if re.match(r" [Aa]dministrations?\b", text[end:]):
            return start, end + 1, ""
        title = next(
            (t for t in self._titles() if text[:start].endswith(f"{t} ") and _is_apart(text, start - len(t) - 1)), ""
        )
        if title:
            start -= len(title) + 1
            words = words if title.endswith(".") else f"the {title}"
        if _DETERMINER.search(text[:start]):
            words = words.removeprefix("the ") + ("'s" if mention.attributive else "")
        elif mention.attributive and not title:
            words += "'s"
        return start, end, words

    def _titles(self) -> list[str]:
        return sorted(self._tables.titles, key=len, reverse=True)


class Swaps:
    """Puts other names of the same class in the place of the names of one passage."""

    def __init__(self, mentions: Sequence[Mention], chance: random.Random) -> None:
        """Draw a stand-in for every actor that is mentioned; none is mentioned itself or stands for two."""
        self._tables = load_tables()
        self._chance = chance
        self._shift = chance.choice(_YEAR_SHIFTS)
        self._decades = chance.choice(_DECADE_SHIFTS)
        self._chosen: dict[tuple[str, str], str] = {}
        taken: dict[str, set[str]] = {}
        for mention in mentions:
            taken.setdefault(mention.form.group, set()).add(mention.form.entity)
        for mention in mentions:
            group, entity = mention.form.group, mention.form.entity
            if (group, entity) in self._chosen or mention.form.kind in {"year", "party"}:
                continue
            free = [name for name in self._pool(group) if name not in taken[group]]
            if free:
                self._chosen[group, entity] = chance.choice(free)
                taken[group].add(self._chosen[group, entity])

    def _pool(self, group: str) -> list[str]:
        tables = self._tables
        if group == "countries":
            # One without a capital of its own name could not take a capital's place.
            return [name for name, country in tables.countries.items() if country.capitals]
        if group in tables.organizations:
            return list(tables.organizations[group])
        if group in tables.persons:
            # A name that never stands alone could not take the place of one that does.
            return sorted({alone for alone in tables.persons[group].values() if alone != "-"})
        return list(tables.surnames)

    def replace(self, text: str, mention: Mention) -> Replaced:
        """Return the stretch of the text that goes, and the words that come."""
        form = mention.form
        if form.kind == "year":
            return mention.start, mention.end, self._shift_year(mention)
        if form.kind == "party":
            return mention.start, mention.end, self._swap_party(text, mention)
        chosen = self._chosen.get((form.group, form.entity))
        if chosen is None:
            return mention.start, mention.end, text[mention.start : mention.end]
        if form.kind == "person":
            return mention.start, mention.end, self._name_person(mention, chosen)
        if form.kind == "organization":
            forms = self._tables.organizations[form.group][chosen]
            words = forms[min(len(forms) - 1, 1)] if form.role == "short" else forms[0]
        else:
            words = _name_country(self._tables.countries[chosen], mention)
        return mention.start, mention.end, _fit_the(text, mention, words)

    def _name_person(self, mention: Mention, chosen: str) -> str:
        form, tables = mention.form, self._tables
        if form.group in tables.persons:
            fulls = [full for full, alone in tables.persons[form.group].items() if chosen in {full, alone}]
            return fulls[0] if form.role == "name" else chosen
        if form.role != "name":
            return chosen
        given = tables.given.get(form.group.removeprefix("others "), ())
        # The surname settles the given name, so that it stays the same within the passage.
        return f"{given[sum(map(ord, chosen + form.entity)) % len(given)]} {chosen}" if given else chosen

    def _swap_party(self, text: str, mention: Mention) -> str:
        for pair in self._tables.parties:
            for side, other in (pair, pair[::-1]):
                if side["party"] == mention.form.entity:
                    role = "party" if mention.form.role == "name" else mention.form.role
                    return _fit_the(text, mention, other[role])
        return text[mention.start : mention.end]

    def _shift_year(self, mention: Mention) -> str:
        surface = mention.form.surface
        if mention.form.role == "decade":
            return f"{_keep_in_range(int(surface[:4]) + self._decades)}s"
        first = int(surface[:4])
        moved = _keep_in_range(first + self._shift)
        rest = re.fullmatch(r"\d{4}([-–/])(\d\d)", surface)
        return f"{moved}{rest[1]}{(int(rest[2]) + moved - first) % 100:02}" if rest else str(moved)


def _keep_in_range(year: int) -> int:
    return min(max(year, _FIRST_YEAR), _LAST_YEAR)


def _name_country(country: Country, mention: Mention) -> str:
    return {
        "adjective": country.adjectives[0],
        "people": country.people[0],
        "person": country.person,
        "capital": country.capitals[0],
    }.get(mention.form.role, country.name)


def _fit_the(text: str, mention: Mention, words: str) -> str:
    """Give the new name the article that its place asks for."""
    bare = words.removeprefix("the ")
    if mention.article and mention.attributive and mention.form.kind == "organization":
        return f"the {bare}"
    is_described = mention.attributive and not mention.article and mention.form.role in {"name", "short"}
    follows_hyphen = text[mention.start - 1 : mention.start] == "-" or text[mention.end : mention.end + 1] == "-"
    if is_described or follows_hyphen or (not mention.article and _DETERMINER.search(text[: mention.start])):
        return bare
    return words


def _mask_year(text: str, mention: Mention) -> Replaced:
    start, end = mention.start, mention.end
    before = text[:start]
    if mention.form.role == "decade":
        article = 4 if before[-4:].lower() == "the " else 0
        return start - article, end, "that decade"
    if before.endswith(("iscal year ", "iscal Year ")):
        return start - 1, end, ""
    if mention.attributive and _DETERMINER.search(before):
        return start, end + 1, ""
    if _YEAR_PREPOSITION.search(before) or _MONTH_BEFORE.search(before) or not mention.attributive:
        return start, end, "that year"
    return start, end, "that year's"


def _is_apart(text: str, at: int) -> bool:
    return at <= 0 or not text[at - 1].isalnum()
