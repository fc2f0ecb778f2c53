"""Finds passages that share a long run of words with a document: text that may not be our own.

Nothing is quoted here but the first words of such a run, so that it can be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policyframes_training.labels.defects import Row
from policyframes_training.labels.records import Fault

RUN_WORDS = 14
_SHOWN_WORDS = 8
_WORD = re.compile(r"[a-z0-9]+")
_Run = tuple[str, ...]


@dataclass(frozen=True)
class Quotation:
    """A run of words that a passage shares with a document.

    Attributes:
        passage: index of the passage.
        document: id of the first document, by id, that holds the run.
        opening: the run's first words, lower-cased.
    """

    passage: int
    document: str
    opening: str


def find_quotations(passages: Sequence[str], documents: Mapping[str, str], size: int = RUN_WORDS) -> list[Quotation]:
    """Return the first run of `size` words of each passage that stands in a document, in the order of the passages.

    Words are stretches of a-z and 0-9 of the lower-cased text: case, points, marks and line ends do not count. Time is
    linear in the length of the documents, memory in that of the passages.

    Args:
        passages: the texts to look at.
        documents: canonical text by document id.
        size: shortest run that counts, in words.
    """
    wanted = {run for text in passages for run in _runs(text, size)}
    holders: dict[_Run, str] = {}
    for name in sorted(documents):
        for run in wanted.intersection(_runs(documents[name], size)):
            holders.setdefault(run, name)
    found = ((number, _first_held(text, holders, size)) for number, text in enumerate(passages))
    return [Quotation(number, holders[run], " ".join(run[:_SHOWN_WORDS])) for number, run in found if run is not None]


def check_quotations(rows: Sequence[Row], documents: Mapping[str, str]) -> Iterator[tuple[int, Fault]]:
    """Yield line and fault of records whose text holds a run of a document's words, unless their note answers for it.

    Args:
        rows: sound records with `id`, `text` and perhaps a `note`.
        documents: canonical text by document id.
    """
    silent = [row for row in rows if not has_note(row)]
    for quotation in find_quotations([row.data["text"] for row in silent], documents):
        row = silent[quotation.passage]
        found = f"{row.data['id']} shares a run of {RUN_WORDS} words or more with {quotation.document}"
        remedy = "Say it in other words; if it is names and citations only, say so in a note."
        yield row.line, ("quoted-text", f"{found}: '{quotation.opening} ...'", "text of our own", remedy)


def has_note(row: Row) -> bool:
    """Return whether a record says why it is as it is."""
    note = row.data.get("note")
    return isinstance(note, str) and note.strip() != ""


def _first_held(text: str, holders: Mapping[_Run, str], size: int) -> _Run | None:
    return next((run for run in _runs(text, size) if run in holders), None)


def _runs(text: str, size: int) -> Iterator[_Run]:
    words = _WORD.findall(text.lower())
    return zip(*(words[at:] for at in range(size)), strict=False)
