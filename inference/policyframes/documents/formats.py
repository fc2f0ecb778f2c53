"""Which format a file has: by its name, by its first bytes, and what to say where the two disagree. Parses nothing."""

from __future__ import annotations

import re
from pathlib import PurePath
from types import MappingProxyType

from policyframes.errors import (
    DocumentError,
    EncryptedDocumentError,
    FormatMismatchError,
    UnsupportedFormatError,
    UsageError,
)

FORMATS = MappingProxyType(
    {
        ".txt": "txt",
        ".text": "txt",
        ".md": "md",
        ".markdown": "md",
        ".html": "html",
        ".htm": "html",
        ".xhtml": "html",
        ".docx": "docx",
        ".pdf": "pdf",
    }
)
HEAD_BYTES = 4096

_SAVE_AS = "Open it in the program that made it and save it as DOCX or PDF."
_HINTS = MappingProxyType(
    {
        ".doc": _SAVE_AS,
        ".docm": _SAVE_AS,
        ".rtf": _SAVE_AS,
        ".odt": _SAVE_AS,
        ".pages": _SAVE_AS,
        ".wpd": _SAVE_AS,
        ".epub": "Convert it to DOCX or PDF, for instance with Calibre.",
        ".mhtml": "Save the web page as HTML.",
        ".xml": "If it is a web page, pass --format html.",
    }
)
_ALLOWED = "TXT, MD, HTML, DOCX and PDF (" + " ".join(FORMATS) + ")"
_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf1", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF89a", "image"),
    (b"GIF87a", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x7fELF", "program"),
)
_NAMES = MappingProxyType(
    {
        "pdf": "a PDF",
        "zip": "a ZIP container (DOCX and its like)",
        "ole": "a file of old Microsoft Office (DOC and its like)",
        "rtf": "a rich text file (RTF)",
        "image": "a picture",
        "gzip": "a gzip archive",
        "7-Zip": "a 7-Zip archive",
        "program": "a program",
        "html": "a web page",
        "": "neither of these",
    }
)
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])",
    re.IGNORECASE | re.DOTALL,
)
# The stream that holds the document in an Office file with a password; OLE names are UTF-16.
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


def check_format(name: str) -> str:
    """Return the format that the caller names, or raise `UsageError`."""
    wanted = FORMATS.get("." + name.lower().lstrip("."))
    if wanted is None:
        raise UsageError(
            where="format",
            found=f"the value {name!r}",
            allowed=", ".join(sorted(set(FORMATS.values()))),
            remedy="Pass one of these, or none to go by the file's name.",
        )
    return wanted


def format_by_name(path: PurePath) -> str:
    """Return the format that the file's ending stands for, or raise `UnsupportedFormatError` with a hint."""
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    ending = f"the ending {suffix}" if suffix else "a name without an ending"
    raise UnsupportedFormatError(
        where=str(path),
        found=ending,
        allowed=_ALLOWED,
        remedy=_HINTS.get(suffix, "Convert it to one of these, or name its real format with --format."),
    )


def sniff(head: bytes) -> str:
    """Return what the first bytes show: a format, a name of something else, or an empty string."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if _HTML_START.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "html"
    # Readers of PDF accept up to a kilobyte of rubbish before the mark, as mail gateways put it there.
    if b"%PDF-" in head[:1024] and b"\x00" not in head[:5] and re.search(rb"%PDF-[12]\.\d[\r\n]", head[:1024]):
        return "pdf-late"
    return ""


def format_by_content(head: bytes) -> str:
    """Return the format for bytes that have no name: PDF, DOCX and HTML by their start, else plain text."""
    found = sniff(head)
    return {"pdf": "pdf", "pdf-late": "pdf", "zip": "docx", "ole": "docx", "html": "html"}.get(found, "txt")


def check_content(wanted: str, head: bytes, *, where: str, content: bytes, explicit: bool) -> None:
    """Raise a named error where the content is not of the wanted format.

    Args:
        wanted: format to read the file as.
        head: the first `HEAD_BYTES` bytes.
        where: name of the file for the error.
        content: bytes in which the mark of an encrypted Office file is looked for.
        explicit: whether the caller named the format; then a web page may be read as plain text.

    Raises:
        FormatMismatchError: when the content is of another kind.
        EncryptedDocumentError: when it is an Office file with a password.
        UnsupportedFormatError: when it is of a kind that no reader takes.
    """
    found = sniff(head)
    fitting = {
        "pdf": ("pdf", "pdf-late"),
        "docx": ("zip",),
        "html": ("html", "", "pdf-late"),
        "md": ("html", "", "pdf-late"),
        "txt": ("", "html", "pdf-late") if explicit else ("", "pdf-late"),
    }[wanted]
    if found in fitting:
        return
    if found == "ole" and _ENCRYPTED_STREAM in content:
        raise EncryptedDocumentError(
            where=where,
            found="an Office document with a password",
            allowed="a document without a password",
            remedy="Open it, remove the password (File, Info, Protect Document) and save it again.",
        )
    raise _mismatch(wanted, found, where)


def _mismatch(wanted: str, found: str, where: str) -> DocumentError:
    kind = _NAMES[found] if found else "no " + wanted.upper()
    hint = {
        "pdf": "Rename it to .pdf or pass --format pdf.",
        "zip": "Rename it to .docx or pass --format docx if it is a Word document.",
        "html": "Rename it to .html or pass --format html; --format txt reads the markup as text.",
        "ole": _SAVE_AS,
        "rtf": _SAVE_AS,
        "image": "Run text recognition on it (OCR) and score the result.",
        "": "Check that the file was saved and downloaded whole; for plain text pass --format txt.",
    }.get(found, "Unpack or convert it first.")
    return FormatMismatchError(
        where=where,
        found=f"the content is {kind}",
        allowed=f"the content of a {wanted.upper()} file",
        remedy=hint,
    )
