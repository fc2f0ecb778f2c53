"""Reads Markdown (CommonMark and tables): plain text without markup, with the blocks that the markup states."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from policyframes.documents.document import BlockKind
from policyframes.documents.draft import Draft
from policyframes.documents.limits import Limits
from policyframes.documents.plain_text_reader import decode_text

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


def read(data: bytes, *, where: str, limits: Limits) -> Draft:  # noqa: ARG001 - the protocol of all readers
    """Return the draft of a Markdown text.

    Raises:
        EncodingError: when the bytes are no text.
    """
    draft = Draft()
    source = decode_text(data, where=where, warnings=draft.warnings)
    front = _FRONT_MATTER.match(source)
    if front:
        draft.drop(front.group(0), "front matter")
        title = _FRONT_TITLE.search(front.group(1))
        draft.title = title.group(1) if title else ""
        source = source[front.end() :]
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
    writer = _Writer(draft)
    for token in tokens:
        writer.take(token)
    return draft


@dataclass
class _Writer:
    """Writes blocks while it walks over the tokens."""

    draft: Draft
    kind: BlockKind = BlockKind.PARAGRAPH
    items: int = 0
    rows: list[list[str]] | None = None

    def take(self, token: Token) -> None:
        """Take the next token of the document."""
        match token.type:
            case "inline":
                self._write_inline(token)
            case "fence" | "code_block":
                # Code is no prose; as a table it stays in the text and outside the passages.
                self.draft.add_block(token.content, BlockKind.TABLE)
            case "html_block":
                _write_html(token.content, self.draft)
            case "heading_open" | "heading_close":
                self.kind = BlockKind.HEADING if token.nesting > 0 else BlockKind.PARAGRAPH
            case "list_item_open" | "list_item_close":
                self.items += token.nesting
            case _:
                self._take_table(token)

    def _take_table(self, token: Token) -> None:
        match token.type:
            case "table_open":
                self.rows = []
            case "tr_open" if self.rows is not None:
                self.rows.append([])
            case "table_close" if self.rows is not None:
                self.draft.add_block("\n".join("\t".join(row) for row in self.rows), BlockKind.TABLE)
                self.rows = None
            case _:
                pass

    def _write_inline(self, token: Token) -> None:
        text = inline_text(token, self.draft)
        if self.rows:
            self.rows[-1].append(text)
            return
        in_item = self.items > 0 and self.kind is BlockKind.PARAGRAPH
        self.draft.add_block(text, BlockKind.LIST_ITEM if in_item else self.kind)
        if self.kind is BlockKind.HEADING and not self.draft.title:
            self.draft.title = text


def _write_html(content: str, draft: Draft) -> None:
    for comment in re.findall(r"<!--(.*?)-->", content, re.DOTALL):
        draft.drop(comment, "comment")
    draft.add_block(" ".join(_TAG.sub(" ", content).split()), BlockKind.PARAGRAPH)


def inline_text(token: Token, draft: Draft) -> str:
    """Return what a reader sees of an inline token; pictures leave their text to `dropped`."""
    parts: list[str] = []
    for child in token.children or ():
        match child.type:
            case "text" | "code_inline":
                parts.append(child.content)
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case "image":
                draft.drop(child.content, "text of a picture")
            case _:
                pass
    return " ".join("".join(parts).split())
