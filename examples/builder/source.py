"""Read the small Markdown dialect of examples/sources. Knows nothing of the formats that are built from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NOTE_MARK = re.compile(r"\[\^(\d+)\]")
_NOTE_LINE = re.compile(r"^\[\^(\d+)\]: (.+)$")
_FRAMINGS = re.compile(r"^<!-- framings: ([a-z, ]+) -->\n")
_TABLE_RULE = re.compile(r"^[\s|:-]+$")


class Kind(StrEnum):
    """What a block of a source is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    TABLE = "table"
    CAPTION = "caption"
    SIGNATURE = "signature"


@dataclass(frozen=True)
class Block:
    """One block of a source.

    Attributes:
        kind: what the block is.
        text: its text without Markdown marks, note marks kept; empty for a table.
        level: 1 or 2 for a heading, 0 otherwise.
        rows: the cells of a table, header first.
        framings: the framings that the writer meant the passage to perform, primary first; empty for none.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    framings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A source: its front matter, its blocks in order and its notes by number."""

    facts: dict[str, str]
    blocks: tuple[Block, ...]
    notes: dict[int, str]

    def count_words(self) -> int:
        """Count the words of the running text: paragraphs and list items, without headings, tables and notes."""
        return sum(
            len(NOTE_MARK.sub("", block.text).split())
            for block in self.blocks
            if block.kind in {Kind.PARAGRAPH, Kind.ITEM}
        )


def read_source(path: Path) -> Source:
    """Read a source.

    Args:
        path: a Markdown file with front matter between two lines of three hyphens.

    Returns:
        The source.

    Raises:
        ValueError: the front matter is missing or has a line without a colon.
    """
    head, fence, body = path.read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
    if not fence:
        message = f"{path}: no front matter; put `key: value` lines between two lines of ---"
        raise ValueError(message)
    facts: dict[str, str] = {}
    for line in head.splitlines():
        key, colon, value = line.partition(": ")
        if not colon:
            message = f"{path}: front matter line {line!r} is not `key: value`"
            raise ValueError(message)
        facts[key] = _curl_quotes(value)
    blocks: list[Block] = []
    notes: dict[int, str] = {}
    for chunk in re.split(r"\n{2,}", body.strip()):
        found = [_NOTE_LINE.match(line) for line in chunk.splitlines()]
        if all(found):
            notes.update({int(note[1]): _curl_quotes(note[2]) for note in found if note})
        else:
            blocks.append(_read_block(chunk))
    return Source(facts, tuple(blocks), notes)


def _curl_quotes(text: str) -> str:
    opened = re.sub(r'(^|[\s(])"', r"\1“", text)
    return opened.replace('"', "”").replace("'", "’")


def _read_block(chunk: str) -> Block:
    framings: tuple[str, ...] = ()
    if mark := _FRAMINGS.match(chunk):
        framings = tuple(name for name in mark[1].split(", ") if name != "none")
        chunk = chunk[mark.end() :]
    text = _curl_quotes(" ".join(chunk.split()))
    if heading := re.match(r"^(#{1,2}) (.+)$", text):
        return Block(Kind.HEADING, heading[2], level=len(heading[1]))
    if text.startswith("|"):
        lines = [line for line in chunk.splitlines() if not _TABLE_RULE.match(line)]
        rows = tuple(tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in lines)
        return Block(Kind.TABLE, rows=rows)
    if text.startswith("> "):
        return Block(Kind.SIGNATURE, text[2:])
    if text.startswith("- "):
        return Block(Kind.ITEM, text[2:], framings=framings)
    if re.match(r"^Table \d+\. ", text):
        return Block(Kind.CAPTION, text)
    return Block(Kind.PARAGRAPH, text, framings=framings)
