from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from policyframes.documents.document import Dropped
from policyframes.errors import EmptyDocumentError
from policyframes.report.page import render_page
from policyframes.report.rows import Failure, format_probability
from tests.inference.builders import make_document

FILL = "the " * 40
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<!-- --><iframe src=javascript:alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "<a href=javascript:alert(1)>x</a>",
    "&lt;script&gt;",
]


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def page(scorer):
    def render(text, **changes):
        return render_page([scorer.score_document(make_document(text, **changes))], scorer.bundle)

    return render


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_markup(page, payload):
    plain = Elements(page(f"threat x {FILL}.", title="x", dropped=(Dropped("x", 1, "x"),), warnings=("x",)))
    text = f"threat {payload} {FILL}."
    hostile = page(text, title=payload, id=payload, dropped=(Dropped(payload, 1, payload),), warnings=(payload,))
    seen = Elements(hostile)

    assert seen.tags == plain.tags
    assert not any(name.startswith("on") or value.startswith("javascript") for name, value in seen.attributes)
    assert payload in "".join(seen.text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_in_an_error_becomes_markup(scorer, payload):
    failure = Failure(payload, payload, EmptyDocumentError(where=payload, found="", allowed="", remedy=""))
    seen = Elements(render_page([failure], scorer.bundle))

    assert {"script", "img", "svg", "iframe"}.isdisjoint(seen.tags)


def test_the_page_asks_nothing_of_the_network_and_holds_no_script(page):
    text = page(f"threat {FILL}.")
    seen = Elements(text)

    assert "default-src 'none'" in text
    assert {"script", "link", "img", "iframe"}.isdisjoint(seen.tags)
    assert not any(name in {"src", "srcset"} or value.startswith("http") for name, value in seen.attributes)


def test_the_whole_text_stands_on_the_page_with_what_is_no_passage(page):
    text = f"A short heading\n\nthreat {FILL.strip()}.\n\ncourt {FILL.strip()}.\n\nPage 3"
    shown = "".join(Elements(page(text)).text)

    assert all(part in shown for part in text.split("\n\n"))


def test_strongest_passages_carry_page_and_probability(page):
    shown = " ".join("".join(Elements(page(f"threat {FILL}.", page_starts=(0,))).text).split())

    assert "passage 1, page 1, characters 0–" in shown
    assert re.search(r"probability 0\.\d\d", shown)


def test_no_probability_is_shown_as_certain():
    assert [format_probability(p) for p in (0.9975, 0.985, 0.5, 0.001)] == [">0.99", "0.98", "0.50", "<0.01"]


def test_shares_are_those_of_the_document(page):
    shown = "".join(Elements(page(f"threat {FILL}.\n\ncourt {FILL}.\n\ncourt {FILL}.\n\nthe {FILL}.")).text)

    assert "25 %" in shown
    assert "50 %" in shown


def test_a_document_without_passages_has_a_page(page):
    assert "0 passages" in page("* * *")
