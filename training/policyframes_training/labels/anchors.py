"""Stand-off anchors: where a coded span lies in a copy of its document, without holding the text.

Owns the letter stream and its hashes. It never guesses: what does not resolve is returned by name.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from policyframes.errors import AnchorError

# Any odd number has powers that never vanish modulo 2**64; a large one spreads short windows over all 64 bits.
ROLLING_BASE = 0x9E3779B97F4A7C15
_WORD = 1 << 64
_ASCII = 128
_OPENING = frozenset("([{“‘«‹„‚\"'$£€¡¿")
_CLOSING = frozenset(")]}”’»›\"'.,;:!?…%")
_JAMO = range(0x1160, 0x1200)

How = Literal["offset", "search", "repeated"]


@dataclass(frozen=True)
class Anchor:
    """A span without its text.

    Attributes:
        id: id of the span.
        document: id of the document.
        start: offset of the span in the canonical text, in Unicode code points.
        end: where it ends, exclusive.
        letters: count of the span's letters and digits.
        rolling: polynomial hash of the letters modulo 2**64, 16 hexadecimal digits.
        sha256: hash of the letters in UTF-8, 64 hexadecimal digits.
    """

    id: str
    document: str
    start: int
    end: int
    letters: int
    rolling: str
    sha256: str


@dataclass(frozen=True)
class Resolved:
    """Where an anchor lies in one copy: `text[start:end]`.

    `how` is `offset` (the stored offsets hold), `search` (found by its letters) or `repeated` (found several
    times, and the place nearest to the stored offset was taken; the letters are the same, so the codes hold).
    """

    id: str
    start: int
    end: int
    how: How


@dataclass(frozen=True)
class Unresolved:
    """An anchor that has no place in the copy, and why."""

    id: str
    document: str
    reason: str


@dataclass(frozen=True)
class Resolution:
    """All anchors of a run: each is in exactly one of the two."""

    resolved: tuple[Resolved, ...]
    unresolved: tuple[Unresolved, ...]


@dataclass(frozen=True)
class LetterStream:
    """The letters and digits of a text, lower-cased, and where each came from.

    The stream is the text in NFKC, lower-cased character by character, with all but letters and digits dropped.
    So white space, hyphens, quotes, line ends, ligatures and composed or decomposed accents make no difference.

    Attributes:
        text: the text that was read.
        codes: code points of the letters, shape (n,).
        offsets: offset in `text` of the character that each letter came from, shape (n,), never falling.
    """

    text: str
    codes: npt.NDArray[np.uint64]
    offsets: npt.NDArray[np.int64]

    @classmethod
    def from_text(cls, text: str) -> LetterStream:
        """Return the letter stream of a text."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)
        ascii_at = points < _ASCII
        clusters = _find_clusters(text, ascii_at)
        plain = ascii_at.copy()
        for start, end in clusters:
            plain[start:end] = False
        table = _ascii_table()
        lowered = table[np.where(plain, points, 0)]
        kept = np.flatnonzero(lowered)
        extra = [(start, ord(letter)) for start, end in clusters for letter in _letters_of(text[start:end])]
        if not extra:
            return cls(text, lowered[kept].astype(np.uint64), kept.astype(np.int64))
        more = np.array(extra, dtype=np.int64)
        offsets = np.concatenate([kept, more[:, 0]])
        codes = np.concatenate([lowered[kept], more[:, 1]])
        # Stable, so that the letters of one ligature keep their order.
        order = np.argsort(offsets, kind="stable")
        return cls(text, codes[order].astype(np.uint64), offsets[order])

    @property
    def letters(self) -> str:
        """Return the letters as a string."""
        return self.codes.astype("<u4").tobytes().decode("utf-32-le")

    @cached_property
    def powers(self) -> npt.NDArray[np.uint64]:
        """Return the powers of the base, shape (n,)."""
        powers = np.full(len(self.codes), np.uint64(ROLLING_BASE))
        if len(powers):
            powers[0] = 1
        return np.asarray(np.multiply.accumulate(powers), dtype=np.uint64)

    @cached_property
    def sums(self) -> npt.NDArray[np.uint64]:
        """Return the prefix sums of the polynomial hash, shape (n + 1,)."""
        # uint64 arithmetic wraps around, which is the modulus that the hash is defined with.
        return np.concatenate([np.zeros(1, np.uint64), np.cumsum(self.codes * self.powers, dtype=np.uint64)])

    def window_at(self, start: int, end: int) -> tuple[int, int]:
        """Return the indices of the letters that `text[start:end]` holds, end exclusive."""
        first, last = np.searchsorted(self.offsets, [start, end], side="left")
        return int(first), int(last)

    def hash_window(self, first: int, last: int) -> str:
        """Return the sha256 of the letters from `first` to `last`, end exclusive."""
        letters = self.codes[first:last].astype("<u4").tobytes().decode("utf-32-le")
        return hashlib.sha256(letters.encode("utf-8")).hexdigest()

    def find_windows(self, anchor: Anchor) -> list[int]:
        """Return the index of every window of letters that is the anchor's, confirmed by sha256."""
        count = anchor.letters
        if not 0 < count <= len(self.codes):
            return []
        starts = len(self.codes) - count + 1
        wanted = np.uint64(int(anchor.rolling, 16)) * self.powers[:starts]
        hits = np.flatnonzero(self.sums[count:] - self.sums[:starts] == wanted)
        return [int(at) for at in hits if self.hash_window(int(at), int(at) + count) == anchor.sha256]


def hash_letters(letters: str) -> tuple[str, str]:
    """Return the rolling hash and the sha256 of a string of letters, in hexadecimal digits."""
    value = 0
    for letter in reversed(letters):
        value = (value * ROLLING_BASE + ord(letter)) % _WORD
    return f"{value:016x}", hashlib.sha256(letters.encode("utf-8")).hexdigest()


def normalise_letters(text: str) -> str:
    """Return the letter stream of a text as a string."""
    return LetterStream.from_text(text).letters


def make_anchor(span_id: str, document: str, *, text: str | LetterStream, start: int, end: int) -> Anchor:
    """Return the anchor of `text[start:end]`.

    Args:
        span_id: id of the span.
        document: id of the document.
        text: canonical text of the document, or its letter stream.
        start: where the span starts, in code points.
        end: where it ends, exclusive.

    Raises:
        AnchorError: the bounds do not lie in the text, or the span holds no letter.
    """
    stream = text if isinstance(text, LetterStream) else LetterStream.from_text(text)
    if not 0 <= start < end <= len(stream.text):
        raise AnchorError(
            where=f"{document}, span {span_id}",
            found=f"start {start} and end {end} in a text of {len(stream.text)} characters",
            allowed="0 <= start < end <= length",
            remedy="Correct the offsets; they count Unicode code points of the canonical text.",
        )
    first, last = stream.window_at(start, end)
    if first == last:
        raise AnchorError(
            where=f"{document}, span {span_id}",
            found="no letter or digit",
            allowed="a span with at least one letter",
            remedy="Correct the offsets.",
        )
    letters = stream.codes[first:last].astype("<u4").tobytes().decode("utf-32-le")
    rolling, sha256 = hash_letters(letters)
    return Anchor(span_id, document, start, end, last - first, rolling, sha256)


def resolve_anchor(anchor: Anchor, text: str | LetterStream) -> Resolved | Unresolved:
    """Find an anchor in a copy of its document: by offset where the letters there are right, else by search."""
    stream = text if isinstance(text, LetterStream) else LetterStream.from_text(text)
    first, last = stream.window_at(anchor.start, anchor.end)
    if last - first == anchor.letters and stream.hash_window(first, last) == anchor.sha256:
        return Resolved(anchor.id, anchor.start, anchor.end, "offset")
    places = stream.find_windows(anchor)
    if not places:
        return Unresolved(anchor.id, anchor.document, "its letters do not occur in this copy")
    nearest = min(places, key=lambda at: abs(int(stream.offsets[at]) - anchor.start))
    start, end = _trim_window(stream, nearest, nearest + anchor.letters)
    return Resolved(anchor.id, start, end, "search" if len(places) == 1 else "repeated")


def resolve_spans(anchors: Iterable[Anchor], texts: Mapping[str, str]) -> Resolution:
    """Find many anchors in the copies of their documents.

    Args:
        anchors: in any order; the result is ordered by document, then as given.
        texts: text by document id. An anchor whose document is absent is unresolved.
    """
    by_document: dict[str, list[Anchor]] = {}
    for anchor in anchors:
        by_document.setdefault(anchor.document, []).append(anchor)
    resolved: list[Resolved] = []
    unresolved: list[Unresolved] = []
    for document, members in sorted(by_document.items()):
        if document not in texts:
            unresolved.extend(Unresolved(a.id, document, "there is no copy of the document") for a in members)
            continue
        # One stream at a time, so that memory stays that of one document.
        stream = LetterStream.from_text(texts[document])
        for anchor in members:
            result = resolve_anchor(anchor, stream)
            if isinstance(result, Resolved):
                resolved.append(result)
            else:
                unresolved.append(result)
    return Resolution(tuple(resolved), tuple(unresolved))


def anchor_fields(anchor: Anchor) -> dict[str, Any]:
    """Return the anchor's fields in the order that labels/spans.jsonl has them."""
    return {
        "id": anchor.id,
        "document": anchor.document,
        "start": anchor.start,
        "end": anchor.end,
        "letters": anchor.letters,
        "rolling": anchor.rolling,
        "sha256": anchor.sha256,
    }


@lru_cache(maxsize=1)
def _ascii_table() -> npt.NDArray[np.int64]:
    # Zero stands for "dropped"; NUL is no letter, so nothing is lost.
    return np.array([ord(chr(c).lower()) if chr(c).isalnum() else 0 for c in range(_ASCII)], dtype=np.int64)


def _find_clusters(text: str, ascii_at: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the stretches that must be normalised as one: a character and the marks that compose with it."""
    clusters: list[tuple[int, int]] = []
    for position in np.flatnonzero(~ascii_at).tolist():
        joins = unicodedata.combining(text[position]) != 0 or ord(text[position]) in _JAMO
        if joins and clusters and clusters[-1][1] == position:
            clusters[-1] = (clusters[-1][0], position + 1)
        elif joins and position and text[position - 1].isascii():
            clusters.append((position - 1, position + 1))
        else:
            clusters.append((position, position + 1))
    return clusters


@lru_cache(maxsize=4096)
def _letters_of(cluster: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", cluster).lower() if c.isalnum())


def _trim_window(stream: LetterStream, first: int, last: int) -> tuple[int, int]:
    """Return offsets from the first letter to the last, with the quotes and full stops that adjoin them."""
    text = stream.text
    start = int(stream.offsets[first])
    end = int(stream.offsets[last - 1]) + 1
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    while start > 0 and text[start - 1] in _OPENING and not (start > 1 and text[start - 2].isalnum()):
        start -= 1
    while end < len(text) and text[end] in _CLOSING:
        end += 1
    return start, end
