"""Numbers as people read them: shares, intervals, differences, p-values, lists. No number is made here."""

from __future__ import annotations

from collections.abc import Sequence

from policyframes.profiles import Share

# A number and its sign stay on one line.
SPACE = "\u00a0"
_MINUS = "−"
_SMALLEST_P = 0.001


def say_percent(value: float) -> str:
    """Return a share, 0 to 1, as whole per cent; what is not quite 0 or 1 is not said to be it."""
    if 0 < value < 0.005:  # noqa: PLR2004  (what rounds to 0)
        return f"<1{SPACE}%"
    if 0.995 < value < 1:  # noqa: PLR2004  (what rounds to 100)
        return f">99{SPACE}%"
    return f"{value * 100:.0f}{SPACE}%"


def say_interval(low: float, high: float) -> str:
    """Return an interval of a share, such as `32 to 58 %`."""
    return f"{low * 100:.0f} to {high * 100:.0f}{SPACE}%"


def say_share_interval(share: Share) -> str:
    """Return the interval of a share; empty where it has none."""
    return "" if share.low is None or share.high is None else say_interval(share.low, share.high)


def say_share(share: Share) -> str:
    """Return a share with its interval, such as `45 % (32 to 58 %)`; without a value, that there are too few."""
    if share.value is None:
        return "too few passages"
    interval = say_share_interval(share)
    return f"{say_percent(share.value)} ({interval})" if interval else say_percent(share.value)


def say_difference(value: float) -> str:
    """Return a difference of shares, -1 to 1, in signed percentage points."""
    points = round(value * 100)
    sign = "+" if points > 0 else _MINUS if points < 0 else ""
    return f"{sign}{abs(points)}"


def say_difference_interval(low: float, high: float) -> str:
    """Return the interval of a difference in percentage points."""
    return f"{say_difference(low)} to {say_difference(high)}"


def say_p_value(value: float) -> str:
    """Return a p-value in three decimals."""
    if value < _SMALLEST_P:
        return f"p{SPACE}<{SPACE}0.001"
    return f"p{SPACE}={SPACE}{value:.3f}" if value < 0.1 else f"p{SPACE}={SPACE}{value:.2f}"  # noqa: PLR2004  (decimals that matter)


def say_count(count: int, noun: str) -> str:
    """Return a count with its noun, with thousands set off, in the plural unless there is one."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence: `a`, `a and b`, `a, b and c`."""
    if len(words) < 2:  # noqa: PLR2004  (nothing to join)
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def shorten(text: str, length: int) -> str:
    """Return a text of at most so many characters, cut at a word where there is one, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    at_word = cut.rsplit(" ", 1)[0]
    return f"{(at_word if len(at_word) > length // 2 else cut).rstrip(' ,;:.')}…"


def shorten_middle(text: str, length: int) -> str:
    """Return a text of at most so many characters; what names differ in mostly stands at their ends."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    tail = length // 2 - 1
    return f"{text[: length - tail - 1].rstrip()}…{text[-tail:].lstrip()}"
