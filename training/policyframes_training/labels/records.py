"""What one record of the labels must hold, whatever the others hold.

Each check yields what is wrong as (kind, found, allowed, remedy); `audit` adds file and line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policyframes_training.labels.coded import ADMINISTRATIONS, DOUBTS, KINDS, VOICES

Fault = tuple[str, str, str, str]
_HEX16 = re.compile(r"[0-9a-f]{16}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
# Longer than any document; beyond it the arithmetic on offsets would overflow.
_LONGEST = 10**9
_FIRST_YEAR, _LAST_YEAR = 1776, 2100
# Tab and LF are text; direction marks, zero-width marks and a BOM are not seen, and change what is learnt.
_PLAIN_CONTROLS = frozenset("\t\n")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value == value.strip() != "" and value.isprintable()


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(member, str) for member in value)


Schema = Mapping[str, tuple[Callable[[object], bool], str]]
_CODES: Schema = {
    "framings": (_is_texts, "a list of framings"),
    "primary": (lambda value: value is None or isinstance(value, str), "a framing or null"),
    "voice": (_is_text, "text"),
    "doubt": (_is_int, "a whole number"),
}
PASSAGE: Schema = {
    "id": (_is_id, "an id"),
    "text": (_is_text, "text"),
    **_CODES,
    "source": (lambda value: isinstance(value, dict), "an object with document, start and end"),
}
SOURCE: Schema = {
    "document": (_is_id, "an id"),
    "start": (lambda value: value is None or _is_int(value), "a whole number or null"),
    "end": (lambda value: value is None or _is_int(value), "a whole number or null"),
}
SPAN: Schema = {
    "id": (_is_id, "an id"),
    "document": (_is_id, "an id"),
    "start": (_is_int, "a whole number"),
    "end": (_is_int, "a whole number"),
    "letters": (_is_int, "a whole number"),
    "rolling": (_is_text, "16 hexadecimal digits"),
    "sha256": (_is_text, "64 hexadecimal digits"),
    **_CODES,
    "coder": (_is_id, "the coder's id"),
}
SECOND: Schema = {"id": (_is_id, "an id"), **_CODES, "coder": (_is_id, "the coder's id")}
OPTIONAL = frozenset({"note"})


def check_schema(data: Mapping[str, Any], schema: Schema) -> Iterator[Fault]:
    """Yield missing and unknown fields and values of another type."""
    for name in schema:
        if name not in data:
            yield "missing-field", f"no '{name}'", ", ".join(schema), "Add the field."
    for name, value in data.items():
        if name in OPTIONAL and isinstance(value, str):
            continue
        if name not in schema:
            yield "unknown-field", f"the field {name!r}", ", ".join(schema), "Delete or rename it."
        elif not schema[name][0](value):
            yield "wrong-type", f"{name} is {value!r}", schema[name][1], "Correct the value."


def check_codes(data: Mapping[str, Any], framings: tuple[str, ...]) -> Iterator[Fault]:
    """Yield what is wrong with the codes; `framings` are those of the taxonomy, in order."""
    marked = data["framings"]
    known = [framing for framing in marked if framing in framings]
    for framing in marked:
        if framing not in framings:
            yield (
                "unknown-framing",
                f"the framing {framing!r}",
                ", ".join(framings),
                "Correct it or extend the taxonomy.",
            )
    if known != [framing for framing in framings if framing in known]:
        yield "framing-order", f"framings {marked}", "each once, in the order of the taxonomy", "Sort them."
    primary = data["primary"]
    if (primary is None and marked) or (primary is not None and primary not in marked):
        allowed = "one of the framings, null exactly where there are none"
        yield "bad-primary", f"primary {primary!r} with framings {marked}", allowed, "Correct one of the two."
    if data["voice"] not in VOICES:
        yield "unknown-voice", f"voice {data['voice']!r}", " or ".join(VOICES), "Correct the value."
    if data["doubt"] not in DOUBTS:
        yield "bad-doubt", f"doubt {data['doubt']!r}", "0, 1 or 2", "Correct the value."


def check_text(text: str) -> Iterator[Fault]:
    """Yield what is wrong with a passage's text."""
    if not any(character.isalnum() for character in text):
        yield "empty-text", f"the text {text!r}", "a passage", "Write the passage or delete the record."
    if not unicodedata.is_normalized("NFC", text):
        yield "not-nfc", "decomposed characters", "text in Unicode NFC", "Normalise the line."
    hidden = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs"}} - _PLAIN_CONTROLS
    if hidden:
        names = ", ".join(f"U+{ord(character):04X}" for character in sorted(hidden))
        yield "control-character", f"the characters {names}", "text that can be seen", "Delete them."


def check_bounds(start: int | None, end: int | None) -> Iterator[Fault]:
    """Yield an impossible stretch of text."""
    if start is None and end is None:
        return
    if start is None or end is None or not 0 <= start < end <= _LONGEST:
        yield "bad-bounds", f"start {start} and end {end}", "0 <= start < end, or both null", "Correct the offsets."


def check_anchor(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what no anchor can hold; a letter stream may be longer than its text by ligatures, hence the factor."""
    bad = [name for name, shape in (("rolling", _HEX16), ("sha256", _HEX64)) if not shape.fullmatch(data[name])]
    length = data["end"] - data["start"]
    if data["letters"] < 1 or (length > 0 and data["letters"] > 4 * length):
        bad.append("letters")
    if bad:
        found = ", ".join(f"{name} {data[name]!r}" for name in bad)
        allowed = "letters of the span, rolling in 16 and sha256 in 64 lower-case hexadecimal digits"
        yield "bad-anchor", found, allowed, "Make the anchor anew with `policyframes labels anchor`."


def check_entry(data: Mapping[str, str]) -> Iterator[Fault]:
    """Yield what is wrong with one row of the catalogue."""
    if not data["id"].strip():
        yield "missing-field", "no id", "an id", "Add it."
    year = data["year"]
    if year and not (year.isdecimal() and _FIRST_YEAR <= int(year) <= _LAST_YEAR):
        yield "bad-year", f"year {year!r}", "four digits or nothing", "Correct the year."
    if data["administration"] and data["administration"] not in ADMINISTRATIONS:
        found = f"administration {data['administration']!r}"
        yield "bad-administration", found, f"{', '.join(ADMINISTRATIONS)}, or nothing", "Correct the name."
    if data["kind"] not in KINDS:
        yield "unknown-kind", f"kind {data['kind']!r}", ", ".join(KINDS), "Correct the kind."
    if data["words"] and not data["words"].isdecimal():
        yield "wrong-type", f"words {data['words']!r}", "a whole number or nothing", "Correct the count."
    if data["sha256"] and not _HEX64.fullmatch(data["sha256"]):
        yield "bad-hash", f"sha256 {data['sha256']!r}", "64 lower-case hexadecimal digits or nothing", "Correct it."
