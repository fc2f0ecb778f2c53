"""The tables of actors in data/, and where a text names one of them.

Finds names and says in which form they stand; what takes their place is `perturbation`'s affair.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

Kind = Literal["country", "home", "organization", "person", "party", "year"]
Role = Literal["name", "adjective", "people", "person", "capital", "short", "title", "decade"]

HOME = "the United States"
_DATA = Path(__file__).parent / "data"
_WORD = re.compile(r"[^\W\d_]+")
_NEXT_WORD = re.compile(r" ([^\W\d_]+)")
_YEAR = re.compile(
    r"(?<![\w$€£.,/-])(?:(?P<year>(?:19|20)\d\d)(?:(?P<to>[-–/])(?P<end>\d\d))?|(?P<decade>(?:19|20)\d0)s)(?![\w,]*\d|\w)"
)
_FUNCTION_WORDS = frozenset(
    "a about across after again against all alone also although am among an and are as at away be because been before "
    "but by can cannot could did do does during either even every for from had has have he her here his how if in into "
    "is it its itself just may might must nor not now of off on once only or our out over per she should since so than "
    "that the their them then there these they this those through to together too toward towards under until up upon "
    "was we were what when where whether which while who whom whose why will with within without would yet you "
    "said says told adds added agreed agrees asked asks became become becomes began begins calls called continues "
    "continued joined joins made makes remains remained seeks sought took takes wants wanted came comes went goes gave "
    "gives got gets put let kept keeps held holds met led leads left lost paid ran saw sees sent set stood told won "
    "wrote knew knows found fell grew brought built bought chose means meant needs faces stands works".split()
)
_DESCRIBING = frozenset({"armed", "allied", "unified", "united", "skilled", "based", "seed", "speed"})


@dataclass(frozen=True)
class Country:
    """A country as countries.csv names it; of several forms the first is the one that is written."""

    name: str
    others: tuple[str, ...]
    adjectives: tuple[str, ...]
    people: tuple[str, ...]
    capitals: tuple[str, ...]

    @property
    def person(self) -> str:
        """Return the word for one of the people."""
        return singular(self.people[0])


@dataclass(frozen=True)
class Tables:
    """All that data/ holds, read once."""

    countries: dict[str, Country]
    organizations: dict[str, dict[str, tuple[str, ...]]]
    masks: dict[str, str]
    persons: dict[str, dict[str, str]]
    given: dict[str, tuple[str, ...]]
    surnames: tuple[str, ...]
    titles: tuple[str, ...]
    no_names: frozenset[str]
    parties: tuple[tuple[dict[str, str], dict[str, str]], ...]
    party_nouns: frozenset[str]
    protected: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """One way in which an entity is written, without the article that running text puts before it."""

    surface: str
    kind: Kind
    group: str
    entity: str
    role: Role
    has_article: bool = False


@dataclass(frozen=True)
class Mention:
    """A form in a text.

    Attributes:
        start: where it begins, the article that belongs to the name included.
        end: where it ends, exclusive.
        form: what stands there.
        attributive: whether it stands before a noun that it describes.
        article: the article that `start` includes; empty where there is none.
        upper: whether it is written in capitals throughout though the form is not.
    """

    start: int
    end: int
    form: Form
    attributive: bool
    article: str
    upper: bool


def singular(people: str) -> str:
    """Return the word for one of a people: Mexicans -> Mexican, Chinese -> Chinese."""
    return people[:-1] if people.endswith("s") and not people.endswith("ss") else people


@lru_cache(maxsize=1)
def load_tables() -> Tables:
    """Return the tables of data/."""
    with (_DATA / "countries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    data: dict[str, Any] = yaml.safe_load((_DATA / "actors.yaml").read_text(encoding="utf-8"))
    countries = [
        Country(row["name"], *(_split(row[column]) for column in ("others", "adjective", "people", "capital")))
        for row in rows
    ]
    return Tables(
        countries={country.name: country for country in countries},
        organizations={
            group: {_split(line)[0]: _split(line) for line in lines} for group, lines in data["organizations"].items()
        },
        masks=data["masks"],
        persons={group: dict(map(_read_person, lines)) for group, lines in data["persons"].items()},
        given={gender: tuple(names) for gender, names in data["given"].items()},
        surnames=tuple(data["surnames"]),
        titles=tuple(data["titles"]),
        no_names=frozenset(data["no-names"]),
        parties=tuple((first, second) for first, second in data["parties"]),
        party_nouns=frozenset(data["party-nouns"]),
        protected=tuple(data["protected"]),
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _read_person(line: str) -> tuple[str, str]:
    full, *alone = _split(line)
    return full, alone[0] if alone else full.split()[-1]


@lru_cache(maxsize=1)
def _index() -> dict[str, tuple[Form, ...]]:
    """Return the forms by their first word, the longest first; "-" means that a name never stands alone."""
    tables = load_tables()
    forms: dict[str, Form] = {}
    # Earlier ones win where two entities share a form.
    for surface, kind, group, entity, role in _list_forms(tables):
        bare = surface.removeprefix("the ")
        if bare != "-":
            forms.setdefault(bare, Form(bare, kind, group, entity, role, has_article=bare != surface))
    index: dict[str, list[Form]] = {}
    for form in forms.values():
        if word := _WORD.search(form.surface):
            index.setdefault(form.surface[: word.end()], []).append(form)
    return {word: tuple(sorted(found, key=lambda form: -len(form.surface))) for word, found in index.items()}


def _list_forms(tables: Tables) -> Iterator[tuple[str, Kind, str, str, Role]]:
    for country in tables.countries.values():
        kind: Kind = "home" if country.name == HOME else "country"
        parts: tuple[tuple[Role, tuple[str, ...]], ...] = (
            ("name", (country.name, *country.others)),
            ("adjective", country.adjectives),
            ("people", country.people),
            ("person", tuple(singular(people) for people in country.people)),
            ("capital", country.capitals),
        )
        yield from ((surface, kind, "countries", country.name, role) for role, forms in parts for surface in forms)
    for group, entities in tables.organizations.items():
        for entity, forms in entities.items():
            for surface in forms:
                yield surface, "organization", group, entity, "short" if _is_short(surface) else "name"
    for group, people in tables.persons.items():
        for full, alone in people.items():
            # Two who share a name are one here, for a text that gives the name alone means either.
            entity = full if alone == "-" else alone
            yield full, "person", group, entity, "name"
            yield alone, "person", group, entity, "short"
    for pair in tables.parties:
        for side in pair:
            yield side["party"], "party", "parties", side["party"], "name"
            yield side["people"], "party", "parties", side["party"], "people"
            yield side["adjective"], "party", "parties", side["party"], "adjective"
            yield side["person"], "party", "parties", side["party"], "person"
    yield "the GOP", "party", "parties", tables.parties[0][0]["party"], "name"


def _is_short(surface: str) -> bool:
    letters = [c for c in surface.removeprefix("the ") if c.isalpha()]
    return sum(c.isupper() for c in letters) > len(letters) / 2


def find_mentions(text: str, kinds: frozenset[Kind]) -> list[Mention]:
    """Return the names of these kinds in a text, in order and apart from each other.

    Names are matched as whole words and with their capitals; of several that begin at one place the longest counts.
    Runs in which a country's name means something else (New Mexico) are no mention of it.
    """
    taken: list[Mention] = []
    end = 0
    for word in _WORD.finditer(text):
        if word.start() < end or (not word[0][0].isupper() and word[0] != "al"):
            continue
        stop = _protected_end(text, word.start())
        if stop:
            end = stop
            continue
        mention = _match(text, word.start(), word[0])
        if mention is not None:
            end = mention.end
            if mention.form.kind in kinds:
                taken.append(mention)
    if "person" in kinds:
        taken += _find_persons(text, taken)
    if "year" in kinds:
        taken += _find_years(text)
    return _drop_overlaps(taken)


def _protected_end(text: str, start: int) -> int:
    for run in load_tables().protected:
        if text.startswith(run, start) and _ends_word(text, start + len(run)):
            return start + len(run)
    return 0


def _match(text: str, start: int, word: str) -> Mention | None:
    for form in _index().get(word, ()):
        if text.startswith(form.surface, start) and _ends_word(text, start + len(form.surface)):
            return _resolve(text, start, form, upper=False)
    # A line in capitals: at least four letters, so that no acronym is taken for a name.
    if word.isupper() and len(word) > 3:  # noqa: PLR2004 # said above
        for form in _index().get(word.capitalize(), ()):
            end = start + len(form.surface)
            if text[start:end] == form.surface.upper() and _ends_word(text, end):
                return _resolve(text, start, form, upper=True)
    return None


def _ends_word(text: str, end: int) -> bool:
    return text[end : end + 1] == "" or not (text[end].isalnum() or text[end] == "_")


def _resolve(text: str, start: int, form: Form, *, upper: bool) -> Mention | None:
    """Settle which of the roles that share a spelling is meant, and take the article in."""
    end = start + len(form.surface)
    attributive = _precedes_noun(text, end)
    role = form.role
    if form.kind in {"country", "home"}:
        if role == "adjective" and not attributive and _is_person(text, start, form):
            role = "person"
        # "U.S. forces", "United States citizens": with "the" before, only the short forms are surely adjectives.
        elif (
            role == "name"
            and form.has_article
            and attributive
            and (_is_short(form.surface) or not _has_the(text, start))
        ):
            role = "adjective"
    if form.kind == "party" and role == "adjective":
        following = _WORD.match(text, end + 1)
        if form.surface == "Democratic" and (following is None or following[0] not in load_tables().party_nouns):
            return None
        if not attributive and form.surface != "Democratic":
            role = "person"
    takes_article = form.has_article and role not in {"adjective", "people", "person"}
    article = text[start - 4 : start] if takes_article and _has_the(text, start) else ""
    chosen = Form(form.surface, form.kind, form.group, form.entity, role, form.has_article)
    return Mention(start - len(article), end, chosen, attributive, article, upper)


def _has_the(text: str, start: int) -> bool:
    return re.search(r"(?<!\w)[Tt]he $", text[:start]) is not None


def _is_person(text: str, start: int, form: Form) -> bool:
    # "a Mexican", "one Mexican": after a verb such as "is" the adjective stays one.
    before = text[:start].rstrip().rpartition(" ")[2].lower()
    country = load_tables().countries[form.entity]
    return before in {"a", "an", "one", "each", "every", "another"} and form.surface == country.person


def _precedes_noun(text: str, end: int) -> bool:
    following = _NEXT_WORD.match(text, end)
    if following is None:
        return False
    word = following[1].lower()
    # "Canada answered": a word in -ed is a verb more often than not.
    return word not in _FUNCTION_WORDS and (not word.endswith("ed") or word in _DESCRIBING)


def _find_persons(text: str, known: list[Mention]) -> Iterator[Mention]:
    """Yield the persons that no table names: after a title or a given name, then wherever the surname returns."""
    tables = load_tables()
    titles = "|".join(re.escape(title) for title in sorted(tables.titles, key=len, reverse=True))
    givens = "|".join(re.escape(name) for names in tables.given.values() for name in names)
    capital = r"[A-ZÀ-Þ][\w’'-]*[a-zà-ÿ]\b(?<!['’]s)"
    titled = re.compile(
        rf"(?<!\w)(?P<title>{titles}) (?:(?P<given>{givens}|[A-Z][a-z]+) )?(?:[A-Z]\. )?(?P<surname>{capital})"
    )
    plain = re.compile(rf"(?<!\w)(?P<title>)(?P<given>{givens}) (?:[A-Z]\. )?(?P<surname>{capital})")
    occupied = [(mention.start, mention.end) for mention in known]
    surnames: dict[str, str] = {}
    for pattern in (titled, plain):
        for match in pattern.finditer(text):
            surname, given = match["surname"], match["given"] or ""
            start = match.start("given") if given else match.start("surname")
            if {surname, given} & tables.no_names or any(start < e and match.end() > s for s, e in occupied):
                continue
            surnames.setdefault(surname, given)
            occupied.append((start, match.end()))
            form = Form(
                text[start : match.end()], "person", f"others {_gender(given)}", surname, "name" if given else "short"
            )
            yield Mention(start, match.end(), form, _precedes_noun(text, match.end()), "", upper=False)
    for surname, given in surnames.items():
        for match in re.finditer(rf"(?<!\w){re.escape(surname)}(?!\w)", text):
            if not any(match.start() < e and match.end() > s for s, e in occupied):
                form = Form(surname, "person", f"others {_gender(given)}", surname, "short")
                yield Mention(match.start(), match.end(), form, _precedes_noun(text, match.end()), "", upper=False)


def _gender(given: str) -> str:
    return next((gender for gender, names in load_tables().given.items() if given in names), "unknown")


def _find_years(text: str) -> Iterator[Mention]:
    for match in _YEAR.finditer(text):
        role: Role = "decade" if match["decade"] else "name"
        form = Form(match[0], "year", "years", match["decade"] or match["year"], role)
        yield Mention(match.start(), match.end(), form, _precedes_noun(text, match.end()), "", upper=False)


def _drop_overlaps(mentions: list[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (m.start, -m.end)):
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return kept
