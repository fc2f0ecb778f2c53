"""Reads DOCX in the order of its body: paragraphs, tables, text boxes, content controls; accepted changes alone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from zipfile import BadZipFile

import docx
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from policyframes.documents.document import BlockKind
from policyframes.documents.docx_guard import check_container, damaged
from policyframes.documents.draft import Draft
from policyframes.documents.limits import Limits

_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_BOX = qn("w:txbxContent")
# Deleted and moved-away text, and the code of fields, which no reader of the page sees.
_UNSEEN = frozenset({qn("w:del"), qn("w:moveFrom"), qn("w:instrText"), qn("w:delText"), _FALLBACK, _BOX, qn("w:pPr")})
_BREAKS = frozenset({qn("w:tab"), qn("w:br"), qn("w:cr"), qn("w:ptab")})
_HEADING_STYLE = re.compile(r"heading \d|title$|subtitle$")
_STYLE_KINDS = (
    (("toc ", "table of "), BlockKind.CONTENTS),
    (("caption",), BlockKind.CAPTION),
    (("footnote", "endnote", "bibliography"), BlockKind.REFERENCE),
)
_MOST_HEADING_WORDS = 12
_FINAL_MARKS = (".", "!", "?", ":", ";", ",")
_SIDE_PARTS = (
    ("/header", "header"),
    ("/footer", "footer"),
    ("/footnotes", "footnote"),
    ("/endnotes", "endnote"),
    ("/comments", "comment"),
)


def read(data: bytes, *, where: str, limits: Limits) -> Draft:
    """Return the draft of a DOCX.

    Raises:
        DocumentError: as `check_container`; DamagedDocumentError also when its parts are broken.
    """
    check_container(data, where=where, limits=limits)
    draft = Draft()
    try:
        document = docx.Document(io.BytesIO(data))
        draft.title = document.core_properties.title or ""
        styles = _Styles(document)
        for element in _blocks_of(document.element.body):
            _write_block(element, draft, styles)
        _drop_side_parts(document, draft)
    except (OpcError, BadZipFile, etree.LxmlError, KeyError, ValueError, AttributeError, OSError) as error:
        raise damaged(where, f"parts that do not fit together ({type(error).__name__}: {error})") from error
    return draft


class _Styles:
    """What the style sheet says of a paragraph: its style's names up the chain, and whether it is numbered."""

    def __init__(self, document: Any) -> None:  # noqa: ANN401 - python-docx is untyped
        self._chains: dict[str, tuple[str, ...]] = {}
        self._numbered: dict[str, bool] = {}
        elements = {style.get(qn("w:styleId")): style for style in document.styles.element.iter(qn("w:style"))}
        for style_id in elements:
            chain, numbered = self._climb(style_id, elements)
            self._chains[style_id], self._numbered[style_id] = chain, numbered

    @staticmethod
    def _climb(style_id: str, elements: dict[str, Any]) -> tuple[tuple[str, ...], bool]:
        names: list[str] = []
        numbered, seen = False, set[str]()
        while style_id in elements and style_id not in seen:
            seen.add(style_id)
            style = elements[style_id]
            name = style.find(qn("w:name"))
            names.append("" if name is None else (name.get(qn("w:val")) or "").lower())
            numbered = numbered or style.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
            base = style.find(qn("w:basedOn"))
            style_id = "" if base is None else base.get(qn("w:val")) or ""
        return tuple(names), numbered

    def classify(self, paragraph: Any, text: str) -> BlockKind:  # noqa: ANN401 - an lxml element
        """Return what kind of block a paragraph is."""
        properties = paragraph.find(qn("w:pPr"))
        style = None if properties is None else properties.find(qn("w:pStyle"))
        style_id = "" if style is None else style.get(qn("w:val")) or ""
        names = self._chains.get(style_id, ())
        kind = _kind_by_style(names)
        if kind is not None:
            return kind
        if properties is not None and _has_outline(properties):
            return BlockKind.HEADING
        numbered = properties is not None and properties.find(qn("w:numPr")) is not None
        if numbered or self._numbered.get(style_id, False) or any(name.startswith("list ") for name in names):
            return BlockKind.LIST_ITEM
        return BlockKind.HEADING if _looks_like_heading(paragraph, text) else BlockKind.PARAGRAPH


def _kind_by_style(names: tuple[str, ...]) -> BlockKind | None:
    """Return what the names of a style and of those it builds on say, the nearest first."""
    for name in names:
        for prefixes, kind in _STYLE_KINDS:
            if name.startswith(prefixes):
                return kind
        if _HEADING_STYLE.match(name):
            return BlockKind.HEADING
    return None


def _has_outline(properties: Any) -> bool:  # noqa: ANN401 - an lxml element
    level = properties.find(qn("w:outlineLvl"))
    # Level 9 is Word's word for body text.
    return level is not None and level.get(qn("w:val")) in set("012345678")


def _looks_like_heading(paragraph: Any, text: str) -> bool:  # noqa: ANN401 - an lxml element
    """Tell whether a paragraph without a style is a heading by hand: short, all bold, no final mark."""
    if len(text.split()) > _MOST_HEADING_WORDS or text.endswith(_FINAL_MARKS):
        return False
    runs = [run for run in paragraph.iter(qn("w:r")) if _inline_text(run).strip()]
    return bool(runs) and all(_is_bold(run) for run in runs)


def _is_bold(run: Any) -> bool:  # noqa: ANN401 - an lxml element
    bold = run.find(f"{qn('w:rPr')}/{qn('w:b')}")
    return bold is not None and bold.get(qn("w:val")) not in {"0", "false", "off"}


def _blocks_of(parent: Any) -> Iterator[Any]:  # noqa: ANN401 - an lxml element
    """Yield paragraphs and tables in order, looking into content controls and accepted insertions."""
    for child in parent:
        if child.tag in {qn("w:p"), qn("w:tbl")}:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _UNSEEN and child.tag != qn("w:sectPr"):
            yield from _blocks_of(child)


def _write_block(element: Any, draft: Draft, styles: _Styles) -> None:  # noqa: ANN401 - an lxml element
    if element.tag == qn("w:tbl"):
        draft.add_block(_table_text(element), BlockKind.TABLE)
        return
    text = " ".join(_inline_text(element).split())
    draft.add_block(text, styles.classify(element, text))
    for box in _boxes_of(element):
        for block in _blocks_of(box):
            _write_block(block, draft, styles)


def _boxes_of(parent: Any) -> Iterator[Any]:  # noqa: ANN401 - an lxml element
    """Yield the text boxes that hang on a paragraph; Word writes each twice, the second as a fallback."""
    for child in parent:
        if child.tag == _BOX:
            yield child
        elif child.tag not in _UNSEEN:
            yield from _boxes_of(child)


def _inline_text(element: Any) -> str:  # noqa: ANN401 - an lxml element
    parts: list[str] = []
    _collect_text(element, parts)
    return "".join(parts)


def _collect_text(element: Any, parts: list[str]) -> None:  # noqa: ANN401 - an lxml element
    for child in element:
        tag = child.tag
        if tag in {qn("w:t"), _MATH_TEXT}:
            parts.append(child.text or "")
        elif tag in _BREAKS:
            parts.append(" ")
        elif tag == qn("w:noBreakHyphen"):
            parts.append("-")
        elif isinstance(tag, str) and tag not in _UNSEEN:
            _collect_text(child, parts)


def _table_text(table: Any) -> str:  # noqa: ANN401 - an lxml element
    """Return a line for each row, cells apart by tabs; a table within a cell is part of that cell."""
    rows: list[str] = []
    for row in _children(table, qn("w:tr")):
        properties = row.find(qn("w:trPr"))
        if properties is not None and properties.find(qn("w:del")) is not None:
            continue
        rows.append("\t".join(_cell_text(cell) for cell in _children(row, qn("w:tc"))))
    return "\n".join(row for row in rows if row.strip())


def _children(parent: Any, tag: str) -> Iterator[Any]:  # noqa: ANN401 - an lxml element
    """Yield the children of a kind, looking into content controls."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml")}:
            yield from _children(child, tag)


def _cell_text(cell: Any) -> str:  # noqa: ANN401 - an lxml element
    texts = (_table_text(block) if block.tag == qn("w:tbl") else _inline_text(block) for block in _blocks_of(cell))
    return " ".join(" ".join(texts).split())


def _drop_side_parts(document: Any, draft: Draft) -> None:  # noqa: ANN401 - python-docx is untyped
    """Note headers, footers, notes and comments as left out."""
    for relation in document.part.rels.values():
        reason = next((name for end, name in _SIDE_PARTS if relation.reltype.endswith(end)), None)
        if reason is None or relation.is_external:
            continue
        root = etree.fromstring(relation.target_part.blob, etree.XMLParser(resolve_entities=False, no_network=True))
        for paragraph in root.iter(qn("w:p")):
            draft.drop(" ".join(_inline_text(paragraph).split()), reason)
