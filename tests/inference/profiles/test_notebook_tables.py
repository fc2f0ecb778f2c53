from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.inference.profiles.pictured import make_comparison
from tests.inference.scored import make_collection, make_score, make_scored

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</table><iframe src='javascript:alert(1)'></iframe>",
    "&lt;script&gt;",
    "</caption><style>*{display:none}</style>",
]


class Reader(HTMLParser):
    """Reads a table: its tags, its attributes, and the text of its cells by row."""

    def __init__(self, markup):
        super().__init__()
        self.tags, self.names, self.rows, self.text, self.is_cell = [], set(), [], [], False
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.is_cell = True

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self.is_cell = False

    def handle_data(self, data):
        self.text.append(data)
        if self.is_cell:
            self.rows[-1][-1] += data


@pytest.fixture
def comparison():
    return make_comparison()


def test_a_score_shows_probability_and_decision_of_each_framing():
    read = Reader(make_score("securitized", uncertain=("governance",))._repr_html_())

    assert read.rows[1] == ["Securitized", "0.90", "", "present"]
    assert read.rows[2] == ["Governance", "0.10", "", "absent (uncertain)"]


def test_a_score_never_says_that_something_is_certain():
    read = Reader(make_score("securitized", high=1.0)._repr_html_())

    assert read.rows[1][1] == ">0.99"


def test_a_document_shows_how_many_passages_are_of_each_kind():
    read = Reader(make_scored("a", "ssg-")._repr_html_())

    assert [row[:3] for row in read.rows[1:4]] == [
        ["Securitized", "2", "50 %"],
        ["Governance", "1", "25 %"],
        ["Partnership", "0", "0 %"],
    ]
    assert "a: 4 passages" in read.text


def test_a_profile_shows_shares_with_intervals_and_the_method(comparison):
    read = Reader(comparison.profiles[None, "1999"]._repr_html_())

    assert read.rows[2][:3] == ["Governance", "60 %", "50 to 70"]
    assert read.rows[2][4] == "12 of 20"
    assert "Shares are adjusted for the classifier's errors" in read.text[-1]


def test_bars_are_as_wide_as_their_shares(comparison):
    markup = comparison.profiles[None, "1999"]._repr_html_()

    widths = re.findall(r'style="width:([\d.]+)%', markup)
    assert widths == ["20.0", "60.0", "30.0", "10.0", "40.0"]


def test_a_profile_without_a_value_says_so_and_has_no_bar(comparison):
    read = Reader(comparison.profiles["river", "1999"]._repr_html_())

    assert read.rows[1][:2] == ["Securitized", "no passages"]
    assert "%;height" not in comparison.profiles["river", "1999"]._repr_html_()


def test_a_comparison_shows_the_dominant_framing_of_each_cell(comparison):
    read = Reader(comparison._repr_html_())

    assert read.rows[0] == ["Aspect", "1999", "2001", "2017"]
    assert read.rows[1][1:3] == ["Governance 60 %(50 to 70), n 20", "Securitized? 50 %(40 to 60), n 20"]
    assert read.rows[2] == ["River", "no passagesn 0", "no passagesn 0", "no passagesn 0"]
    assert "1 of 2 tested changes between groups are significant." in read.text[-1]


def test_a_collection_shows_its_documents():
    collection = make_collection({"a": "ss-"}, {"a": {"title": "Rivers", "year": "1999", "issuer": "Halmerra"}})
    read = Reader(collection._repr_html_())

    assert read.rows[0][:4] == ["Document", "Year", "Issuer", "Passages"]
    assert read.rows[1] == ["Rivers", "1999", "Halmerra", "3", "2", "0", "0", "1", "0"]


def test_a_long_collection_is_cut_and_says_so():
    read = Reader(make_collection({f"d{number}": "s" for number in range(40)})._repr_html_())

    assert len(read.rows) == 31
    assert "The first 30 of 40 documents" in read.text[-1]


@pytest.mark.parametrize("payload", HOSTILE)
def test_nothing_untrusted_becomes_markup(payload):
    scored = make_scored(payload, "s" * 12, title=payload)
    metadata = {payload: {"title": payload, "year": "1999", "issuer": payload}}
    collection = make_collection({payload: "s" * 12}, metadata)
    comparison = collection.compare("issuer")
    results = [scored, collection, comparison, comparison.profiles[None, payload]]
    results.append(replace(scored, warnings=(payload,)))

    for result in results:
        read = Reader(result._repr_html_())
        assert set(read.tags) <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "span"}
        assert read.names <= {"style", "scope", "aria-hidden"}
        assert any(payload[:30] in text for text in read.text)


def test_tables_have_captions_and_heads_and_ask_nothing_of_the_network(comparison):
    for result in [comparison, comparison.collection, comparison.profiles[None, "1999"], make_scored("a", "s")]:
        markup = result._repr_html_()
        read = Reader(markup)
        assert read.tags.count("caption") == 1
        assert 'scope="col"' in markup
        assert 'scope="row"' in markup
        assert "url(" not in markup
        assert "//" not in markup


def test_text_takes_the_colour_of_the_notebook_so_that_it_can_be_read_on_dark_ground(comparison):
    markup = comparison._repr_html_() + comparison.profiles[None, "1999"]._repr_html_()

    assert not re.search(r"[\";]color:", markup)


def test_results_are_one_line_where_there_is_no_html(comparison):
    profile = comparison.profiles[None, "1999"]

    assert repr(comparison) == "<Comparison by year: groups 3, aspects 1>"
    assert repr(profile) == "<Profile '1999', aspect None: passages 20>"
    assert repr(comparison.collection) == "<Collection: documents 3, aspects 1>"
    assert repr(make_scored("a", "sg")) == "<ScoredDocument 'a': passages 2>"
