"""The document while a reader in the child process writes it. Owns joining blocks; knows no format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from policyframes.documents.canonical import canonicalise
from policyframes.documents.document import Block, BlockKind, Dropped

BLOCK_BREAK = "\n\n"


@dataclass
class Draft:
    """Blocks in reading order, joined by an empty line.

    Attributes:
        title: title that the file states.
        dropped: text that the canonical text leaves out.
        warnings: sentences for the reader of the results.
        page_starts: offset of each page's first character, page 1 first.
        blocks: the blocks so far.
    """

    title: str = ""
    dropped: list[Dropped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    page_starts: list[int] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0

    def add_block(self, text: str, kind: BlockKind, *, pages: Sequence[tuple[int, int]] = ()) -> None:
        """Append a block; one without text is left out.

        Args:
            text: the block's text, not yet canonical.
            kind: what the block is.
            pages: (offset in `text`, page number from 1) wherever a page starts within the block.
        """
        whole = canonicalise(text)
        clean = whole.strip()
        if not clean:
            return
        lead = len(whole) - len(whole.lstrip())
        start = self._length + (len(BLOCK_BREAK) if self._parts else 0)
        for offset, page in pages:
            inside = min(max(len(canonicalise(text[:offset])) - lead, 0), len(clean))
            self.open_pages(page, start + inside)
        self._parts.append(clean)
        self._length = start + len(clean)
        self.blocks.append(Block(start, self._length, kind))

    def open_pages(self, page: int, offset: int) -> None:
        """Note that the page, and every one before it that had no text, starts at the offset."""
        while len(self.page_starts) < page:
            self.page_starts.append(offset)

    def drop(self, text: str, reason: str, *, page: int | None = None) -> None:
        """Note text that the canonical text leaves out."""
        clean = canonicalise(text).strip()
        if clean:
            self.dropped.append(Dropped(clean, page, reason))

    @property
    def text(self) -> str:
        """Return the canonical text."""
        return BLOCK_BREAK.join(self._parts)
