"""Builds files that try to harm their reader. Each function returns bytes."""

from __future__ import annotations

import io
import zipfile

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx_with_body(document: bytes) -> bytes:
    """Return a DOCX whose main part is given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("[Content_Types].xml", CONTENT_TYPES)
        container.writestr("_rels/.rels", RELATIONS)
        container.writestr("word/document.xml", document)
    return buffer.getvalue()


def body_xml(inner: str, *, prologue: str = "") -> bytes:
    """Return a main part with the given content of its body."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prologue}<w:document xmlns:w="{NAMESPACE}">'
        f"<w:body>{inner}</w:body></w:document>"
    ).encode()


def zip_bomb(megabytes: int = 120) -> bytes:
    """Return a DOCX of about a thousandth of the size that it unpacks to."""
    filler = b" " * (megabytes * 1024 * 1024)
    head, tail = body_xml("<w:p><w:r><w:t>x</w:t></w:r></w:p>").split(b"</w:body>")
    return docx_with_body(head + filler + b"</w:body>" + tail)


def nested_zip(depth: int = 6) -> bytes:
    """Return a ZIP in a ZIP in a ZIP."""
    inner = zip_bomb(40)
    for level in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
            container.writestr(f"{level}.zip", inner)
        inner = buffer.getvalue()
    return inner


def deep_xml(depth: int = 20_000) -> bytes:
    """Return a DOCX whose elements lie within each other."""
    return docx_with_body(body_xml("<w:sdt>" * depth + "</w:sdt>" * depth))


def billion_laughs() -> bytes:
    """Return a DOCX whose entities unfold a billion times."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    prologue = f'<!DOCTYPE lolz [<!ENTITY l0 "laugh">{entities}]>'
    return docx_with_body(body_xml("<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>", prologue=prologue))


def utf16_laughs() -> bytes:
    """Return the same in UTF-16, which a search for ASCII misses."""
    text = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><w:document xmlns:w="{NAMESPACE}"/>'
    return docx_with_body(text.encode("utf-16"))


def build_pdf(objects: list[bytes], *, root: int = 1) -> bytes:
    """Return a PDF with the given objects, numbered from 1, and a correct table of them."""
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, start)
    return bytes(out)


def cyclic_pdf() -> bytes:
    """Return a PDF whose page tree contains itself."""
    return build_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1000000 /Kids [3 0 R] >>",
            b"<< /Type /Pages /Parent 2 0 R /Count 1000000 /Kids [2 0 R 3 0 R] >>",
        ]
    )


def self_parent_pdf() -> bytes:
    """Return a PDF whose only page node is its own kid."""
    return build_pdf(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Parent 2 0 R /Count 3 /Kids [2 0 R 2 0 R 2 0 R] >>"]
    )


def pageless_pdf() -> bytes:
    """Return a PDF without pages."""
    return build_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 0 /Kids [] >>"])


def ole_file(stream: str = "EncryptedPackage") -> bytes:
    """Return the start of an old Office container that names a stream."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 1016
    return head + stream.encode("utf-16-le") + b"\x00" * 1024
