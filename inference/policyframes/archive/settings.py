"""What the user asked for, and the limits; what of it is part of a result's identity."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

OutputFormat = Literal["parquet", "jsonl"]

MAX_CHARACTERS = 1_000_000
SHARD_ROWS = 1_000
_SHARD_BYTES = 16 * 1024 * 1024
_BYTES_A_CHARACTER = 8


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings that change what comes out; the same settings give the same bytes.

    Attributes:
        text_column: name of the column of the text; dots lead into nested objects. Empty: it is guessed.
        id_column: of the ids; empty: guessed, and where there is none the place in the file is the id.
        date_column: of the dates; empty: guessed, and where there is none there are no dates.
        keep: columns carried through; empty: all but the text.
        source: whose export it is, such as `newsapi`, which says what its columns are; empty: nobody's.
        texts: table of the texts of an export without any; its hash is recorded apart, and `text_column` is its column.
        records: where in a JSON object the list of the articles is, such as `articles`; empty: each object is one.
        bundle: name or folder of the bundle; empty: the default.
        quality: of a cascade; empty: the default.
        any_language: score what does not look English.
        passages: write the passages as well.
        dedupe: find copies of articles, and count each article once.
        output_format: `parquet` or `jsonl`.
        max_characters: longest text that is scored.
        shard_rows: rows of a shard.
    """

    text_column: str = ""
    id_column: str = ""
    date_column: str = ""
    keep: tuple[str, ...] = ()
    source: str = ""
    texts: str = ""
    records: str = ""
    bundle: str = ""
    quality: str = ""
    any_language: bool = False
    passages: bool = False
    dedupe: bool = False
    output_format: OutputFormat = "parquet"
    max_characters: int = MAX_CHARACTERS
    shard_rows: int = SHARD_ROWS

    @property
    def max_row_bytes(self) -> int:
        """Return how long a row may be in the input, all columns together."""
        return _BYTES_A_CHARACTER * self.max_characters + 1024 * 1024

    @property
    def shard_bytes(self) -> int:
        """Return after how many bytes of input a shard ends, however few its rows are."""
        return _SHARD_BYTES

    def describe(self) -> dict[str, object]:
        """Return the settings as the run manifest records them; the bundle's identity is recorded apart."""
        values = {**asdict(self), "keep": list(self.keep)}
        del values["bundle"]
        del values["quality"]
        del values["texts"]
        return values
