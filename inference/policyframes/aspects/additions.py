"""Joins the aspects of the taxonomy with those of the user: a file, and words on the command line.

Owns the form of both. What a user adds, adds; a term of the taxonomy is dropped by excluding it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from policyframes.aspects.terms import expand_term
from policyframes.errors import TaxonomyError, UsageError
from policyframes.taxonomy import Aspect, load_taxonomy

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TEXTS = ("label", "definition")
_LISTS = ("terms", "excluded")
_FORM = "ID=TERM,TERM,-EXCLUDED TERM, such as 'water=water,river,-water down'"


@dataclass(frozen=True)
class _Addition:
    """What a user says of one aspect; `where` names the place for errors."""

    where: str
    id: str
    terms: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    label: str = ""
    definition: str = ""


def read_aspects(path: Path | str | None = None, additions: Sequence[str] = ()) -> tuple[Aspect, ...]:
    """Return the aspects of the taxonomy with the user's, new ones behind, in the order that they were given.

    Args:
        path: YAML file with a list `aspects` in the taxonomy's form: `id`, `terms`, `excluded`, `label`, `definition`.
            An aspect of the taxonomy gains the terms; a new id is a new aspect and must have terms.
        additions: the same as text, `ID=TERM,TERM,-EXCLUDED TERM`.

    Raises:
        TaxonomyError: the file is missing, is no YAML, or does not have that form.
        UsageError: an addition does not have that form.
    """
    given = [*(_read_file(Path(path)) if path is not None else ()), *map(_read_text, additions)]
    aspects = {aspect.id: aspect for aspect in load_taxonomy().aspects}
    for addition in given:
        aspects[addition.id] = _add(aspects.get(addition.id), addition)
    return tuple(aspects.values())


def _add(known: Aspect | None, addition: _Addition) -> Aspect:
    if known is None:
        if not addition.terms:
            raise UsageError(
                where=addition.where,
                found=f"the new aspect '{addition.id}' without a term",
                allowed="terms for a new aspect, or exclusions for one that exists",
                remedy="Add a term, or correct the id.",
            )
        label = addition.id.replace("-", " ").capitalize()
        known = Aspect(addition.id, label, "As its terms say.", ())
    return replace(
        known,
        label=addition.label or known.label,
        definition=addition.definition or known.definition,
        terms=tuple(dict.fromkeys((*known.terms, *addition.terms))),
        excluded=tuple(dict.fromkeys((*known.excluded, *addition.excluded))),
    )


def _read_text(text: str) -> _Addition:
    where = f"aspect '{text}'"
    name, sign, listed = text.partition("=")
    name, entries = name.strip(), [entry.strip() for entry in listed.split(",")]
    if not sign or not any(entries):
        raise UsageError(where=where, found="no terms behind '='", allowed=_FORM, remedy="Write id, '=' and terms.")
    if not _ID.fullmatch(name):
        allowed = "an id of lower-case words joined by hyphens, such as 'fresh-water'"
        raise UsageError(where=where, found=f"the id '{name}'", allowed=allowed, remedy="Correct the id.")
    terms = [entry for entry in entries if entry and not entry.startswith("-")]
    excluded = [entry.removeprefix("-").strip() for entry in entries if entry.startswith("-")]
    for term in (*terms, *excluded):
        if not expand_term(term):
            found = f"the term '{term}' that does not begin with a word"
            raise UsageError(where=where, found=found, allowed=_FORM, remedy="Delete or correct it.")
    return _Addition(where, name, tuple(terms), tuple(excluded))


def _read_file(path: Path) -> list[_Addition]:
    try:
        data = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        found = f"it cannot be read ({' '.join(str(error).split())})"
        raise _fault(path, found, "a YAML file in UTF-8") from error
    if not isinstance(data, dict) or set(data) != {"aspects"}:
        # A copy of the taxonomy would look as if deleting a term there dropped it.
        allowed = "the key aspects alone; what it lists is added to the taxonomy, and 'excluded' drops a term"
        keys = f"the keys {', '.join(map(str, data))}" if isinstance(data, dict) else "no mapping"
        raise _fault(path, keys, allowed)
    if not isinstance(data["aspects"], list) or not data["aspects"]:
        raise _fault(path, "'aspects' holds no list", "a list with id and terms of each aspect")
    return [_read_entry(path, f"aspects[{number}]", entry) for number, entry in enumerate(data["aspects"], 1)]


def _read_entry(path: Path, here: str, entry: object) -> _Addition:
    wanted = "id, terms, and if wanted excluded, label, definition"
    if not isinstance(entry, dict) or "id" not in entry or not set(entry) <= {"id", *_TEXTS, *_LISTS}:
        raise _fault(path, f"{here} has other keys", wanted)
    if not isinstance(entry["id"], str) or not _ID.fullmatch(entry["id"]):
        raise _fault(path, f"{here}.id is {entry['id']!r}", "lower-case words joined by hyphens")
    for name in _TEXTS:
        if name in entry and not (isinstance(entry[name], str) and entry[name].strip()):
            raise _fault(path, f"{here}.{name} is {entry[name]!r}", "text")
    lists = {name: _read_terms(path, f"{here}.{name}", entry[name]) for name in _LISTS if name in entry}
    if not any(lists.values()):
        raise _fault(path, f"{here} has no terms", wanted)
    texts = {name: entry[name] for name in _TEXTS if name in entry}
    return _Addition(f"{path}: {here}", entry["id"], **{"terms": (), **lists, **texts})


def _read_terms(path: Path, here: str, terms: Any) -> tuple[str, ...]:  # noqa: ANN401 # YAML holds anything
    if not isinstance(terms, list):
        raise _fault(path, f"{here} is no list", "a list of terms")
    for number, term in enumerate(terms, 1):
        if not isinstance(term, str) or not expand_term(term) or term.startswith("-"):
            allowed = "text that begins with a word; one to leave out stands under 'excluded' without a hyphen"
            raise _fault(path, f"{here}[{number}] is {term!r}", allowed)
    return tuple(terms)


def _fault(path: Path, found: str, allowed: str) -> TaxonomyError:
    return TaxonomyError(where=str(path), found=found, allowed=allowed, remedy="Correct the file and try again.")
