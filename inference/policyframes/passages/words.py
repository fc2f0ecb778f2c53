"""What a word is, and what a stretch of words tells of itself: broken off, or rubbish. Knows nothing of documents."""

from __future__ import annotations

import re
from enum import Enum

FEWEST_WORDS = 5
# Addresses are longer; the patterns below would also take the square of the length of a hostile one.
_LONGEST_WORD = 60
_MOST_NOISE = 0.25
# With more plain words than this no text is noise.
PLAIN_SHARE = 1 - _MOST_NOISE
_LEAST_NOISE = 2
_SENTENCE_WORDS = 2
_SCRAP_WORDS = 40
_PROSE_WORDS = 3
_PROSE_SHARE = 0.2

# Words that a sentence, and with few exceptions a heading, does not end in.
_OPEN_WORDS = frozenset(
    "a about after against although among an and are as at be because been before between but by can could during each "
    "every for from had has have her his if in including into is its may might must my nor of on or our shall should "
    "since such than that the their these this those through to toward towards under until upon was were when where "
    "whether which while who whose will with within without would your".split()
)
# Questions end in such words: "What we stand for".
_QUESTION = re.compile(r"(?:\W|\d)*(?:what|where|who|whom|whose|why|how|when|which)\b", re.IGNORECASE)
_QUESTION_WORDS = 8
_LAST_WORD = re.compile(r"(?:^|(?<=[\s“\"(—–-]))([A-Za-z]+)$")

# What may stand around a word, and between the parts of one.
_MARKS = "-‐‑–—•*….·,;:!?§|/+=&%$€£()[]<>#`\"“”„«»'‘’"
_PARTS = re.compile(r"['’ʼ&/.,;:?!‐‑–—…-]+")
_LETTER_WORDS = frozenset("aeiouy")
# Acronyms, numbers with what clings to them, addresses.
_OTHER = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?|[\W\d]*\d[\W\d]*[a-zA-Z]{0,3}|(?:https?:|www\.)\S+|\S*@\S+")
_CODE = re.compile(r"[A-Z]{0,4}\d+[A-Z]?|\d+[a-z]{0,2}|[A-Z]")
_MIXED_CASE = re.compile(r"(?:[^\W\d_]{1,3})?(?:[A-Z][a-z]+)+|[A-Z]+(?:s|es|ed|ing|ers)|(?:Ma?c|De|Di|La|Le)[A-Z]+")
# Looked for in a text with a space before it: a pattern that begins with a character is found sooner.
_PLAIN = re.compile(r"\s[^\W\d_]?[a-zà-ÿ]+[.,;:]?(?!\S)")
_SMALL = re.compile(r"(?<!\S)[a-zà-ÿ]{2,}(?=[\s.,;:!?]|$)")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_VOWEL_LETTERS = 4
_ENDED = re.compile(r"""[.!?…]["”’')\]»]*$""")


class _Token(Enum):
    WORD = "word"
    NOISE = "noise"
    OTHER = "other"


def count_words(text: str) -> int:
    """Return the number of words: runs of characters between white space."""
    return len(text.split())


def ends_open(text: str) -> bool:
    """Return whether a stretch breaks off: its last word is an article, preposition, conjunction or auxiliary."""
    last = _LAST_WORD.search(text)
    if last is None or last.group(1) not in _OPEN_WORDS:
        return False
    return not (_QUESTION.match(text) and count_words(text) <= _QUESTION_WORDS)


def is_noise(text: str) -> bool:
    """Return whether a stretch is mostly non-words, as text recognition makes of a map.

    Non-words are tokens that mix letters with marks, or capitals with small letters, in ways that no word does.
    Numbers, acronyms, addresses and marks count neither way. Text in a script without capitals is never noise:
    nothing here can tell.
    """
    tokens = text.split()
    # Nearly all text passes here, some ten times as fast as token by token.
    if len(_PLAIN.findall(f" {text}")) > PLAIN_SHARE * len(tokens) or _is_caseless(text):
        return False
    kinds = [_kind_of(token) for token in tokens]
    words, noise = kinds.count(_Token.WORD), kinds.count(_Token.NOISE)
    return noise >= _LEAST_NOISE and noise >= _MOST_NOISE * (words + noise)


def is_scrap(text: str) -> bool:
    """Return whether a stretch is short and nearly without words in small letters: no prose if rubbish is around it."""
    words = count_words(text)
    return words < _SCRAP_WORDS and len(_SMALL.findall(text)) < max(_PROSE_WORDS, _PROSE_SHARE * words)


def is_fragment(text: str) -> bool:
    """Return whether a stretch that stands alone is no prose: noise, or below five words and no sentence."""
    tokens = text.split()
    if len(tokens) >= FEWEST_WORDS or _is_caseless(text):
        return is_noise(text)
    kinds = [_kind_of(token) for token in tokens]
    return kinds.count(_Token.WORD) < _SENTENCE_WORDS or _Token.NOISE in kinds or not _ENDED.search(text)


def has_word(text: str) -> bool:
    """Return whether a stretch holds a word of two letters or more, or a letter of a script without capitals."""
    return bool(_LETTERS.search(text)) or _is_caseless(text)


def _is_caseless(text: str) -> bool:
    return not text.isascii() and any(char.isalpha() and char.lower() == char.upper() for char in text)


def _kind_of(token: str) -> _Token:
    if len(token) > _LONGEST_WORD:
        return _Token.OTHER
    core = token.strip(_MARKS)
    if len(core) == 1:
        is_stray = core == token and core.isascii() and core.islower() and core not in _LETTER_WORDS
        return _Token.NOISE if is_stray else _Token.WORD if core.isalpha() else _Token.OTHER
    if not core or _OTHER.fullmatch(core):
        return _Token.OTHER
    parts = [part for part in _PARTS.split(core) if not _CODE.fullmatch(part)]
    if not parts:
        return _Token.OTHER
    return _Token.WORD if all(_is_word(part) for part in parts) else _Token.NOISE


def _is_word(part: str) -> bool:
    """Return whether a part holds letters alone, in the case of a word: river, River, RIVER, McBride, NGOs."""
    if not part.isalpha():
        return False
    if len(part) >= _VOWEL_LETTERS and part[1:].islower() and part.isascii() and not _VOWEL.search(part):
        return False
    return part.islower() or part[1:].islower() or part.isupper() or bool(_MIXED_CASE.fullmatch(part))
