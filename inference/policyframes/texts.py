"""What counts as a list of texts, wherever one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from policyframes.errors import UsageError

_ALLOWED = 'a sequence of str, such as ["first passage", "second passage"]'
_SHOWN = 60


def require_texts(texts: Any, where: str) -> Sequence[str]:  # noqa: ANN401  (whatever somebody gives)
    """Return texts as a sequence; a column of pandas or an array of numpy is one, too.

    Args:
        texts: as they were given.
        where: name of the function that they were given to.

    Raises:
        UsageError: it is a single string, no sequence, or an entry is no text.
    """
    entries = texts.tolist() if hasattr(texts, "tolist") else texts
    # An array of no dimension holds a single text, too.
    if isinstance(entries, str | bytes):
        raise UsageError(where=where, found="a single text", allowed=_ALLOWED, remedy="Put a single text into a list.")
    # A generator would be empty after the check.
    if not isinstance(entries, Sequence):
        raise UsageError(
            where=where, found=f"a {type(texts).__name__}", allowed=_ALLOWED, remedy="Make a list of it: list(...)."
        )
    for index, entry in enumerate(entries):
        if not isinstance(entry, str):
            raise UsageError(
                where=where,
                found=f"{type(entry).__name__} {repr(entry)[:_SHOWN]} at place {index}",
                allowed=_ALLOWED,
                remedy="Leave it out, or give its text.",
            )
    return entries
