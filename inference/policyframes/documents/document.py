"""The Document: canonical text with what its file told us about structure and pages. No reading, no splitting."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block of text is. Only paragraphs and list items become passages."""

    PARAGRAPH = "paragraph"
    LIST_ITEM = "list-item"
    HEADING = "heading"
    TABLE = "table"
    CAPTION = "caption"
    CONTENTS = "contents"
    REFERENCE = "reference"
    FURNITURE = "furniture"
    FRAGMENT = "fragment"
    SEPARATOR = "separator"


@dataclass(frozen=True)
class Block:
    """A stretch of the canonical text: `text[start:end]`, offsets in Unicode code points, end exclusive."""

    start: int
    end: int
    kind: BlockKind

    @property
    def span(self) -> tuple[int, int]:
        """Return where the block starts and ends."""
        return self.start, self.end

    @property
    def is_separator(self) -> bool:
        """Return whether the block is nothing but the white space between others."""
        return self.kind is BlockKind.SEPARATOR


@dataclass(frozen=True)
class Dropped:
    """Text that the file shows and the canonical text leaves out, kept so that nothing vanishes unseen.

    Attributes:
        text: what was left out.
        page: number of the page, from 1; None where the format has no pages.
        reason: `running head`, `page number`, `navigation`, ...
    """

    text: str
    page: int | None
    reason: str


@dataclass(frozen=True)
class Document:
    """A document as every later step sees it.

    Attributes:
        id: name that results carry; the file name without its ending unless the caller gives one.
        text: canonical text: UTF-8, NFC, LF, no BOM, no NUL.
        format: `txt`, `md`, `html`, `docx` or `pdf`.
        source: path of the file, or `-` for standard input.
        source_sha256: hash of the file's bytes.
        title: title that the file states; empty where it states none.
        blocks: what the format says of the structure, in order and without overlap; empty where it says
            nothing (plain text), and then `passages` finds the paragraphs.
        page_starts: offset at which each page starts, page 1 first; empty where the format has no pages.
            A page without text starts where the next one does.
        dropped: what the canonical text leaves out.
        warnings: sentences that a reader of the results should know.
    """

    id: str
    text: str
    format: str
    source: str
    source_sha256: str = ""
    title: str = ""
    blocks: tuple[Block, ...] = ()
    page_starts: tuple[int, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def sha256(self) -> str:
        """Return the hash of the canonical text in UTF-8."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    def page_at(self, offset: int) -> int | None:
        """Return the number of the page, from 1, that holds the offset; None where there are no pages."""
        if not self.page_starts:
            return None
        return max(1, bisect_right(self.page_starts, offset))
