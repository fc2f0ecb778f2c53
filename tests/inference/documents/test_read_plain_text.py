import hashlib
import io
import sys
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyframes.documents import canonicalise, read_document
from policyframes.errors import EmptyDocumentError, EncodingError, FormatMismatchError

ACCENTED = "The café of São Paulo – “open” to all.\n\nA second paragraph.\n"


def test_canonical_text_comes_back_to_the_byte(read_bytes):
    text = "  Indented.\n\n\n\nTwo  spaces \t and a tab.  \n\n"
    document = read_bytes("plan.txt", text)
    assert document.text == text
    assert (document.id, document.format, document.blocks, document.page_starts) == ("plan", "txt", (), ())
    assert document.source_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert document.warnings == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_and_unmarked_unicode_is_read_without_a_warning(read_bytes, encoding):
    document = read_bytes("a.text", ACCENTED.encode(encoding))
    assert document.text == ACCENTED
    assert document.warnings == ()


MARKDOWN = (
    "# The River Plan\n\nSee the [annex](https://example.org/annex) and **the map**.\n\n"
    "## Costs\n\nIt costs \\$12 million, as [the ministry](#costs) said.\n"
)


def test_markdown_named_txt_keeps_its_markup_and_gets_a_warning(read_bytes):
    document = read_bytes("plan.txt", MARKDOWN)
    assert document.text == MARKDOWN
    assert "6 marks" in document.warnings[0]
    assert "--format md" in document.warnings[0]
    assert read_bytes("plan.md", MARKDOWN).warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "Of the 12 crossings *two* were closed [see note 4] (and **three** more later).\n" * 4,
        "* * *\n\n- # 1 priority: roads\n- [x] (done)\n- 2 ** 3 is 8, and 2**4 is 16\n" * 4,
        "The file lies in C:\\plans\\rivers and costs $12.\n" * 8,
    ],
)
def test_ordinary_texts_do_not_look_like_markdown(read_bytes, text):
    assert read_bytes("plan.txt", text).warnings == ()


def test_windows_1252_is_read_with_a_warning(read_bytes):
    document = read_bytes("a.txt", ACCENTED.encode("cp1252"))
    assert document.text == ACCENTED
    assert "Windows-1252" in document.warnings[0]


def test_one_broken_character_does_not_turn_utf8_into_rubbish(read_bytes):
    document = read_bytes("a.txt", ACCENTED.encode() + "é".encode()[:1])
    assert document.text == ACCENTED + "\ufffd"
    assert "1 broken" in document.warnings[0]


@pytest.mark.parametrize(
    "content",
    [b"a\x00b\x00c\x00d\x00", bytes(range(256)) * 4, "plain".encode("utf-16-le"), b"\xff\xfea\x00b", b"\x00" * 500],
)
def test_bytes_that_are_no_text_are_named(read_bytes, content):
    with pytest.raises(EncodingError, match="save it as UTF-8"):
        read_bytes("a.txt", content)


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n ", b"\xef\xbb\xbf", "\ufeff\n".encode("utf-16")])
def test_nothing_but_white_space_is_empty(read_bytes, content):
    with pytest.raises(EmptyDocumentError, match="no text"):
        read_bytes("a.txt", content)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_comes_back_canonical_or_as_a_named_error(read_bytes, text):
    expected = canonicalise(text)
    try:
        document = read_bytes("any.txt", text)
    except EmptyDocumentError:
        assert not expected.strip()
    except EncodingError:
        assert any(ord(char) < 32 for char in text)
    else:
        assert document.text == expected


def test_standard_input_is_recognised_by_its_content(monkeypatch):
    def feed(content):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    feed(b"Some plain words.")
    document = read_document("-")
    assert (document.id, document.source, document.format) == ("stdin", "-", "txt")
    feed(b"<!DOCTYPE html><html><body><p>Some words.</p></body></html>")
    assert read_document("-").format == "html"
    feed(b"# Plan\n\nWords.")
    assert read_document("-", format="md", id="plan").title == "Plan"
    feed(b"  \n")
    with pytest.raises(EmptyDocumentError, match="standard input"):
        read_document("-")


def test_a_web_page_named_txt_is_refused_unless_asked_for(read_bytes):
    page = "<html><body><p>Words.</p></body></html>"
    with pytest.raises(FormatMismatchError, match="--format html"):
        read_bytes("page.txt", page)
    assert read_bytes("page.txt", page, format="txt").text == page
