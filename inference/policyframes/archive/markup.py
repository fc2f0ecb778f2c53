"""Markup in an article's text, as exports of web pages and feeds hold it: found, and taken out. Judges no row.

A text without markup comes back as it is. What a tag is, is told strictly: `a < b`, `<3`, `<name>` are none.
"""

from __future__ import annotations

import html
import re
from typing import Any

import lxml.html
from lxml import etree

_BREAKS = frozenset(
    "address article aside blockquote caption center dd details dialog div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary table tbody tfoot "
    "thead tr ul".split()
)
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset(
    "head title script style noscript template iframe svg object audio video canvas button select option textarea "
    "math".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big br cite code data del dfn em embed font i img input ins kbd label link mark meta "
    "nobr param picture q rp rt ruby s samp small source span strike strong sub sup time track tt u var "
    "wbr".split()
)
# What these hold is the text itself, and a parser may drop what stands behind them.
_FRAMES = frozenset("html body frameset frame noframes plaintext xmp".split())
_KNOWN = sorted(_BREAKS | _CELLS | _UNSEEN | _INLINE | _FRAMES)
# People write these names in angle brackets only where they mean the tag.
_PLAIN = (
    "p",
    "br",
    "hr",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "td",
    "th",
    "h[1-6]",
    "blockquote",
    "span",
    "strong",
    "em",
    "table",
    "script",
    "style",
)
_NAMES = "|".join(_KNOWN)
# All of these stop at the next angle bracket, so that a text of nothing but brackets is read in one pass.
_PLAIN_TAG = re.compile(rf"</?(?:{'|'.join(_PLAIN)})\s*/?>|<!--|<!\[CDATA\[|<!doctype\s", re.IGNORECASE)
_TAG_WITH_VALUE = re.compile(rf"<(?:{_NAMES})\s+[a-z][\w:.-]*\s*=[^<>]*>", re.IGNORECASE)
_BARE_TAG = re.compile(rf"<(/?)({_NAMES})\s*>", re.IGNORECASE)
_BREAK = re.compile(rf"</?(?:{'|'.join(sorted(_BREAKS))}|br)(?=[\s/>])", re.IGNORECASE)
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[sb]dquo|[lr]aquo|[mn]dash|hellip|"
    r"bull|middot|copy|reg|trade|deg|euro|pound|cent|sect|shy|[aeiouyAEIOUY](?:acute|grave|circ|uml)|[anoANO]tilde|"
    r"[cC]cedil|szlig|[aA]ring|[oO]slash|[aA]e?lig);"
)
_NO_TAG = re.compile(
    rf"<(?!/?(?:{_NAMES})(?=[\s/>])|/?[a-z]+:[a-z]+(?=[\s/>])|/[a-z]+-[a-z-]+>|[a-z]+-[a-z-]+\s+[\w-]+=|"
    r"!doctype\s|\?xml\s)",
    re.IGNORECASE,
)
_FRAME = re.compile(rf"</?(?:{'|'.join(sorted(_FRAMES))})(?=[\s/>])[^<>]*>", re.IGNORECASE)
# What feeds wrap a text in, and what word processors leave behind.
_SECTION = re.compile(r"<!\[(?:CDATA\[|(?:if|endif)[^<>]*>)|\]\]>", re.IGNORECASE)
# The second group is what follows where a quotation mark is not closed: it would swallow the text up to the next one.
_TAG = re.compile(
    rf"<(/?(?:{_NAMES}))(?=\s)(?:(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+>|([^<>]*>))",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"[ \t]*\n[ \t]*(?:\n[ \t]*)+")
_ROUNDS = 3
"""Texts are found that were escaped twice; a third round finds no more."""


class MarkupError(Exception):
    """The parser gave up, so that nobody knows what of the text is left; caught where the article is made."""


def has_markup(text: str) -> bool:
    """Return whether a text holds tags, comments or entities of HTML."""
    if "&" in text and _ENTITY.search(text):
        return True
    return "<" in text and _has_tags(text)


def remove_markup(text: str) -> str:
    """Return what a reader of the page would see; the same text where there is no markup.

    Paragraphs, line breaks, list items, rows, headings become line ends, all other tags go, scripts, styles and
    comments go with what they hold, entities are decoded. Texts that were escaped once or twice are read as well.

    Args:
        text: canonical.

    Raises:
        MarkupError: the markup nests so deep that the parser stops.
    """
    for _ in range(_ROUNDS):
        if not has_markup(text):
            break
        text = _read_page(text) if "<" in text and _has_tags(text) else html.unescape(text)
    return text


def _has_tags(text: str) -> bool:
    if _PLAIN_TAG.search(text) or _TAG_WITH_VALUE.search(text):
        return True
    # A tag that may be a placeholder, such as <title> or <b>, is one where it is closed as well.
    names: dict[str, set[str]] = {"": set(), "/": set()}
    for slash, name in _BARE_TAG.findall(text):
        names[slash].add(name.lower())
    return bool(names[""] & names["/"])


def _read_page(text: str) -> str:
    source = _SECTION.sub("", _drop_comments(text))
    is_page = bool(_BREAK.search(source) or _FRAME.search(source))
    source = _FRAME.sub("\n\n", _NO_TAG.sub("&lt;", source))
    source = _TAG.sub(lambda match: f"<{match[1]}>" if match[2] else match[0], source)
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = lxml.html.document_fromstring(f"<div>{source}</div>".encode(), parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise MarkupError(str(error)) from error
    # The parser mends all that it can; what is fatal ends its reading, and the rest of the text would be lost.
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise MarkupError("the tags nest too deep")
    return _join_parts(root, is_page=is_page)


def _drop_comments(text: str) -> str:
    """Return the text without comments, which may hold anything; one that never ends takes all that follows."""
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0:
        kept.append(text[position:start])
        end = text.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        position = end + 3
    return "".join([*kept, text[position:]]) if kept else text


def _join_parts(root: Any, *, is_page: bool) -> str:  # noqa: ANN401  (an lxml element)
    """Return the text of a tree; where it has no paragraphs of its own, white space stays as it is."""
    parts: list[str] = []

    def add(text: str | None) -> None:
        if text:
            parts.append(_SPACES.sub(_collapse, text) if is_page else text)

    walker = etree.iterwalk(root, events=("start", "end", "pi"))
    for event, element in walker:
        if event == "start" and element.tag in _UNSEEN:
            walker.skip_subtree()
        elif event == "start":
            parts += ["\n\n"] * (element.tag in _BREAKS) + ["\n"] * (element.tag == "br")
            add(element.text)
        else:
            parts += ["\n\n"] * (element.tag in _BREAKS) + ["\t"] * (element.tag in _CELLS)
            add(element.tail)
    whole = "".join(parts).strip()
    return _EMPTY_LINES.sub("\n\n", whole) if is_page else whole


def _collapse(match: re.Match[str]) -> str:
    """White space in a page is a space; but many a text has empty lines between its paragraphs and tags as well."""
    return "\n\n" if match[0].count("\n") > 1 else " "
