"""Reads plain text: finds the encoding and nothing else. The paragraphs are for `passages` to find."""

from __future__ import annotations

import codecs
import re

from policyframes.documents.canonical import canonicalise
from policyframes.documents.draft import Draft
from policyframes.documents.limits import Limits
from policyframes.errors import EncodingError

# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MOST_CONTROLS = 0.01
"""Share of control characters above which bytes are no text."""

# Links, strong emphasis, headings, escaped marks.
_MARKDOWN = (
    re.compile(r"(?<!!)\[[^\]\n]{1,200}\]\((?:https?://|mailto:|[#/.])[^)\s]*\)"),
    re.compile(r"(?<![*\w])\*\*(?=[^\s*])[^*\n]{1,200}(?<=\S)\*\*(?![*\w])"),
    re.compile(r"^#{1,6} +\S", re.MULTILINE),
    re.compile(r"\\[$*_\[\]#&~>`|-]"),
)
_MANY_MARKS = 5


class PlainDraft(Draft):
    """A draft that is one text without blocks, kept to the character."""

    whole: str = ""

    @property
    def text(self) -> str:
        """Return the canonical text."""
        return self.whole


def read(data: bytes, *, where: str, limits: Limits) -> Draft:  # noqa: ARG001 - the protocol of all readers
    """Return the draft of a plain text.

    Raises:
        EncodingError: when the bytes are no text.
    """
    draft = PlainDraft()
    text = decode_text(data, where=where, warnings=draft.warnings)
    draft.whole = canonicalise(text)
    marks = sum(len(pattern.findall(draft.whole)) for pattern in _MARKDOWN)
    if marks >= _MANY_MARKS:
        draft.warnings.append(
            f"The text looks like Markdown ({marks} marks such as links, ** or #) and was read as it stands; "
            "use --format md to score it without its markup."
        )
    return draft


def decode_text(data: bytes, *, where: str, warnings: list[str]) -> str:
    """Return the text of bytes: by byte order mark, else UTF-8, else Windows-1252 with a warning.

    Args:
        data: the bytes.
        where: name of the file for errors.
        warnings: list that takes what the reader of the results should know.

    Raises:
        EncodingError: when the bytes are no text.
    """
    text = _decode(data, where, warnings)
    controls = len(_CONTROLS.findall(text))
    if controls > MOST_CONTROLS * len(text):
        raise _no_text(where, f"{controls} control characters among {len(text)} characters, as in a binary file")
    if controls:
        warnings.append(f"{controls} control characters were left out.")
    return text


def _decode(data: bytes, where: str, warnings: list[str]) -> str:
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    try:
        return data.decode(marked or "utf-8")
    except UnicodeDecodeError as error:
        if marked and marked != "utf-8-sig":
            raise _no_text(where, f"a mark of {marked.upper()} and bytes that are not ({error.reason})") from error
    lenient = data.decode("utf-8", errors="replace")
    broken = lenient.count("\ufffd")
    if sum(not char.isascii() for char in lenient) - broken >= broken:
        warnings.append(f"The text is UTF-8 with {broken} broken characters, each replaced by U+FFFD.")
        return lenient
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _no_text(where, "bytes that are neither UTF-8 nor Windows-1252") from error
    warnings.append("The text is not UTF-8 and was read as Windows-1252; check its accents and quotation marks.")
    return text


def _no_text(where: str, found: str) -> EncodingError:
    return EncodingError(
        where=where,
        found=found,
        allowed="text in UTF-8, UTF-16 with a byte order mark, or Windows-1252",
        remedy="Open it in an editor and save it as UTF-8, or name its real format with --format.",
    )
