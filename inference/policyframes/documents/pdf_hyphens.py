"""Decides what becomes of a hyphen at a line's end. Knows nothing of pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from policyframes.documents.pdf_words import LINE_HYPHEN

# First parts that English writes with a hyphen as a rule, whatever follows.
_COMPOUND_PREFIXES = frozenset(
    "self non ex cross half all well ill high low long short multi anti counter post pre pro semi quasi "
    "vice much so-called third second first two three four five six seven eight nine ten mid state".split()
)
LINE_HYPHENS = ("-", "\u2010", LINE_HYPHEN)
_LAST_PART = re.compile(r"([\w’']+(?:[-\u2010][\w’']+)*)[-\u2010\u00ad]$")
_FIRST_PART = re.compile(r"[\w’']+")
_WORD = re.compile(r"[\w’']+(?:[-\u2010][\w’']+)*")


class Hyphens:
    """Joins words over line ends, with the document itself as the dictionary.

    The hyphen goes where the joined word occurs elsewhere in the document. It stays where the hyphenated word
    does, where the next line starts with a capital or a digit, where the part before it has a hyphen of its own
    or is a common first part of compounds (`self-`, `cross-`, ...). In all other cases it goes.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._words = Counter[str]()
        for line in lines:
            # The last word may be a half one; the first of the next line likewise, which the counts outweigh.
            self._words.update(word.casefold() for word in _WORD.findall(line.rstrip("".join(LINE_HYPHENS)))[1:-1])

    def join(self, before: str, after: str) -> tuple[str, str]:
        """Return what is written of the line so far, and what goes between it and the next.

        Args:
            before: text up to the line's end.
            after: text of the next line.
        """
        if not before.endswith(LINE_HYPHENS):
            return before, " "
        bare = before[:-1]
        soft = before.endswith(LINE_HYPHEN)
        last = _LAST_PART.search(before)
        first = _FIRST_PART.match(after)
        if last is None or first is None:
            # A dash with space around it, or a hyphen before punctuation.
            return (bare + "-", " ") if bare.endswith(" ") or not bare else (bare + "-", "")
        return (bare + "-" if self._keeps(last.group(1), first.group(0), soft=soft) else bare), ""

    def _keeps(self, left: str, right: str, *, soft: bool) -> bool:  # noqa: ARG002 - PDFium calls real hyphens soft too
        if not right[0].isalpha() or (right[0].isupper() and not (left + right).isupper()) or not left[-1].isalpha():
            return True
        joined, hyphenated = (left + right).casefold(), f"{left}-{right}".casefold()
        if self._words[joined] != self._words[hyphenated]:
            return self._words[hyphenated] > self._words[joined]
        return "-" in left or left.casefold() in _COMPOUND_PREFIXES
