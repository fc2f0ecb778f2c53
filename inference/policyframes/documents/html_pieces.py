"""Cuts a parsed web page into pieces of visible text, each with what it is and whether it looks like navigation.

Decides nothing: which pieces make the document is for `html_reader`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from policyframes.documents.document import BlockKind

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main nav ol option p pre section summary table "
    "tbody td tfoot th thead tr ul".split()
)
_UNSEEN = frozenset(
    "head script style noscript template iframe svg object audio video canvas button select input textarea math".split()
)
_NAVIGATION_TAGS = frozenset({"nav", "footer", "aside", "header", "form", "dialog", "menu"})
_NAVIGATION_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "complementary", "menu", "menubar"}
)
_NAVIGATION_CLASS = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|footer|sidebar|cookies?|consent|gdpr|banner|newsletter|"
    r"subscribe|share|sharing|social|related|pagination|skip|toolbar|advert|ads?|promo|popup|modal)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CELL_PROSE = 300
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
# A class name is no proof: an element with most of the page's text is the page, whatever its class.
_PAGE_SHARE = 0.5


@dataclass(frozen=True)
class Piece:
    """A stretch of visible text.

    Attributes:
        text: the text, white space collapsed; in tables rows by LF and cells by tab.
        kind: what it is.
        navigation: `` (none), `class` (by a class or id) or `tag` (by the element or its role).
        link_share: share of its characters that lie in links, 0 to 1.
        tag: name of the element that holds it.
    """

    text: str
    kind: BlockKind
    navigation: str
    link_share: float
    tag: str


@dataclass
class _Walk:
    """State of the one pass over the page."""

    pieces: list[Piece] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    linked: int = 0
    links: int = 0
    navigation: list[str] = field(default_factory=list)

    def add_text(self, text: str | None) -> None:
        if not text:
            return
        self.parts.append(text if "pre" in self.tags else re.sub(r"\s+", " ", text))
        if self.links:
            self.linked += len(text.strip())

    def flush(self) -> None:
        whole = "".join(self.parts)
        linked, self.linked = self.linked, 0
        self.parts.clear()
        for text in _EMPTY_LINE.split(whole):
            clean = " ".join(text.split())
            if clean:
                share = min(linked / len(" ".join(whole.split())), 1.0)
                self.pieces.append(Piece(clean, self._kind(), self._navigation(), share, self._tag()))

    def _tag(self) -> str:
        return next((tag for tag in reversed(self.tags) if tag in _BLOCKS), "")

    def _kind(self) -> BlockKind:
        for tag in reversed(self.tags):
            if tag in _HEADINGS:
                return BlockKind.HEADING
            if tag in {"li", "dd"}:
                return BlockKind.LIST_ITEM
            if tag in {"caption", "figcaption"}:
                return BlockKind.CAPTION
        return BlockKind.PARAGRAPH

    def _navigation(self) -> str:
        flags = {flag for flag in self.navigation if flag}
        if self._tag() == "h1" and "tag" in flags and "header" in self.tags and "nav" not in self.tags:
            return ""
        return "tag" if "tag" in flags else "class" if "class" in flags else ""


def cut_pieces(root: Any) -> list[Piece]:  # noqa: ANN401 - an lxml element
    """Return the visible pieces of a parsed page, in order; not recursive, so that depth cannot harm it."""
    walk = _Walk()
    body = root.find("body")
    top = root if body is None else body
    total = len("".join(top.itertext(etree.Element)))
    walker = etree.iterwalk(top, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        if event in {"comment", "pi"}:
            walk.add_text(element.tail)
        elif event == "end":
            _leave(element, walk, is_top=element is top)
        elif element.tag in _UNSEEN or _is_hidden(element):
            walker.skip_subtree()
            _enter(element, walk, "")
        elif element.tag == "table" and _is_data_table(element):
            _enter(element, walk, _navigation_of(element, total))
            _add_table(element, walk)
            walker.skip_subtree()
        else:
            _enter(element, walk, _navigation_of(element, total))
            if element.tag == "br":
                walk.parts.append("\n")
            walk.add_text(element.text)
    walk.flush()
    return walk.pieces


def _enter(element: Any, walk: _Walk, navigation: str) -> None:  # noqa: ANN401 - an lxml element
    if element.tag in _BLOCKS:
        walk.flush()
    walk.tags.append(element.tag)
    walk.navigation.append(navigation)
    walk.links += element.tag == "a"


def _leave(element: Any, walk: _Walk, *, is_top: bool) -> None:  # noqa: ANN401 - an lxml element
    if element.tag in _BLOCKS:
        walk.flush()
    walk.tags.pop()
    walk.navigation.pop()
    walk.links -= element.tag == "a"
    if not is_top:
        walk.add_text(element.tail)


def _is_hidden(element: Any) -> bool:  # noqa: ANN401 - an lxml element
    style = element.get("style")
    return element.get("hidden") is not None or bool(style and _HIDDEN_STYLE.search(style))


def _navigation_of(element: Any, total: int) -> str:  # noqa: ANN401 - an lxml element
    by_tag = element.tag in _NAVIGATION_TAGS or element.get("role") in _NAVIGATION_ROLES
    if element.tag == "header" and next(element.iterancestors("article", "main"), None) is not None:
        # The head of an article is part of it; that of the page is not.
        by_tag = False
    names = f"{element.get('class', '')} {element.get('id', '')}"
    if not by_tag and (element.tag in {"html", "body", "main", "article"} or not _NAVIGATION_CLASS.search(names)):
        return ""
    if element.tag != "nav" and len("".join(element.itertext(etree.Element))) > _PAGE_SHARE * total:
        return ""
    return "tag" if by_tag else "class"


def _is_data_table(table: Any) -> bool:  # noqa: ANN401 - an lxml element
    """Tell tables of data from tables that old pages lay themselves out with."""
    if any(next(table.iter(tag), table) is not table for tag in ("h1", "h2", "h3", "ul", "ol", "table")):
        return sum(1 for _ in table.iter("table")) == 1 and not any(
            next(table.iter(tag), None) is not None for tag in ("h1", "h2", "h3", "ul", "ol")
        )
    return all(len("".join(cell.itertext())) <= _CELL_PROSE for cell in table.iter("td"))


def _add_table(table: Any, walk: _Walk) -> None:  # noqa: ANN401 - an lxml element
    for caption in table.iter("caption"):
        text = " ".join("".join(caption.itertext(etree.Element)).split())
        if text:
            walk.pieces.append(Piece(text, BlockKind.CAPTION, walk._navigation(), 0.0, "caption"))  # noqa: SLF001
    rows = [
        "\t".join(" ".join("".join(cell.itertext(etree.Element)).split()) for cell in row.iter("td", "th"))
        for row in table.iter("tr")
    ]
    text = "\n".join(row for row in rows if row.strip())
    if text:
        walk.pieces.append(Piece(text, BlockKind.TABLE, walk._navigation(), 0.0, "table"))  # noqa: SLF001
