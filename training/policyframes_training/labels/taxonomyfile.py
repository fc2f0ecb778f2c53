"""Checks taxonomy.yaml with the line of every fault, where `policyframes.taxonomy` stops at the first.

Looks at the marks of the YAML nodes. Must refuse all that `load_taxonomy` refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from policyframes.taxonomy import is_term
from policyframes_training.labels.records import Fault

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TEXT_TAG = "tag:yaml.org,2002:str"
_TEXTS = ("id", "label", "definition")
# The lists of the file, and which fields of their entries are lists of texts.
_LISTS: dict[str, tuple[str, ...]] = {"framings": (), "aspects": ("terms",)}
# Lists of texts that an entry may lack.
_OPTIONAL: dict[str, tuple[str, ...]] = {"framings": (), "aspects": ("excluded",)}
_CORRECT = "Correct the file."
_Placed = tuple[int, Fault]


def check_taxonomy(text: str) -> list[_Placed]:
    """Return every fault of a taxonomy as (line, fault), ordered by line; broken YAML is one fault."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        return [_describe_broken(error, text)]
    if not isinstance(root, yaml.MappingNode):
        return [_fault(1, "the top level is no mapping", "the keys version, framings, aspects")]
    faults: list[_Placed] = list(_check_keys(root))
    for key, lists in _LISTS.items():
        faults.extend(_check_list(root, key, lists))
    return sorted(faults) or _check_values(text)


def _check_values(text: str) -> list[_Placed]:
    """Return the fault that shows only when values are made: a date that is none, a tag that no plain value has."""
    try:
        yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return [_describe_broken(error, text)]
    return []


def _describe_broken(error: Exception, text: str) -> _Placed:
    line, what = 1, " ".join(str(error).split())
    if isinstance(error, yaml.MarkedYAMLError) and (mark := error.problem_mark or error.context_mark):
        line = mark.line + 1
        what = ": ".join(part for part in (error.context, error.problem) if part)
        # An open quote or bracket is noticed far below where it stands.
        if error.context_mark and error.context_mark.line + 1 < line:
            what += f"; begun on line {error.context_mark.line + 1}"
    elif isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        what = f"the character U+{ord(text[error.position]):04X}"
    return _fault(line, f"no YAML ({what})", "a YAML file in UTF-8")


def _check_list(root: yaml.MappingNode, key: str, lists: tuple[str, ...]) -> Iterator[_Placed]:
    node = _fields(root).get(key)
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        yield _fault(_line(node or root), f"'{key}' is missing or empty", f"a list under '{key}'")
        return
    seen: dict[str, int] = {}
    for number, entry in enumerate(node.value, 1):
        here = f"{key}[{number}]"
        if not isinstance(entry, yaml.MappingNode):
            allowed = f"a mapping with {', '.join((*_TEXTS, *lists))}"
            yield _fault(_line(entry), f"{here} is no mapping", allowed)
            continue
        yield from _check_entry(entry, here, lists, _OPTIONAL[key])
        name = _fields(entry).get("id")
        if name is not None and _is_text(name):
            if not _ID.fullmatch(name.value):
                allowed = "an id of lower-case words joined by hyphens"
                yield _fault(_line(name), f"{here}.id is '{name.value}'", allowed)
            elif name.value in seen:
                found = f"{here}.id is '{name.value}' again, first on line {seen[name.value]}"
                yield _fault(_line(name), found, "each id once")
            seen.setdefault(name.value, _line(name))


def _check_entry(
    entry: yaml.MappingNode, here: str, lists: tuple[str, ...], optional: tuple[str, ...]
) -> Iterator[_Placed]:
    wanted = (*_TEXTS, *lists)
    exactly = f"exactly {', '.join(wanted)}{'; ' + ', '.join(optional) + ' if wanted' if optional else ''}"
    yield from _check_keys(entry)
    fields = _fields(entry)
    for key, _ in entry.value:
        if key.value not in {*wanted, *optional}:
            yield _fault(_line(key), f"{here} has the key '{key.value}'", exactly)
    for name in wanted:
        if name not in fields:
            yield _fault(_line(entry), f"{here} has no '{name}'", exactly)
        elif name in _TEXTS and not _is_text(fields[name]):
            yield _fault(_line(fields[name]), f"{here}.{name} is no text or empty", "text")
        elif name in lists:
            yield from _check_terms(fields[name], f"{here}.{name}")
    for name in optional:
        if name in fields:
            yield from _check_terms(fields[name], f"{here}.{name}")


def _check_terms(node: yaml.Node, here: str) -> Iterator[_Placed]:
    if not isinstance(node, yaml.SequenceNode):
        yield _fault(_line(node), f"{here} is no list", "a list of terms")
        return
    for number, term in enumerate(node.value, 1):
        if not _is_text(term) or not is_term(term.value):
            allowed = "a list of terms, each with a letter or digit and without a hyphen in front"
            yield _fault(_line(term), f"{here}[{number}] is no term", allowed)


def _check_keys(mapping: yaml.MappingNode) -> Iterator[_Placed]:
    """Yield keys that come twice, of which YAML silently keeps the last."""
    seen: dict[str, int] = {}
    for key, _ in mapping.value:
        name = str(key.value)
        if name in seen:
            yield _fault(_line(key), f"the key '{name}' again, first on line {seen[name]}", "each key once")
        seen.setdefault(name, _line(key))


def _fields(mapping: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in mapping.value if _is_text(key)}


def _is_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _TEXT_TAG and bool(node.value.strip())


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _fault(line: int, found: str, allowed: str) -> _Placed:
    return line, ("bad-taxonomy", found, allowed, _CORRECT)
