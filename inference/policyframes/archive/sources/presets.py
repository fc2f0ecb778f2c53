"""What `--source` means: which columns hold what, what is done to a record on its way in, and who gives out no text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from policyframes.archive.columns import guess_column
from policyframes.archive.settings import Settings
from policyframes.archive.sources.records import adapt_gdelt, adapt_mediacloud, adapt_newsapi
from policyframes.errors import ArchiveSourceError, UsageError

Record = Mapping[str, Any]

_TEXTS = ("text", "full_text", "story_text", "article_text", "maintext", "content", "body")
_EVENT_COLUMNS = {58: 58, 61: 61}
"""Number of columns of a GDELT Events file without a header, and which of them is the address."""
_GKG_COLUMNS = {27: 5}


@dataclass(frozen=True)
class Preset:
    """How one kind of archive comes.

    Attributes:
        title: what people call it.
        records: where the list of articles is in a JSON file.
        text: names that the column of the text may have; the first that is there is taken.
        id: of the ids.
        date: of the dates.
        address: of the web addresses.
        adapt: what is done to each record of a JSON file or a table.
        has_texts: whether its exports hold the articles' text.
        columns: that its own reader makes; empty where it is read as any table.
    """

    title: str
    records: str = ""
    text: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    adapt: Callable[[Record], Record] | None = None
    has_texts: bool = True
    columns: tuple[str, ...] = ()


PRESETS: Mapping[str, Preset] = {
    "newsapi": Preset(
        "NewsAPI",
        records="articles",
        text=("content", "text"),
        id=("url",),
        date=("publishedAt", "published_at"),
        address=("url",),
        adapt=adapt_newsapi,
    ),
    "mediacloud": Preset(
        "Media Cloud",
        text=_TEXTS,
        id=("stories_id", "story_id", "id"),
        date=("publish_date",),
        address=("url", "guid"),
        adapt=adapt_mediacloud,
        has_texts=False,
    ),
    "gdelt": Preset(
        "GDELT",
        text=_TEXTS,
        id=("DocumentIdentifier", "SOURCEURL"),
        date=("V2.1DATE", "DATE", "SQLDATE", "Day", "DATEADDED"),
        address=("DocumentIdentifier", "SOURCEURL"),
        adapt=adapt_gdelt,
        has_texts=False,
    ),
    "nexis": Preset(
        "Nexis Uni",
        text=("text",),
        date=("date",),
        columns=(
            *("text", "title", "outlet", "date", "printed_date"),
            *("load_date", "section", "length", "byline", "document_id"),
        ),
    ),
    "warc": Preset(
        "WARC",
        text=("text",),
        id=("url",),
        date=("date",),
        columns=("text", "url", "title", "outlet", "date", "crawled", "is_truncated"),
    ),
}
SOURCES = tuple(PRESETS)


def apply_source(settings: Settings) -> Settings:
    """Return the settings with what is known of the source before any file is looked at."""
    preset = PRESETS.get(settings.source)
    if preset is None or settings.records or not preset.records:
        return settings
    return replace(settings, records=preset.records)


def choose_source_columns(settings: Settings, names: Sequence[str], where: str) -> Settings:
    """Return the settings with the columns of the source, where the user named none.

    Args:
        settings: what the user chose.
        names: columns of the inputs.
        where: the first of the inputs.

    Raises:
        ArchiveSourceError: this is an export without texts.
    """
    preset = PRESETS.get(settings.source)
    if not settings.text_column:
        _refuse_textless(preset or _recognise(names), names, where)
    if preset is None:
        return settings
    return replace(
        settings,
        text_column=settings.text_column or _find(preset.text, names),
        id_column=settings.id_column or _find(preset.id, names),
        date_column=settings.date_column or _find(preset.date, names),
    )


def find_source_column(source: str, kind: str, names: Sequence[str]) -> str:
    """Return which of some columns holds the text, the id or the date in exports of a source; empty if none."""
    preset = PRESETS.get(source)
    usual = {"text": preset.text, "id": preset.id, "date": preset.date} if preset is not None else {}
    return _find(usual.get(kind, ()), names)


def adapt_record(source: str, record: Record) -> Record:
    """Return a record as the rest of the program reads it."""
    preset = PRESETS.get(source)
    return preset.adapt(record) if preset is not None and preset.adapt is not None else record


def adapt_names(source: str, names: Sequence[str]) -> list[str]:
    """Return the names of columns after their records were adapted."""
    return list(adapt_record(source, dict.fromkeys(names)))


def require_textless(settings: Settings) -> None:
    """Check that a table of texts is given where there is something to join it to.

    Raises:
        UsageError: the source is none that gives out metadata alone.
    """
    if settings.texts and (settings.source not in PRESETS or PRESETS[settings.source].has_texts):
        known = ", ".join(name for name, preset in PRESETS.items() if not preset.has_texts)
        raise UsageError(
            where=f"--texts {settings.texts}",
            found="no source whose exports hold metadata alone"
            if not settings.source
            else f"--source {settings.source}",
            allowed=f"--texts with --source {known.replace(', ', ' or ')}",
            remedy="Name the source, or score the table itself: its columns are carried through.",
        )


def find_address(source: str, names: Sequence[str]) -> str:
    """Return the column of the web addresses in an export; empty where there is none."""
    return _find(PRESETS[source].address, names)


def find_id(source: str, names: Sequence[str]) -> str:
    """Return the column of the ids in an export; empty where there is none."""
    return _find(PRESETS[source].id, names)


def _find(candidates: Sequence[str], names: Sequence[str]) -> str:
    by_lower = {name.lower(): name for name in reversed(names)}
    return next((by_lower[name.lower()] for name in candidates if name.lower() in by_lower), "")


def _recognise(names: Sequence[str]) -> Preset | None:
    """Return the preset whose exports hold no text and look like this."""
    known = {name.lower() for name in names}
    if {"documentidentifier", "sourceurl"} & known or _find_raw_address(names):
        return PRESETS["gdelt"]
    return PRESETS["mediacloud"] if {"media_name", "media_url", "stories_id"} & known and "url" in known else None


def _refuse_textless(preset: Preset | None, names: Sequence[str], where: str) -> None:
    if preset is None or preset.has_texts or _find(preset.text, names) or guess_column("text", "", names):
        return
    address = _find(preset.address, names) or _find_raw_address(names)
    is_raw = bool(_find_raw_address(names))
    name = next(name for name, known in PRESETS.items() if known is preset)
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")  # noqa: PLR2004  (a line)
    raise ArchiveSourceError(
        where=where,
        found=f"an export of {preset.title} that holds addresses and metadata but no text (columns {shown})",
        allowed="a table with a column of the articles' text",
        remedy=(
            f"{preset.title} does not give out texts. Fetch the articles at the addresses in {address or 'it'} "
            "yourself, where their rights allow it, into a table with the columns url and text; "
            f"{'give this file a header; ' if is_raw else ''}"
            f"then type the same command with --source {name} --texts TABLE: docs/sources.md shows how."
        ),
    )


def _find_raw_address(names: Sequence[str]) -> str:
    """Return which column of a GDELT file without a header holds the address; empty where it is none."""
    column = {**_EVENT_COLUMNS, **_GKG_COLUMNS}.get(len(names), 0)
    is_raw = column and any("://" in name for name in names)
    return f"column {column}" if is_raw else ""
