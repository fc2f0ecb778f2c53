"""Framings and aspects with their definitions, read from one file (labels/taxonomy.yaml).

Owns the order of the framings. Says nothing about how a framing is recognised.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policyframes.errors import TaxonomyError
from policyframes.resources import taxonomy_path

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Framing:
    """One way in which a passage may treat its subject."""

    id: str
    label: str
    definition: str


@dataclass(frozen=True)
class Aspect:
    """One subject whose framing is traced, with the terms that show it.

    Attributes:
        id: lower-case words joined by hyphens.
        label: as results name it.
        definition: what it covers.
        terms: a passage that holds one of them speaks of the aspect.
        excluded: terms that hide the mentions which they cover: `drug prices` hides a `drug`.
    """

    id: str
    label: str
    definition: str
    terms: tuple[str, ...]
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taxonomy:
    """The framings and aspects of one version of the codebook.

    Attributes:
        version: version of the codebook.
        framings: in the order used everywhere.
        aspects: in the order of the file; it may name none.
        sha256: hash of the file's bytes, recorded in every bundle and run.
    """

    version: str
    framings: tuple[Framing, ...]
    aspects: tuple[Aspect, ...]
    sha256: str

    @property
    def framing_ids(self) -> tuple[str, ...]:
        """Return the ids of the framings in their order."""
        return tuple(framing.id for framing in self.framings)


def load_taxonomy(path: Path | str | None = None) -> Taxonomy:
    """Read a taxonomy file; without a path, the one that ships with this version.

    Raises:
        TaxonomyError: the file is missing, no YAML, or does not follow the schema.
    """
    return _read(Path(path) if path is not None else taxonomy_path())


@cache
def _read(path: Path) -> Taxonomy:
    try:
        raw = path.read_bytes()
        data = yaml.safe_load(raw)
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise _fault(path, f"it cannot be read ({error})", "a YAML file in UTF-8") from error
    if not isinstance(data, dict):
        raise _fault(path, "the top level is no mapping", "the keys version, framings, aspects")
    framings = tuple(Framing(**fields) for fields in _entries(path, data, "framings"))
    # Who measures framings alone has no aspects to name.
    listed = _entries(path, data, "aspects", ("terms",), optional=("excluded",)) if "aspects" in data else []
    aspects = tuple(Aspect(**fields) for fields in listed)
    return Taxonomy(
        version=str(data.get("version", "")),
        framings=framings,
        aspects=aspects,
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _entries(
    path: Path, data: dict[str, Any], key: str, lists: tuple[str, ...] = (), *, optional: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    entries = data.get(key)
    if not isinstance(entries, list) or not entries:
        raise _fault(path, f"'{key}' is missing or empty", f"a list under '{key}'")
    texts = ("id", "label", "definition")
    seen: set[str] = set()
    result: list[dict[str, Any]] = []
    for number, entry in enumerate(entries, 1):
        here = f"{key}[{number}]"
        if not isinstance(entry, dict) or set(entry) - set(optional) != {*texts, *lists}:
            may = f"; {', '.join(optional)} if wanted" if optional else ""
            raise _fault(path, f"{here} has other keys", f"exactly {', '.join((*texts, *lists))}{may}")
        for name in texts:
            if not isinstance(entry[name], str) or not entry[name].strip():
                raise _fault(path, f"{here}.{name} is {entry[name]!r}", "text")
        given = [name for name in (*lists, *optional) if name in entry]
        for name in given:
            if not isinstance(entry[name], list) or not all(map(is_term, entry[name])):
                raise _fault(
                    path,
                    f"{here}.{name} holds something else than text",
                    "a list of terms, each with a letter or digit",
                )
        if not _ID.fullmatch(entry["id"]) or entry["id"] in seen:
            raise _fault(path, f"{here}.id is {entry['id']!r}", "a new id of lower-case words joined by hyphens")
        seen.add(entry["id"])
        result.append({**entry, **{name: tuple(entry[name]) for name in given}})
    return result


def is_term(value: object) -> bool:
    """Return whether a value of the file may be a term; with a hyphen in front it would look like an exclusion."""
    return isinstance(value, str) and not value.startswith("-") and any(map(str.isalnum, value))


def _fault(path: Path, found: str, allowed: str) -> TaxonomyError:
    return TaxonomyError(where=str(path), found=found, allowed=allowed, remedy="Correct the file and try again.")
