"""Rows -> articles: what a row must be to be scored. Nothing is repaired in silence."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any, NamedTuple

from policyframes.archive.columns import format_kept
from policyframes.archive.markup import MarkupError, has_markup, remove_markup
from policyframes.archive.readers.batches import make_surrogate_fault
from policyframes.archive.rows import Code, Fault, Row, name_type, show_value
from policyframes.archive.settings import Settings
from policyframes.documents.canonical import REPLACEMENT, canonicalise
from policyframes.documents.plain_text_reader import MOST_CONTROLS
from policyframes.language import is_foreign

_SURROGATES = re.compile("[\ud800-\udfff]")
_STRAYS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f\v\x1b"))
_LINE_ENDS = (b"\r", b"\f", b"\v", b"\x1b")
_BLANKS = "\ufeff \t\r\n\f\v\xa0\u200b"
_BEGINNING = 2000
_MOST_ID = 1000


class Article(NamedTuple):
    """An article that can be scored.

    Attributes:
        id: of the id column, or empty where there is none.
        text: canonical.
        date: as it was given.
        had_markup: markup was taken out of the text.
    """

    id: str
    text: str
    date: str | None
    had_markup: bool = False


def check_row(row: Row, settings: Settings, *, has_ids: bool) -> Article | Fault:
    """Return the article of a row, or what is wrong with it.

    Args:
        row: as the reader gave it.
        settings: the limits.
        has_ids: there is a column of ids, so each row must have one.
    """
    if row.fault is not None:
        return row.fault
    identity = _check_id(row.id) if has_ids else ""
    if isinstance(identity, Fault):
        return identity
    text = _check_text(row.text, settings)
    if isinstance(text, Fault):
        return text
    date = _format_date(row.date)
    if isinstance(date, Fault):
        return date
    return Article(identity, text[0], date, had_markup=text[1])


def _check_text(text: Any, settings: Settings) -> tuple[str, bool] | Fault:  # noqa: ANN401  (whatever a row holds)
    if not isinstance(text, str):
        code = Code.NULL_TEXT if text is None else Code.WRONG_TYPE
        return Fault(code, f"the text is {name_type(text)}", "" if text is None else show_value(text))
    if len(text) > settings.max_characters:
        message = f"the text has {len(text)} characters, more than {settings.max_characters}"
        return Fault(Code.LIMIT_EXCEEDED, message, show_value(text))
    if not text.strip(_BLANKS):
        return Fault(Code.EMPTY_TEXT, "the text is empty or white space", show_value(text))
    canonical = _clean_text(text)
    if had_markup := isinstance(canonical, str) and has_markup(canonical):
        canonical = _clean_page(canonical)
    if isinstance(canonical, Fault):
        return canonical
    if not settings.any_language and _looks_foreign(canonical):
        return Fault(Code.FOREIGN_LANGUAGE, "the text does not look English", show_value(text))
    return canonical, had_markup


def _clean_page(text: str) -> str | Fault:
    try:
        canonical = canonicalise(remove_markup(text))
    except MarkupError as error:
        return Fault(Code.BROKEN_MARKUP, f"the markup in the text cannot be read: {error}", show_value(text))
    if not canonical.strip(_BLANKS):
        return Fault(Code.EMPTY_TEXT, "the text is markup alone", show_value(text))
    return canonical


def _looks_foreign(text: str) -> bool:
    # What begins in English is English; only the others are read to the end.
    return is_foreign(text[:_BEGINNING]) and is_foreign(text)


def _clean_text(text: str) -> str | Fault:
    """Return the canonical form of a text, or that it is none; on bytes, because that is ten times as fast."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return make_surrogate_fault(text, "the text", has_bytes=False)
    strays = len(data) - len(data.translate(None, _STRAYS)) + text.count(REPLACEMENT)
    if strays > MOST_CONTROLS * len(text):
        return Fault(Code.NOT_TEXT, "more than one character in a hundred is a control character", show_value(text))
    # Where no control character is to go or to become a line end, this is all that `canonicalise` does.
    if strays or any(mark in data for mark in _LINE_ENDS):
        return canonicalise(text)
    return text if len(data) == len(text) else unicodedata.normalize("NFC", text.lstrip("\ufeff"))


def _check_id(value: Any) -> str | Fault:  # noqa: ANN401  (whatever a row holds)
    if isinstance(value, float) and value.is_integer():
        # Tables with a gap in a column of whole numbers often hold fractions.
        value = int(value)
    if not isinstance(value, str | int | None) or isinstance(value, bool):
        return Fault(Code.WRONG_ID, f"the id is {name_type(value)}", show_value(value))
    identity = "" if value is None else str(value)
    if not identity.strip():
        return Fault(Code.MISSING_ID, "the row has no id")
    if _SURROGATES.search(identity):
        return Fault(Code.WRONG_ID, "the id holds half of a surrogate pair", show_value(identity))
    if len(identity) > _MOST_ID:
        return Fault(
            Code.WRONG_ID, f"the id has {len(identity)} characters, more than {_MOST_ID}", show_value(identity)
        )
    return identity


def _format_date(value: Any) -> str | Fault | None:  # noqa: ANN401  (whatever a row holds)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    date = format_kept(value) or ""
    return make_surrogate_fault(date, "the date", has_bytes=False) if _SURROGATES.search(date) else date[:_MOST_ID]
