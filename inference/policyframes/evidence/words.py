"""The words of a passage as the models see them, with their places in the passage as it stands.

Knows of no model and of no weight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from policyframes.backends.ngram import extract_ngrams

# White space parts words but for a line end after a hyphen inside a word, which is typesetting.
_CHUNK = re.compile(r"(?:(?<=[a-z])[-\u00ad]\n(?=[a-z])|\S)+")
_WORD = re.compile(r"[^\W_](?:(?<=[a-z])[-\u00ad]\n(?=[a-z])|['’](?=[^\W_])|[^\W_])*")
_WORDS_ALONE = {"word_ngrams": [1, 1], "char_ngrams": None}
_REMEMBERED = 50_000
_LONGEST_REMEMBERED = 40

_Parts = tuple[tuple[int, int, tuple[str, ...]], ...]

# Words that hold sentences together and say nothing of their subject. Pronouns such as "our" and modals such as
# "must" are among them: they may be evidence, but not for being many.
STOP_WORDS = frozenset(
    "a about after all also although am among an and any are as at be because been before being between both but by "
    "can could did do does during each either every few for from further had has have he her hers him his how i if in "
    "into is it its itself just may me might more most much must my no nor not of off on once only onto or other our "
    "ours out over own same shall she should since so some such than that the their theirs them themselves then there "
    "these they this those though through to too toward towards under until up upon us very was we were what when "
    "where whether which while who whom whose why will with within without would yet you your".split()
)


@dataclass(frozen=True)
class Word:
    """A word of a passage.

    Attributes:
        start: offset of its first character in the passage's text, in code points.
        end: offset behind its last character.
        forms: what the models of words read in its place, in lower case and without typesetting; nearly always one.
    """

    start: int
    end: int
    forms: tuple[str, ...]

    @property
    def is_stop_word(self) -> bool:
        """Return whether the word alone says nothing of a subject; single letters and figures say nothing either."""
        return all(form in STOP_WORDS or len(form) == 1 for form in self.forms)


def find_words(text: str) -> tuple[Word, ...]:
    """Return the words of a text in reading order.

    A word that a line end parts is one word, and its place holds the hyphen and the line end. The parts of a compound
    such as `cross-border` are words of their own, as they are to the models.
    """
    return tuple(
        Word(chunk.start() + start, chunk.start() + end, forms)
        for chunk in _CHUNK.finditer(text)
        for start, end, forms in _look_up(chunk.group())
    )


def delete_words(text: str, words: Sequence[Word]) -> str:
    """Return the text without some of its words; what stood between them stays.

    Args:
        text: the passage.
        words: some of its words, in reading order.
    """
    parts, at = [], 0
    for word in words:
        parts.append(text[at : word.start])
        at = word.end
    return "".join([*parts, text[at:]])


def _look_up(chunk: str) -> _Parts:
    # What is longer is rare in running text, and would fill the memory with the texts of those who mean harm.
    return _remember(chunk) if len(chunk) <= _LONGEST_REMEMBERED else _split_chunk(chunk)


@lru_cache(maxsize=_REMEMBERED)
def _remember(chunk: str) -> _Parts:
    return _split_chunk(chunk)


def _split_chunk(chunk: str) -> _Parts:
    """Return start, end and forms of each word between two white spaces."""
    whole = tuple(extract_ngrams(chunk, _WORDS_ALONE))
    found = [(match.start(), match.end()) for match in _WORD.finditer(chunk)]
    forms = [tuple(extract_ngrams(chunk[start:end], _WORDS_ALONE)) for start, end in found]
    if tuple(form for part in forms for form in part) == whole and all(forms):
        return tuple((start, end, part) for (start, end), part in zip(found, forms, strict=True))
    # Normalising joined or made words across marks, such as ™: the chunk stands for all of them.
    return ((0, len(chunk), whole),) if whole else ()
