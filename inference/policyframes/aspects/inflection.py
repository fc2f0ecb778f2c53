"""The forms that a term's words take in English: plurals, possessives, forms of verbs, British spellings.

Forms are made from the term, never words led back to a stem, so that "importing" is found for "import" and
"important" is not. A made-up form ("ganged") is never in a text and does no harm; a form that is a common word of its
own is left out.
"""

from __future__ import annotations

import re
from functools import cache

_PLURALS = {
    "analysis": "analyses",
    "axis": "axes",
    "basis": "bases",
    "child": "children",
    "crisis": "crises",
    "criterion": "criteria",
    "curriculum": "curricula",
    "datum": "data",
    "foot": "feet",
    "goose": "geese",
    "half": "halves",
    "hypothesis": "hypotheses",
    "knife": "knives",
    "leaf": "leaves",
    "life": "lives",
    "loaf": "loaves",
    "medium": "media",
    "memorandum": "memoranda",
    "mouse": "mice",
    "oasis": "oases",
    "person": "people",
    "phenomenon": "phenomena",
    "referendum": "referenda",
    "shelf": "shelves",
    "synthesis": "syntheses",
    "thesis": "theses",
    "thief": "thieves",
    "tooth": "teeth",
    "wife": "wives",
    "wolf": "wolves",
}
# Past forms; those that are common words of their own (left, saw, felt, rose, wound, bore, ground) are left out.
_PASTS = {
    "begin": "began begun",
    "bind": "bound",
    "bleed": "bled",
    "break": "broke broken",
    "breed": "bred",
    "bring": "brought",
    "build": "built",
    "buy": "bought",
    "catch": "caught",
    "choose": "chose chosen",
    "come": "came",
    "cut": "",
    "deal": "dealt",
    "draw": "drew drawn",
    "drive": "drove driven",
    "eat": "ate eaten",
    "fall": "fell fallen",
    "feed": "fed",
    "fight": "fought",
    "find": "found",
    "flee": "fled",
    "fly": "flew flown",
    "forbid": "forbade forbidden",
    "freeze": "froze frozen",
    "get": "got gotten",
    "give": "gave given",
    "go": "went gone",
    "grow": "grew grown",
    "hide": "hid hidden",
    "hit": "",
    "hold": "held",
    "hurt": "",
    "keep": "kept",
    "know": "knew known",
    "lead": "led",
    "lend": "lent",
    "lose": "lost",
    "make": "made",
    "meet": "met",
    "overcome": "overcame",
    "overthrow": "overthrew overthrown",
    "pay": "paid",
    "put": "",
    "ride": "rode ridden",
    "run": "ran",
    "seek": "sought",
    "sell": "sold",
    "send": "sent",
    "set": "",
    "shoot": "shot",
    "shut": "",
    "sink": "sank sunk",
    "speak": "spoke spoken",
    "spend": "spent",
    "split": "",
    "spread": "",
    "steal": "stole stolen",
    "strike": "struck stricken",
    "swear": "swore sworn",
    "take": "took taken",
    "teach": "taught",
    "tell": "told",
    "think": "thought",
    "throw": "threw thrown",
    "undertake": "undertook undertaken",
    "uphold": "upheld",
    "win": "won",
    "withdraw": "withdrew withdrawn",
    "write": "wrote written",
}
# Words in -man that have no plural in -men.
_NOT_MEN = frozenset({"german", "human", "norman", "oman", "ottoman", "roman", "shaman", "talisman"})
# Nouns that stand before their adjective take the plural: attorneys general.
POSTPOSED = frozenset({"general"})
# The word before one of these is the head of its term: ports of entry, cracking down on.
PREPOSITIONS = frozenset("against at between by down for from in into of off on out over to under up with".split())
_ONE_SYLLABLE = re.compile(r"[^aeiouy]*(?:qu)?[aeiou][^aeiouwxy]")
_CLOSED = re.compile(r".*[^aeiou](?:qu)?[aeiouy][^aeiouwxy]")
_SPELLINGS = (
    (re.compile(r"iz(?=(?:e|e[ds]|ers?|ing|ations?)$)"), "is"),
    (re.compile(r"is(?=(?:e|e[ds]|ers?|ing|ations?)$)"), "iz"),
    (re.compile(r"^(behavi|col|endeav|harb|hon|lab|neighb)or"), r"\1our"),
    (re.compile(r"^(behavi|col|endeav|harb|hon|lab|neighb)our"), r"\1or"),
    (re.compile(r"^(def|off|lic)ense"), r"\1ence"),
    (re.compile(r"^(def|off|lic)ence"), r"\1ense"),
    (re.compile(r"^center"), "centre"),
    (re.compile(r"^centre"), "center"),
    (re.compile(r"^program$"), "programme"),
    (re.compile(r"^programme$"), "program"),
)


@cache
def list_spellings(word: str) -> frozenset[str]:
    """Return a word in lower case in its British and American spellings."""
    return frozenset({word, *(shape.sub(other, word) for shape, other in _SPELLINGS)})


@cache
def list_forms(word: str) -> frozenset[str]:
    """Return every form of the word that ends a term, in lower case: the word, plurals, forms of the verb, with 's."""
    if not word[-1].isalpha():
        return frozenset({word, f"{word}s", f"{word}'s"})
    forms = {
        form for spelling in list_spellings(word) for form in (spelling, *_pluralise(spelling), *_conjugate(spelling))
    }
    return frozenset(forms | {f"{form}'s" for form in forms})


@cache
def list_abbreviation_forms(word: str) -> frozenset[str]:
    """Return the forms of an abbreviation, which is found in capitals only: DTO, DTOs, DTO's."""
    return frozenset({word, f"{word}s", f"{word}'s", f"{word}'S"})


def _pluralise(word: str) -> set[str]:
    if word in _PLURALS:
        return {_PLURALS[word]}
    if word.endswith("man") and word not in _NOT_MEN:
        return {f"{word[:-2]}en"}
    if _ends_in_consonant_y(word):
        return {f"{word[:-1]}ies"}
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return {f"{word}es"}
    return {f"{word}s", f"{word}es"} if word.endswith("o") else {f"{word}s"}


def _conjugate(word: str) -> set[str]:
    stems = {word}
    if word.endswith("e") and not word.endswith(("ee", "oe", "ye")):
        stems = {word[:-1]}
    elif word.endswith("ic"):
        stems = {f"{word}k"}
    elif _ONE_SYLLABLE.fullmatch(word):
        # Of short words only the doubled form is right, and the other is often another word: scar, scared.
        stems = {word + word[-1]}
    elif _CLOSED.fullmatch(word):
        stems = {word, word + word[-1]}
    forms = {f"{stem}ing" for stem in stems}
    if word in _PASTS:
        return forms | set(_PASTS[word].split())
    if word.endswith("ee"):
        return forms | {f"{word}d"}
    if _ends_in_consonant_y(word):
        return forms | {f"{word[:-1]}ied"}
    return forms | {f"{stem}ed" for stem in stems}


def _ends_in_consonant_y(word: str) -> bool:
    return len(word) > 1 and word[-1] == "y" and word[-2] not in "aeiou"
