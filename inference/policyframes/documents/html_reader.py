"""Reads web pages: the main text that trafilatura finds, in our own blocks, and more where it finds too little."""

from __future__ import annotations

import codecs
import re
from typing import Any

import lxml.html
import trafilatura
from lxml import etree

from policyframes.documents.canonical import canonicalise
from policyframes.documents.document import BlockKind
from policyframes.documents.draft import Draft
from policyframes.documents.html_pieces import Piece, cut_pieces
from policyframes.documents.limits import Limits
from policyframes.documents.plain_text_reader import decode_text
from policyframes.errors import FormatMismatchError

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_CHARSET_BYTES = 4096
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_TAG = re.compile(r"<[A-Za-z!/]")
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Below this share of the visible text outside navigation, we do not believe that the rest is navigation.
LEAST_SHARE = 0.6
_PROSE_LETTERS = 80
_SENTENCE_WORDS = 6
_LINKED = 0.6


def read(data: bytes, *, where: str, limits: Limits) -> Draft:  # noqa: ARG001 - the protocol of all readers
    """Return the draft of a web page.

    Raises:
        EncodingError: when the bytes are no text.
        FormatMismatchError: when there is no tag in them.
    """
    draft = Draft()
    source = _XML_DECLARATION.sub("", canonicalise(_decode(data, where, draft.warnings)))
    if not _TAG.search(source):
        raise FormatMismatchError(
            where=where,
            found="the content is plain text without a tag",
            allowed="a web page (HTML)",
            remedy="Rename it to .txt or pass --format txt.",
        )
    root = _parse(source)
    if root is None:
        return draft
    draft.title = _find_title(root)
    pieces = cut_pieces(root)
    kept = _choose(pieces, _main_letters(source))
    for piece, keep in zip(pieces, kept, strict=True):
        if keep:
            draft.add_block(piece.text, piece.kind)
        else:
            draft.drop(piece.text, "navigation")
    return draft


def _decode(data: bytes, where: str, warnings: list[str]) -> str:
    declared = _CHARSET.search(data[:_CHARSET_BYTES])
    if declared and not data.startswith(_BOMS):
        name = declared.group(1).decode("ascii")
        # Browsers read Latin-1 as Windows-1252, and pages count on it.
        name = "cp1252" if name.lower() in {"iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"} else name
        try:
            if codecs.lookup(name).name not in {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"}:
                return data.decode(name)
        except (LookupError, UnicodeDecodeError, ValueError, TypeError):
            warnings.append(f"The page says it is in {name} and is not; its encoding was guessed.")
    return decode_text(data, where=where, warnings=warnings)


def _parse(source: str) -> Any:  # noqa: ANN401 - an lxml element
    # As UTF-8 with the encoding told, so that no declaration within the page can contradict.
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        return lxml.html.document_fromstring(source.encode("utf-8"), parser=parser)
    except etree.ParserError:
        return None


def _find_title(root: Any) -> str:  # noqa: ANN401 - an lxml element
    for meta in root.iter("meta"):
        if meta.get("property") == "og:title" and (meta.get("content") or "").strip():
            return " ".join(meta.get("content").split())
    for tag in ("title", "h1"):
        for element in root.iter(tag):
            text = " ".join("".join(element.itertext(etree.Element)).split())
            if text:
                return text
    return ""


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _main_letters(source: str) -> str:
    """Return the letters and digits of what trafilatura takes for the main text."""
    text = trafilatura.extract(
        source, favor_recall=True, include_tables=True, include_comments=False, deduplicate=False
    )
    return _letters(text or "")


def _choose(pieces: list[Piece], main: str) -> list[bool]:
    """Return for each piece whether it belongs to the document.

    Between the first and the last piece that trafilatura names, all but lists of links stay, as it loses
    paragraphs inside articles; outside, prose and the main heading stay.
    """
    letters = [_letters(piece.text) for piece in pieces]
    visible = sum(len(text) for text, piece in zip(letters, pieces, strict=True) if not piece.navigation)
    named = [
        bool(text) and text in main and (not piece.navigation or _is_prose(piece, text))
        for text, piece in zip(letters, pieces, strict=True)
    ]
    covered = sum(len(text) for text, is_named in zip(letters, named, strict=True) if is_named)
    if covered < LEAST_SHARE * visible:
        return [not piece.navigation for piece in pieces]
    long = [place for place, is_named in enumerate(named) if is_named and len(letters[place]) >= _PROSE_LETTERS]
    long = long or [place for place, is_named in enumerate(named) if is_named]
    first, last = (long[0], long[-1]) if long else (0, -1)
    kept = []
    for place, piece in enumerate(pieces):
        if piece.navigation:
            keep = named[place] and piece.navigation == "class"
        elif first <= place <= last:
            keep = named[place] or piece.link_share < _LINKED
        else:
            keep = named[place] or _is_prose(piece, letters[place]) or piece.tag == "h1"
        kept.append(keep)
    return kept


def _is_prose(piece: Piece, letters: str) -> bool:
    fitting = piece.kind in {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE}
    sentence = len(piece.text.split()) >= _SENTENCE_WORDS and piece.text.endswith((".", "!", "?", ".”", '."'))
    return fitting and (sentence or len(letters) >= _PROSE_LETTERS) and piece.link_share < _LINKED
