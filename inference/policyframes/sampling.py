"""Passages to code by hand: draws them at random, and owns the columns of the file that they stand in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policyframes.spreadsheet import Value

CODED = "coded_"
_HASH_CHARACTERS = 12


@dataclass(frozen=True)
class Candidate:
    """A passage that may be drawn.

    Attributes:
        document: id of its document.
        passage: its number in the document.
        page: page of its first character, as text; empty where there are none.
        text: the passage.
        stratum: the group that it is drawn from; empty where all are one.
    """

    document: str
    passage: int
    page: str
    text: str
    stratum: str = ""


def draw_sample(candidates: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
    """Return a simple random sample without replacement of each stratum, in random order.

    The order is that of a hash of seed, document and number, so that a part that was coded from the top is a random
    sample too, and a larger sample of the same seed holds the smaller.

    Args:
        candidates: all passages.
        count: how many of each stratum; all of one that has fewer.
        seed: another seed is another sample.
    """
    shuffled = sorted(candidates, key=lambda item: _hash(f"{seed}\n{item.document}\n{item.passage}"))
    drawn: list[Candidate] = []
    seen: dict[str, int] = {}
    for item in shuffled:
        if seen.get(item.stratum, 0) < count:
            seen[item.stratum] = seen.get(item.stratum, 0) + 1
            drawn.append(item)
    return drawn


def sample_columns(framings: Sequence[str]) -> list[str]:
    """Return the names of the columns of `sample_rows`, in order."""
    codes = [f"{CODED}{name}" for name in framings]
    return ["document", "passage", "page", "text", *codes, "note", "drawn_by", "drawn_voice", "text_hash"]


def sample_rows(drawn: Sequence[Candidate], by: str, voice: str = "") -> Iterator[Mapping[str, Value]]:
    """Yield one row per passage to code; what is to be filled in is absent.

    Args:
        drawn: the passages.
        by: column of the groups that each gave as many; empty for one sample of all.
        voice: `own` where passages that report the framing of others were left out before.
    """
    for item in drawn:
        yield {
            "document": item.document,
            "passage": item.passage,
            "page": item.page,
            "text": item.text,
            "drawn_by": by,
            "drawn_voice": voice,
            "text_hash": hash_text(item.text),
        }


def hash_text(text: str) -> str:
    """Return a short hash of a passage that white space does not change and no spreadsheet takes for a number."""
    return "h" + _hash(" ".join(text.split()))[:_HASH_CHARACTERS]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
