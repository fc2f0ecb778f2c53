"""Looks a DOCX over before any library opens it: size, members, document type declarations, what it really is."""

from __future__ import annotations

import io
import zipfile
import zlib

from policyframes.documents.limits import Limits, output_exceeded
from policyframes.errors import (
    DamagedDocumentError,
    DocumentError,
    EncryptedDocumentError,
    FormatMismatchError,
    HostileDocumentError,
)

MOST_MEMBERS = 10_000
# Deflate packs honest WordprocessingML ten to thirty times; beyond this lies filler.
MOST_RATIO = 100
_RATIO_COUNTS_FROM = 8 * 1024 * 1024
_ENCRYPTED_FLAG = 0x1
_DECLARATIONS = tuple(
    word.encode(encoding)
    for word in ("<!DOCTYPE", "<!ENTITY")
    for encoding in ("ascii", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
)
_OTHER_KINDS = (
    ("xl/workbook.xml", "an Excel workbook"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("META-INF/container.xml", "an e-book (EPUB)"),
    ("content.xml", "an OpenDocument file (ODT)"),
)


def check_container(data: bytes, *, where: str, limits: Limits) -> None:
    """Raise a named error unless the bytes are a DOCX that is safe to open.

    Args:
        data: the file's bytes.
        where: name of the file for errors.
        limits: what it may unpack to.

    Raises:
        DamagedDocumentError: when the container is truncated or broken.
        EncryptedDocumentError: when members need a password.
        FormatMismatchError: when it is another kind of container.
        HostileDocumentError: when a part declares a document type or entities.
        LimitExceededError: when it unpacks to more than the limits allow.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            members = container.infolist()
            _check_sizes(members, where, limits)
            if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
                raise EncryptedDocumentError(
                    where=where,
                    found="a container with a password",
                    allowed="a document without a password",
                    remedy="Remove the password and save the document again.",
                )
            _check_kind({member.filename for member in members}, where)
            for member in members:
                if _is_markup(member.filename):
                    _check_declarations(container.read(member), member.filename, where)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        if isinstance(error, DocumentError):
            raise
        raise damaged(where, f"a container that cannot be unpacked ({error})") from error


def damaged(where: str, found: str) -> DamagedDocumentError:
    """Return the error for a DOCX that is broken."""
    return DamagedDocumentError(
        where=where,
        found=found,
        allowed="a whole DOCX file",
        remedy="Download or copy it again, or let Word open, repair and save it.",
    )


def _is_markup(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".vml"))


def _check_sizes(members: list[zipfile.ZipInfo], where: str, limits: Limits) -> None:
    # Declared sizes can be trusted: `zipfile` gives out no byte beyond them.
    markup = sum(member.file_size for member in members if _is_markup(member.filename))
    total = sum(member.file_size for member in members)
    inflated = any(
        member.file_size > _RATIO_COUNTS_FROM and member.file_size > MOST_RATIO * max(member.compress_size, 1)
        for member in members
    )
    if (
        inflated
        or len(members) > MOST_MEMBERS
        or markup > limits.output_bytes
        or total > limits.output_bytes + limits.input_bytes
    ):
        raise output_exceeded(where, limits)


def _check_kind(names: set[str], where: str) -> None:
    if "[Content_Types].xml" in names and any(name.startswith("word/") for name in names):
        return
    kind = next((kind for name, kind in _OTHER_KINDS if name in names), "a ZIP archive without a Word document")
    raise FormatMismatchError(
        where=where,
        found=f"the content is {kind}",
        allowed="a Word document (DOCX)",
        remedy="Open it in the program that made it and save it as DOCX or PDF; unpack an archive first.",
    )


def _check_declarations(part: bytes, name: str, where: str) -> None:
    if any(word in part for word in _DECLARATIONS):
        raise HostileDocumentError(
            where=f"{where}, part {name}",
            found="a document type or entity declaration, which can unfold without end",
            allowed="Word's own XML, which has none",
            remedy="Do not open the file; ask its sender for a PDF.",
        )
