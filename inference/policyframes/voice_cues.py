"""Signs of reported speech that words alone do not show, written as words of their own behind a passage.

The n-grams of a bundle know no quotation marks. Training and reading call the same function, so that both see the same
signs; it decides nothing.
"""

from __future__ import annotations

import re

# Raise it when a cue is added, dropped or counted otherwise: a bundle is read only with the cues that it learned from.
CUES_VERSION = 1

_LONG_QUOTATION = 6
_SHARES = ((0.2, "cuequotedfifth"), (0.5, "cuequotedhalf"))

_MARK = re.compile(r"[\"“”„«»]|‘(?=\w)|(?<=[.,!?])’")
# A passage may begin or end inside a quotation. No piece holds a mark, so that no text is walked through twice.
_QUOTED = re.compile(r"(?:[\"“„«]|\A(?=[^\"“”„«»]*[”»]))([^\"“”„«»]*)(?:[\"”»]|\Z)")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

_SAYING = frozenset(
    """
    accuse accused accuses accusing allege alleged allegedly alleges argue argued argues arguing assert asserted asserts
    claim claimed claiming claims complain complained complains condemn condemned condemns contend contended contends
    criticise criticised criticize criticized declare declared declares denounce denounced denounces described describes
    dismiss dismissed insist insisted insists maintains portray portrayed portrays said say saying says stated states
    tell tells told tweet tweeted urged vow vowed vows warn warned warns writes wrote
    """.split()
)
_FIRST_PERSON = frozenset("i i'll i'm i've my our ours us we we'll we're we've".split())
_SOURCE = "according to"


def add_cues(text: str) -> str:
    """Return a passage with its cues behind it, each as often as it occurs.

    The cues: `cuequote`, a quotation mark; `cuelongquote` or `cueshortquote`, the longest quotation has six words or
    more, or fewer; `cuequotedfifth` and `cuequotedhalf`, more than that share of the words is quoted; `cuesaying`, a
    verb of saying outside quotations, or "according to"; `cuefirst`, a first person outside quotations, `cuenofirst`
    where there is none; `cuequotesaid` and `cuequoteunsaid`, a quotation with and without a verb of saying.

    Args:
        text: the passage.
    """
    plain = text.replace("’", "'").lower()
    quoted = [_WORD.findall(piece) for piece in _QUOTED.findall(text.lower())]
    outside = _WORD.findall(_QUOTED.sub(" ", text.lower()).replace("’", "'"))
    inside = sum(map(len, quoted))
    sayings = sum(word in _SAYING for word in outside) + (_SOURCE in plain)
    firsts = sum(word in _FIRST_PERSON for word in outside)
    cues = ["cuequote"] * len(_MARK.findall(text))
    cues += ["cuesaying"] * sayings
    cues += ["cuefirst"] * firsts or ["cuenofirst"]
    if inside:
        longest = max(map(len, quoted))
        cues.append("cuelongquote" if longest >= _LONG_QUOTATION else "cueshortquote")
        cues += [cue for share, cue in _SHARES if inside > share * (inside + len(outside))]
        cues.append("cuequotesaid" if sayings else "cuequoteunsaid")
    return f"{text} {' '.join(cues)}"
