"""Tables of named cells -> coded rows and their framings, by the documented columns.

Collects what is wrong with the rows and refuses them together, so that a file is corrected once.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from policyframes.errors import LabelsError
from policyframes.taxonomy import Taxonomy
from policyframes_training.corpus.dataset_reader import SIDE_NAMES, Row, Table, refuse
from policyframes_training.labels.coded import DOUBTS, VOICES, Side

Origin = Literal["rewrite", "original"]
ORIGINS: tuple[Origin, ...] = ("rewrite", "original")
KNOWN = ("id", "text", "framings", "primary", "voice", "doubt", "document", "split", "origin")
# More would not be read in one go.
MOST_NAMED = 20

_FLAGS = {"": False, "0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}
_DOUBTS = {**{str(doubt): doubt for doubt in DOUBTS}, **{f"{doubt}.0": doubt for doubt in DOUBTS}}
_VOICES = {voice: voice for voice in VOICES}
_ORIGINS: dict[str, Origin] = {origin: origin for origin in ORIGINS}
_NO_ID = re.compile(r"[^a-z0-9]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_QUOTE = 60

_T = TypeVar("_T")


@dataclass(frozen=True)
class CodedRow:
    """One passage with its codes. `side`, `primary` and `voice` are None where the data do not say."""

    place: str
    id: str
    text: str
    framings: tuple[str, ...]
    primary: str | None
    voice: str | None
    doubt: int
    document: str
    origin: Origin
    side: Side | None


@dataclass(frozen=True)
class CodedRows:
    """All rows, the ids of the framings in their order, and in `notes` what was assumed."""

    rows: tuple[CodedRow, ...]
    framings: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Reading:
    """What is known before the first row is read, and the faults as (place, found, allowed).

    Attributes:
        ids: id of a framing by every normalised name that stands for it.
        framings: ids in their order.
        flags: id of the framing by 0/1 column; None where the labels are lists in `framings`.
        faults: grows.
    """

    ids: Mapping[str, str]
    framings: tuple[str, ...]
    flags: Mapping[str, str] | None
    faults: list[tuple[str, str, str]] = field(default_factory=list)

    def note_fault(self, row: Row, found: str, allowed: str) -> None:
        self.faults.append((row.place, found, allowed))


def read_rows(tables: Sequence[Table], taxonomy: Taxonomy | None, *, where: str) -> CodedRows:
    """Return the coded rows of all tables.

    Args:
        tables: from `read_tables`.
        taxonomy: names and orders the framings; None to take the labels found, sorted.
        where: the data, for messages.

    Raises:
        LabelsError: a column is missing, or rows are wrong: the first `MOST_NAMED` of them are named.
    """
    columns = {column for table in tables for column in table.columns}
    if "text" not in columns:
        raise refuse(where, f"no column 'text' among {', '.join(sorted(columns)) or 'none'}")
    rows = [row for table in tables for row in table.rows]
    flags = None if "framings" in columns else _find_flags(rows, columns, taxonomy)
    if flags is not None and not flags:
        raise refuse(where, f"no label column among {', '.join(sorted(columns))}")
    ids = _identify_framings(_iterate_labels(rows) if flags is None else flags, taxonomy)
    reading = _Reading(
        ids=ids,
        framings=taxonomy.framing_ids if taxonomy else tuple(sorted(set(ids.values()))),
        flags=None if flags is None else {column: ids[_key(column)] for column in flags},
    )
    _check_framings(reading, where)
    coded = [_read_row(row, table.side, reading) for table in tables for row in table.rows]
    _check_together(coded, reading)
    if reading.faults:
        raise _refuse_rows(reading.faults, where)
    notes = [note for table in tables for note in table.notes]
    if taxonomy is None:
        notes.append(f"no taxonomy: {len(ids)} framings from the labels found: {', '.join(reading.framings)}")
    if unread := sorted(columns - {*KNOWN, *(flags or ())}):
        notes.append(f"columns that are not read: {', '.join(unread)}")
    return CodedRows(tuple(_complete(coded)), reading.framings, tuple(notes))


def name_framing(label: str) -> str:
    """Return the id of a label: words in lower case joined by hyphens, such as `public-opinion`; empty for none.

    Accents are dropped; a label that begins with a digit gets `framing-` before it.
    """
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    name = _NO_ID.sub("-", plain).strip("-")
    return f"framing-{name}" if name[:1].isdigit() else name


def _key(label: str) -> str:
    """Return what two spellings of one label share; of a label without Latin letters, the label itself."""
    return name_framing(label) or label.strip().casefold()


def _find_flags(rows: Sequence[Row], columns: set[str], taxonomy: Taxonomy | None) -> list[str]:
    """Return the 0/1 columns: those named after the taxonomy's framings; without one, those mostly of 0 and 1."""
    others = sorted(columns - {*KNOWN})
    if taxonomy is not None:
        ids = _identify_framings((), taxonomy)
        return [column for column in others if _key(column) in ids]
    return [column for column in others if name_framing(column) and _holds_flags([r.cells.get(column) for r in rows])]


def _holds_flags(values: Sequence[object]) -> bool:
    filled = [value for value in values if not _is_blank(value)]
    return 2 * sum(_read_flag(value) is not None for value in filled) > len(filled)


def _read_flag(value: object) -> bool | None:
    return False if value is None else _FLAGS.get(str(value).strip().lower())


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _identify_framings(labels: Iterable[str], taxonomy: Taxonomy | None) -> dict[str, str]:
    """Return the id of a framing by every normalised name that stands for it."""
    if taxonomy is None:
        return {name: name for label in labels if (name := name_framing(label))}
    by_label = {_key(framing.label): framing.id for framing in taxonomy.framings}
    return {**by_label, **{framing: framing for framing in taxonomy.framing_ids}}


def _iterate_labels(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield from _split_list(row.cells.get("framings")) or ()


def _split_list(value: object) -> list[str] | None:
    """Return the labels of a cell; None for what is no list of them."""
    if value is None:
        return []
    if isinstance(value, str):
        if not value.strip().startswith("["):
            return [part.strip() for part in value.split(";") if part.strip()]
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if isinstance(value, list) and all(isinstance(part, str) and part.strip() for part in value):
        return [str(part).strip() for part in value]
    return None


def _check_framings(reading: _Reading, where: str) -> None:
    if not reading.framings:
        raise refuse(where, "no label in any row", "at least one framing in some rows")
    if taken := sorted({*reading.framings} & {*KNOWN}):
        raise refuse(where, f"a framing of the name '{taken[0]}'", f"other names than {', '.join(KNOWN)}")
    if reading.flags is not None and (absent := [f for f in reading.framings if f not in reading.flags.values()]):
        raise refuse(where, f"no column for {', '.join(absent)}", "a 0/1 column for each framing of the taxonomy")


def _read_row(row: Row, side: Side | None, reading: _Reading) -> CodedRow:
    present = _read_list(row, reading) if reading.flags is None else _read_flags(row, reading.flags, reading)
    return CodedRow(
        place=row.place,
        id=_read_plain(row, "id"),
        text=_read_passage(row, reading),
        framings=tuple(framing for framing in reading.framings if framing in present),
        primary=_read_primary(row, present, reading),
        voice=_read_choice(row, "voice", _VOICES, default=None, reading=reading),
        doubt=_read_choice(row, "doubt", _DOUBTS, default=0, reading=reading),
        document=_read_plain(row, "document"),
        origin=_read_choice(row, "origin", _ORIGINS, default=ORIGINS[0], reading=reading),
        side=side or _read_choice(row, "split", SIDE_NAMES, default=None, reading=reading),
    )


def _read_passage(row: Row, reading: _Reading) -> str:
    text = row.cells.get("text")
    if not isinstance(text, str) or not any(character.isalnum() for character in text):
        reading.note_fault(row, "no text" if _is_blank(text) else f"the text {_quote(text)}", "a passage in 'text'")
        return ""
    if _SURROGATE.search(text):
        reading.note_fault(row, "half a character (a lone surrogate)", "text in Unicode")
        return ""
    return text


def _read_list(row: Row, reading: _Reading) -> set[str]:
    value = row.cells.get("framings")
    labels = _split_list(value) if "framings" in row.cells else None
    if labels is None:
        found = f"framings {_quote(value)}" if "framings" in row.cells else "no 'framings'"
        reading.note_fault(row, found, "a list of labels, empty where there is none; in CSV labels split by ';'")
        return set()
    for label in labels:
        if _key(label) not in reading.ids:
            allowed = f"of the framings {', '.join(reading.framings)}, their ids or their labels in the taxonomy"
            reading.note_fault(row, f"the framing {_quote(label)}", allowed)
    return {reading.ids[key] for label in labels if (key := _key(label)) in reading.ids}


def _read_flags(row: Row, flags: Mapping[str, str], reading: _Reading) -> set[str]:
    present: set[str] = set()
    for column, framing in flags.items():
        flag = _read_flag(row.cells.get(column))
        if flag is None:
            reading.note_fault(row, f"{column} {_quote(row.cells[column])}", "0, 1 or nothing in a framing's column")
        elif flag:
            present.add(framing)
    return present


def _read_primary(row: Row, present: set[str], reading: _Reading) -> str | None:
    value = row.cells.get("primary")
    if _is_blank(value):
        return None
    primary = reading.ids.get(_key(str(value)))
    if primary not in present:
        reading.note_fault(row, f"primary {_quote(value)}", "one of the row's framings in 'primary', or nothing")
    return primary


def _read_choice(row: Row, column: str, choices: Mapping[str, _T], *, default: _T, reading: _Reading) -> _T:
    value = row.cells.get(column)
    if _is_blank(value):
        return default
    choice = choices.get(str(value).strip().lower())
    if choice is None:
        allowed = ", ".join(name for name in choices if not name.endswith(".0"))
        reading.note_fault(row, f"{column} {_quote(value)}", f"{allowed} in '{column}'")
        return default
    return choice


def _read_plain(row: Row, column: str) -> str:
    value = row.cells.get(column)
    return "" if value is None else str(value).strip()


def _quote(value: object) -> str:
    quoted = ascii(value) if isinstance(value, str) and _SURROGATE.search(value) else repr(value)
    return quoted if len(quoted) <= _LONGEST_QUOTE else f"{quoted[:_LONGEST_QUOTE]}…"


def _check_together(rows: Sequence[CodedRow], reading: _Reading) -> None:
    """Note ids that come twice, and rows without a split among rows with one."""
    seen: dict[tuple[str, Origin], str] = {}
    for row in rows:
        if row.id and (first := seen.setdefault((row.id, row.origin), row.place)) != row.place:
            found = f"the id {_quote(row.id)} again, first in {first}"
            reading.faults.append((row.place, found, "each id once (a rewrite and its original share one)"))
    if any(row.side for row in rows):
        named = {place for place, _, _ in reading.faults}
        reading.faults.extend(
            (row.place, "no split", "train, validation or test in every row, or in none")
            for row in rows
            if row.side is None and row.place not in named
        )


def _refuse_rows(faults: Sequence[tuple[str, str, str]], where: str) -> LabelsError:
    bad = len({place for place, _, _ in faults})
    named = "; ".join(f"{place}: {found}" for place, found, _ in faults[:MOST_NAMED])
    more = f"; and {len(faults) - MOST_NAMED} faults more" if len(faults) > MOST_NAMED else ""
    allowed = "; ".join(dict.fromkeys(allowed for _, _, allowed in faults))
    return refuse(where, f"{bad} bad row{'s' if bad > 1 else ''}. {named}{more}", allowed)


def _complete(rows: Iterable[CodedRow]) -> Iterator[CodedRow]:
    """Yield the rows with an id from the text where they have none, and a document of their own likewise.

    Such an id does not depend on the order of the rows; equal texts are numbered, ordered by their codes.
    """
    unnamed: defaultdict[str, list[CodedRow]] = defaultdict(list)
    for row in rows:
        if row.id:
            yield replace(row, document=row.document or row.id)
        else:
            unnamed[hashlib.sha256(row.text.encode()).hexdigest()[:12]].append(row)
    for name, equal in unnamed.items():
        counts: Counter[str] = Counter()
        for row in sorted(equal, key=lambda row: (row.side or "", row.document, row.framings, row.origin)):
            counts[name] += 1
            number = f"{name}-{counts[name]}" if counts[name] > 1 else name
            yield replace(row, id=number, document=row.document or number)
