"""Where sentences end: one regular expression and the abbreviations of policy prose. Knows nothing of documents."""

from __future__ import annotations

import re

# End marks, what may close after them (quotes, brackets, a footnote number), white space, then what may open.
_CANDIDATE = re.compile(r"""[.!?…]+["”’')\]»]*(?:\d{1,3}|\[\d{1,3}\])?(\s+)(?=["“‘'(\[«¿¡]*[\w•*–—-])""")
_LAST_WORD = re.compile(r"[\w.&-]+$")
_NEXT_WORD = re.compile(r"""["“‘'(\[«]*([\w'’-]+)""")
_ENUMERATOR = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[IVXivx]{1,5})[.)]+")
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+")

# Titles and the like: what follows belongs to the same sentence, whatever its case.
_NEVER = frozenset(
    "adm amb art brig capt cf ch col cmdr cpl dr ed eds eg e.g fig figs ft gen gov hon i.e lt maj messrs mr mrs ms mt "
    "no nos op p pp par para pres prof pub rep reps rev sec secs sen sens sgt sr st supp vol vols viz vs v".split()
)
# Abbreviations that may also end a sentence: they do when an ordinary sentence opener follows.
_MAYBE = frozenset(
    "a.m al approx assn ave bros co corp dept dist etc est govt inc int'l jan feb mar apr jun jul aug sep sept oct nov "
    "dec jr ltd mfg natl p.m ph.d u.k u.n u.s u.s.a u.s.c univ e.u d.c n.a.t.o".split()
)
_OPENERS = frozenset(
    "a after all also although an and as at because both but by despite during each even every finally first for from "
    "he her here his how however if in indeed instead it its last many meanwhile more moreover most my new no nor not "
    "now of on one only or other our over rather second she since so some still such that the their then there these "
    "they third this those though through thus to today under until we what when where whether which while who why "
    "with without yet you your".split()
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a text as (start, end) offsets in code points, end exclusive.

    White space between sentences belongs to none; every other character belongs to exactly one sentence.
    """
    spans: list[tuple[int, int]] = []
    start = len(text) - len(text.lstrip())
    for match in _CANDIDATE.finditer(text):
        if match.start(1) > start and _ends_sentence(text, start, match):
            spans.append((start, match.start(1)))
            start = match.end(1)
    end = len(text.rstrip())
    if start < end:
        spans.append((start, end))
    return spans


def opens_sentence(text: str) -> bool:
    """Return whether a text begins with a capitalised word that opens sentences: The, In, It, ..."""
    first = _NEXT_WORD.match(text)
    return first is not None and first.group(1)[0].isupper() and first.group(1).lower() in _OPENERS


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    following = _NEXT_WORD.match(text, match.end(1))
    word = following.group(1) if following else ""
    if word[:1].islower():
        return False
    if text[match.start()] != ".":
        return True
    if _ENUMERATOR.fullmatch(text, start, match.start(1)):
        return False
    before = _LAST_WORD.search(text, max(0, match.start() - 30), match.start())
    last = before.group(0) if before else ""
    if last.lower().rstrip(".") in _NEVER and not last.isdigit():
        return False
    if last.lower().rstrip(".") in _MAYBE or _INITIALS.fullmatch(f"{last}."):
        return word.lower() in _OPENERS
    return True
