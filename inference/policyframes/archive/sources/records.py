"""What is done to one record of an export. Nothing is lost: what is taken out of a text stands in a column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# How these services say that they cut a text off: "... [+1234 chars]"; some leave out the plus sign.
_CUT = re.compile(r"\s*\[(\+?)(\d{1,9}) char(?:s|acters)?\]\s*\Z")
_COMPACT_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?\Z")
_MEDIACLOUD_NAMES = {"media_name": "outlet"}
_GDELT_NAMES = {"SourceCommonName": "outlet", "V2SOURCECOMMONNAME": "outlet"}
_GDELT_DATES = ("V2.1DATE", "DATE", "SQLDATE", "Day", "DATEADDED")


def adapt_newsapi(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record of NewsAPI with its outlet by name, and with the note of a cut-off text in columns.

    `is_truncated` says whether the text was cut off, `missing_characters` by how much where that is stated.
    """
    adapted = dict(record)
    if "source" in adapted:
        source = adapted.pop("source")
        adapted["outlet"] = source.get("name") if isinstance(source, Mapping) else source
    column = "content" if "content" in adapted else "text"
    text = adapted.get(column)
    cut = _CUT.search(text) if isinstance(text, str) else None
    if cut:
        adapted[column] = str(text)[: cut.start()]
    adapted["is_truncated"] = bool(cut)
    adapted["missing_characters"] = int(cut.group(2)) if cut and cut.group(1) else None
    return adapted


def adapt_mediacloud(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record of Media Cloud with its outlet under the name that all sources share."""
    return _rename(record, _MEDIACLOUD_NAMES)


def adapt_gdelt(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record of GDELT with its outlet under the name that all sources share, and with dates in ISO 8601."""
    adapted = dict(_rename(record, _GDELT_NAMES))
    for name in _GDELT_DATES:
        if name in adapted:
            adapted[name] = format_compact_date(adapted[name])
    return adapted


def format_compact_date(value: Any) -> Any:  # noqa: ANN401  (whatever a table holds)
    """Return `20240501` as `2024-05-01`, also with hours, minutes and seconds behind it; all else as it is."""
    match = _COMPACT_DATE.match(str(value)) if isinstance(value, str | int) else None
    if match is None:
        return value
    year, month, day, hour, minute, second = match.groups()
    return f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second}" if hour else "")


def _rename(record: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    return {names.get(name, name) if names.get(name) not in record else name: value for name, value in record.items()}
