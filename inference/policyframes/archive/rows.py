"""What readers hand over: rows with their places, or what is wrong with them. The codes of the quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

BATCH = 64
"""Rows that are read, cut and scored at a time; part of what a result is, so a constant."""
_MOST_SHOWN = 200


class Code(StrEnum):
    """Why a row is in quarantine. Stable: docs/archives.md explains each."""

    NULL_TEXT = "null_text"
    MISSING_TEXT = "missing_text"
    EMPTY_TEXT = "empty_text"
    WRONG_TYPE = "wrong_type"
    NOT_TEXT = "not_text"
    FOREIGN_LANGUAGE = "foreign_language"
    LIMIT_EXCEEDED = "limit_exceeded"
    INVALID_UTF8 = "invalid_utf8"
    LONE_SURROGATE = "lone_surrogate"
    BROKEN_MARKUP = "broken_markup"
    NO_PASSAGES = "no_passages"
    MISSING_ID = "missing_id"
    WRONG_ID = "wrong_id"
    DUPLICATE_ID = "duplicate_id"
    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEYS = "duplicate_keys"
    NOT_FINITE = "not_finite"
    TOO_DEEP = "too_deep"
    MISSING_RECORDS = "missing_records"
    INVALID_CSV = "invalid_csv"
    WRONG_COLUMNS = "wrong_columns"
    UNREADABLE_FILE = "unreadable_file"
    DAMAGED_FILE = "damaged_file"
    TEXT_NOT_GIVEN = "text_not_given"


HINTS: dict[Code, str] = {
    Code.NULL_TEXT: "The source had no text for this article; fetch it again, or leave it out.",
    Code.MISSING_TEXT: "Name the column of the text with --text-col.",
    Code.EMPTY_TEXT: "The source had no text for this article; fetch it again, or leave it out.",
    Code.WRONG_TYPE: "The text must be a string; name another column with --text-col.",
    Code.NOT_TEXT: "This looks like binary data or numbers; check the export.",
    Code.FOREIGN_LANGUAGE: "The model reads English; --any-language scores it all the same.",
    Code.LIMIT_EXCEEDED: "Cut it into articles; --max-characters raises the limit.",
    Code.INVALID_UTF8: "Save the file as UTF-8.",
    Code.LONE_SURROGATE: "Half of a character was lost on the way; export the article again.",
    Code.BROKEN_MARKUP: "The text holds tags that cannot be taken out; export it as plain text.",
    Code.NO_PASSAGES: "Headings, tables and captions are not scored; check that the article's text is complete.",
    Code.MISSING_ID: "Give every article an id, or say --id-col none: the place in the file is then the id.",
    Code.WRONG_ID: "An id is a short string or a whole number; --id-col none takes the place in the file as the id.",
    Code.DUPLICATE_ID: (
        "The first article of this id was scored. If this is another: give it another id, name another column with "
        "--id-col, or say --id-col none, which takes the place in the file as the id."
    ),
    Code.INVALID_JSON: "Correct the line, or export it again.",
    Code.NOT_AN_OBJECT: 'Each line must be an object such as {"text": "..."}.',
    Code.DUPLICATE_KEYS: "Nobody can say which value is meant; export the article again.",
    Code.NOT_FINITE: "JSON has no NaN or Infinity; write null.",
    Code.TOO_DEEP: "No article nests so deep; check the export.",
    Code.MISSING_RECORDS: "Name the list of the articles with --records.",
    Code.INVALID_CSV: "A quotation mark is not closed or not doubled; export the table again.",
    Code.WRONG_COLUMNS: "A separator or a line break stands outside quotation marks; export the table again.",
    Code.UNREADABLE_FILE: "Check the file's rights and whether it still exists.",
    Code.TEXT_NOT_GIVEN: "Add the article's text to the table of --texts; or leave the row out.",
    Code.DAMAGED_FILE: "Fetch or export the file again; the rows before the damage were kept.",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row.

    Attributes:
        code: stable.
        message: what was found.
        value: the beginning of what was found there.
        rows: how many rows it stands for; more than one where a file is damaged and its rows can be counted.
    """

    code: Code
    message: str
    value: str = ""
    rows: int = 1


class Row(NamedTuple):
    """One row of an input.

    Attributes:
        number: in its file, from 1: the line of a JSONL file, else the row.
        place: more exactly, such as `byte 1024` or `row group 2`; empty where there is nothing to add.
        id: value of the id column, unchecked.
        text: value of the text column, unchecked.
        date: value of the date column, unchecked.
        fault: what the reader found wrong; the values mean nothing then.
        item: place among the records of one line, from 1; 0 where a line is a record.
    """

    number: int
    place: str = ""
    id: Any = None
    text: Any = None
    date: Any = None
    fault: Fault | None = None
    item: int = 0


@dataclass(frozen=True)
class Batch:
    """Rows with what is carried through.

    Attributes:
        rows: in their order.
        kept: a pyarrow Table of the columns carried through, one row for each of `rows`.
    """

    rows: list[Row] = field(default_factory=list)
    kept: Any = None


def name_type(value: object) -> str:
    """Return what a value of JSON is called, with its article."""
    if isinstance(value, Mapping):
        return "an object"
    names = {
        "str": "a text",
        "list": "a list",
        "bool": "a truth value",
        "int": "a number",
        "float": "a number",
        "NoneType": "null",
    }
    return names.get(type(value).__name__, type(value).__name__)


def show_value(value: object) -> str:
    """Return at most 200 characters of a value, which always encode to UTF-8."""
    if isinstance(value, bytes):
        text = value[: 4 * _MOST_SHOWN].decode("utf-8", "replace")
    elif isinstance(value, str):
        text = value[:_MOST_SHOWN]
    elif isinstance(value, Mapping | list):
        # The repr of a large value costs as much as the value.
        text = f"{'object' if isinstance(value, Mapping) else 'list'} of {len(value)}"
    else:
        text = repr(value)
    return text[:_MOST_SHOWN].encode("utf-8", "replace").decode("utf-8")
