"""Break long English words at a few safe places, so that the PDF has hyphenated line ends. No dictionary."""

from __future__ import annotations

_WHOLE_PARTS = (
    "gov-ern", "part-ner", "neigh-bor", "prov-ince", "strat-egy", "com-mit", "com-mis", "com-mon", "con-sti",
    "min-is", "inter-na", "pros-e-cu", "hemi-sphere", "in-sti", "de-part", "re-spon", "mem-ber", "cus-toms",
    "har-bor", "hun-dred", "num-ber", "coun-cil", "reg-is", "mar-ket", "sub-mis", "pro-ce", "per-mit", "agree-ment",
    "doc-u", "for-mal", "in-ter", "dis-as", "sov-er", "ter-ri", "main-tain", "re-quire", "tri-bu", "cap-i",
)  # fmt: skip
_ENDINGS = (
    "ment", "ments", "tion", "tions", "sion", "sions", "ship", "ships", "ness", "less", "ture", "tures", "tive",
    "tional", "sional", "mental",
)  # fmt: skip
_MIN_WORD = 6
_MIN_HEAD = 2


def hyphenate_word(word: str) -> list[tuple[str, str]]:
    """Return the places where a word may be broken, as (head, tail) without the hyphen, longest head first."""
    lower = word.lower()
    if len(word) < _MIN_WORD or not lower.isalpha():
        return []
    places: set[int] = set()
    for part in _WHOLE_PARTS:
        start = lower.find(part.replace("-", ""))
        if start >= 0:
            places.update(_find_breaks(part, start))
    places.update(len(lower) - len(ending) for ending in _ENDINGS if lower.endswith(ending))
    inside = sorted((p for p in places if _MIN_HEAD <= p <= len(word) - _MIN_HEAD - 1), reverse=True)
    return [(word[:place], word[place:]) for place in inside]


def _find_breaks(part: str, start: int) -> list[int]:
    breaks: list[int] = []
    position = start
    for letter in part:
        if letter == "-":
            breaks.append(position)
        else:
            position += 1
    return breaks
