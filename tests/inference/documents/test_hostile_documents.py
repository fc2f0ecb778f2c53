"""Every file that tries to do harm ends in a named error, soon, with the parent unharmed."""

import io
import json
import os
import subprocess
import sys
import time

import docx
import hostile
import pytest
from conversion import write_pdf
from pypdf import PdfReader, PdfWriter

from policyframes import errors
from policyframes.documents import Limits, read_document

SECONDS = 10
# Prints the error, and in KiB (on Linux) how far the parent's highest mark rose, and the child's highest.
MEASURED = """
import json, sys
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from policyframes.documents import read_document
before = getrusage(RUSAGE_SELF).ru_maxrss
try:
    read_document(sys.argv[1])
except Exception as error:
    rose = getrusage(RUSAGE_SELF).ru_maxrss - before
    print(json.dumps([type(error).__name__, str(error), rose, getrusage(RUSAGE_CHILDREN).ru_maxrss]))
"""
PHRASE = "only for this test"
TEXT = "\n\n".join(f"Paragraph {number} tells of the river and of the towns beside it." for number in range(120))


@pytest.fixture(autouse=True)
def _soon():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < SECONDS


@pytest.fixture(scope="module")
def honest_pdf(tmp_path_factory):
    return write_pdf(TEXT, tmp_path_factory.mktemp("pdf") / "a.pdf").read_bytes()


@pytest.fixture(scope="module")
def honest_docx():
    document = docx.Document()
    for block in TEXT.split("\n\n"):
        document.add_paragraph(block)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("build", "error", "match"),
    [
        (hostile.zip_bomb, errors.LimitExceededError, "unpacks to more"),
        (hostile.billion_laughs, errors.HostileDocumentError, "word/document.xml"),
        (hostile.utf16_laughs, errors.HostileDocumentError, "entity declaration"),
        (hostile.nested_zip, errors.FormatMismatchError, "ZIP archive"),
        (hostile.deep_xml, errors.DamagedDocumentError, "do not fit together"),
        (hostile.ole_file, errors.EncryptedDocumentError, "password"),
        (lambda: hostile.ole_file("WordDocument"), errors.FormatMismatchError, "old Microsoft Office"),
        (lambda: hostile.docx_with_body(b"<broken"), errors.DamagedDocumentError, "do not fit together"),
        (lambda: hostile.docx_with_body(b""), errors.DamagedDocumentError, "do not fit together"),
    ],
)
def test_hostile_docx(tmp_path, build, error, match):
    path = tmp_path / "a.docx"
    path.write_bytes(build())
    assert path.stat().st_size < 1_000_000
    # In a process of its own: the marks of this one are as high as what other tests have done.
    done = subprocess.run([sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=True)
    name, message, parent, child = json.loads(done.stdout)

    assert name == error.__name__
    assert match in message
    assert parent < 64 * 1024
    assert child < 512 * 1024


@pytest.mark.parametrize("build", [hostile.cyclic_pdf, hostile.self_parent_pdf, hostile.pageless_pdf])
def test_page_trees_without_a_page(read_bytes, build):
    with pytest.raises((errors.DamagedDocumentError, errors.LimitExceededError), match="page"):
        read_bytes("a.pdf", build())


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999])
def test_truncated_pdf(read_bytes, honest_pdf, share):
    with pytest.raises(errors.DamagedDocumentError, match=r"breaks off|whole PDF"):
        read_bytes("a.pdf", honest_pdf[: int(share * len(honest_pdf))])


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999])
def test_truncated_docx(read_bytes, honest_docx, share):
    with pytest.raises(errors.DamagedDocumentError, match="cannot be unpacked"):
        read_bytes("a.docx", honest_docx[: int(share * len(honest_docx))])


def test_every_flipped_byte_ends_in_a_document_or_a_named_error(read_bytes, honest_pdf, honest_docx):
    for name, content in (("a.pdf", honest_pdf), ("a.docx", honest_docx)):
        for step in range(1, 9):
            place = step * len(content) // 9
            broken = content[:place] + bytes([content[place] ^ 0xFF]) * 8 + content[place + 8 :]
            try:
                assert read_bytes(name, broken).text
            except errors.DocumentError as error:
                assert type(error) is not errors.ReaderCrashedError  # noqa: PT017 - a document is as good


def test_pdf_with_a_password(read_bytes, honest_pdf):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(honest_pdf)))
    writer.encrypt(PHRASE, algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    with pytest.raises(errors.EncryptedDocumentError, match="password"):
        read_bytes("a.pdf", buffer.getvalue())


def test_pdf_that_only_its_owner_may_change_is_read(read_bytes, honest_pdf):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(honest_pdf)))
    writer.encrypt("", owner_password=PHRASE, algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    assert "Paragraph 7 tells" in read_bytes("a.pdf", buffer.getvalue()).text


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.docx"])
def test_a_pdf_under_another_name(read_bytes, honest_pdf, name):
    with pytest.raises(errors.FormatMismatchError, match=r"a PDF.*--format pdf"):
        read_bytes(name, honest_pdf)
    assert read_bytes(name, honest_pdf, format="pdf").format == "pdf"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.pdf"])
def test_a_docx_under_another_name(read_bytes, honest_docx, name):
    with pytest.raises(errors.FormatMismatchError, match=r"DOCX.*--format docx"):
        read_bytes(name, honest_docx)


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_plain_text_under_the_name_of_a_container(read_bytes, name):
    with pytest.raises(errors.FormatMismatchError, match="--format txt"):
        read_bytes(name, "Just some words.")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.docx", "a.pdf"])
@pytest.mark.parametrize("content", [b"", b" \n\n "])
def test_nothing_in_any_format(read_bytes, name, content):
    with pytest.raises(errors.EmptyDocumentError, match="no text"):
        read_bytes(name, content)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("a.doc", "DOCX or PDF"), ("a.rtf", "DOCX"), ("a.odt", "DOCX"), ("a.epub", "Convert"), ("a", "--format")],
)
def test_other_endings_are_refused_with_a_hint(read_bytes, name, hint):
    with pytest.raises(errors.UnsupportedFormatError, match=hint):
        read_bytes(name, "words")


def test_an_unknown_format_is_a_usage_error(read_bytes):
    with pytest.raises(errors.UsageError, match="docx, html, md, pdf, txt"):
        read_bytes("a.txt", "words", format="rtf")


def test_paths_that_lead_to_no_file(tmp_path):
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "device.txt").symlink_to("/dev/zero")
    cases = {
        tmp_path / "none.txt": "no file of this name",
        tmp_path / "none" / "a.txt": "no file of this name",
        tmp_path: "a folder",
        tmp_path / "loop.txt": "back to itself",
        tmp_path / "pipe.txt": "a pipe or a device",
        tmp_path / "device.txt": "a pipe or a device",
        tmp_path / ("x" * 300 + ".txt"): "too long",
        "nul\x00.txt": "cannot be opened",
    }
    for path, match in cases.items():
        with pytest.raises(errors.DocumentNotFoundError, match=match):
            read_document(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("words")
    path.chmod(0)
    with pytest.raises(errors.DocumentNotFoundError, match="may not read"):
        read_document(path)


def test_a_file_above_the_limit_is_not_read(read_bytes):
    with pytest.raises(errors.LimitExceededError, match="--max-input-mb"):
        read_bytes("a.txt", "words " * 1000, limits=Limits(input_bytes=1000))


def test_limits_must_make_sense():
    with pytest.raises(errors.UsageError, match="seconds"):
        Limits(seconds=0)
    with pytest.raises(errors.UsageError, match="pages"):
        Limits(pages=-1)
