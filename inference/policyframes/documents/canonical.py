"""The one definition of canonical text, on which every offset and hash rests. Knows no file formats."""

from __future__ import annotations

import re
import unicodedata

REPLACEMENT = "\ufffd"
_LINE_ENDS = re.compile("\r\n|[\r\f\v]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def canonicalise(text: str) -> str:
    r"""Return the text in canonical form.

    In this order: CR LF, CR, form feed and vertical tab become LF; all other C0 control characters except LF
    and tab go (NUL among them); lone surrogates become U+FFFD; byte order marks at the start go; what is left
    is put in NFC. Nothing else changes: no space, no quote, no C1 control. The function is idempotent, and a
    text in canonical form comes back identical.

    Args:
        text: any text.

    Returns:
        The canonical text, which always encodes to UTF-8.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _CONTROLS.sub("", text)
    text = _SURROGATES.sub(REPLACEMENT, text)
    return unicodedata.normalize("NFC", text.lstrip("\ufeff"))
