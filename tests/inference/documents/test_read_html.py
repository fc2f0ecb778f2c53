import contextlib

import pytest

from policyframes.errors import EmptyDocumentError, FormatMismatchError

PARAGRAPHS = [
    "The two towns share one river and must agree about its use before the summer comes to an end.",
    "Each town pays half of the cost, and the councils review that share each year in an open meeting.",
    "Short one.",
    "Nobody expected the bridge to hold, but the engineers had counted every bolt and every beam in it.",
    "Nobody expected the bridge to hold, but the engineers had counted every bolt and every beam in it.",
    "In the end the water rose by three metres, and the lower meadow was under it for eleven days.",
]


def page(body, head="<title>The plan</title>"):
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def article(paragraphs=PARAGRAPHS):
    text = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)
    return page(
        '<div class="cookie-banner"><p>We use cookies to serve you better on this page and on others.</p></div>'
        '<nav><ul><li><a href="/">Home page</a></li><li><a href="/a">About us</a></li></ul></nav>'
        f"<header><h1>A plan for the river</h1></header><main><article>{text}</article></main>"
        '<div class="related-posts"><a href="/x">Another story</a></div>'
        "<footer><p>Copyright of the council; all rights reserved since the year of its founding.</p></footer>"
        "<script>var secret = 1;</script>"
    )


def test_every_paragraph_survives_in_order_and_navigation_does_not(read_bytes, blocks_of):
    document = read_bytes("page.html", article())
    blocks = blocks_of(document)
    assert blocks[0] == ("heading", "A plan for the river")
    assert [text for kind, text in blocks if kind == "paragraph"] == PARAGRAPHS
    for word in ("cookies", "Home page", "Another story", "Copyright", "secret"):
        assert word not in document.text
    dropped = " ".join(piece.text for piece in document.dropped)
    assert all(word in dropped for word in ("cookies", "Home page", "Another story", "Copyright"))
    assert document.title == "The plan"


def test_lists_tables_and_inline_markup(read_bytes, blocks_of):
    body = (
        f"<main><h1>Plan</h1><p>{PARAGRAPHS[0]}</p><ul><li>One <b>bold</b>ly</li><li><p>Two</p></li></ul>"
        "<table><caption>Costs</caption><tr><th>Year</th><th>Cost</th></tr><tr><td>2024</td><td>10</td></tr></table>"
        "<p>Line<br>break, a <a href=x>link</a><!-- no --> and&nbsp;more.<br><br>New paragraph.</p></main>"
    )
    assert blocks_of(read_bytes("page.htm", page(body)))[2:] == [
        ("list-item", "One boldly"),
        ("list-item", "Two"),
        ("caption", "Costs"),
        ("table", "Year\tCost\n2024\t10"),
        ("paragraph", "Line break, a link and more."),
        ("paragraph", "New paragraph."),
    ]


def test_a_page_without_paragraphs_keeps_all_its_text(read_bytes):
    lines = [f"Line number {number} of the old page says what was agreed." for number in range(30)]
    document = read_bytes("old.html", page("<font>" + "<br><br>".join(lines) + "</font>"))
    assert document.text.split("\n\n") == lines


def test_layout_tables_are_text(read_bytes, blocks_of):
    body = "<table><tr><td>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS) + "</td></tr></table>"
    assert [text for kind, text in blocks_of(read_bytes("a.html", page(body))) if kind == "paragraph"] == PARAGRAPHS


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("utf-8", ""),
        ("cp1252", '<meta charset="iso-8859-1">'),
        ("utf-16", ""),
        ("iso-8859-2", '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">'),
    ],
)
def test_encodings(read_bytes, encoding, head):
    source = page("<p>Die Brücke über den Fluß ist ein Maß für alles, was später noch kommen wird.</p>", head)
    document = read_bytes("a.html", source.encode(encoding))
    assert document.text.startswith("Die Brücke über den Fluß")
    assert document.warnings == ()


def test_a_wrong_charset_is_warned_of(read_bytes):
    document = read_bytes("a.html", page("<p>Café au lait.</p>", '<meta charset="utf-8">').encode("cp1252"))
    assert "Café" in document.text
    assert "says it is in utf-8" in document.warnings[0]


def test_og_title_goes_first(read_bytes):
    head = '<title>Plan | Site</title><meta property="og:title" content="The Plan">'
    assert read_bytes("a.html", page("<p>Words here.</p>", head)).title == "The Plan"


def test_a_page_without_text_is_empty(read_bytes):
    with pytest.raises(EmptyDocumentError, match="no text"):
        read_bytes("a.html", page("<script>1</script><img src=x>"))


def test_text_without_a_tag_is_no_page(read_bytes):
    with pytest.raises(FormatMismatchError, match="--format txt"):
        read_bytes("a.html", "Just words.")


def test_depth_and_entities_do_no_harm(read_bytes):
    deep = page("<div>" * 50_000 + "<p>Deep words.</p>")
    laughs = '<!DOCTYPE html [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><html><body><p>Word &c;.</p></body></html>'
    assert "Word" in read_bytes("laughs.html", laughs).text
    with contextlib.suppress(EmptyDocumentError):
        assert "Deep words" in read_bytes("deep.html", deep).text
