"""HTML in the texts of an archive: taken out where it is, counted, nothing touched where it is not; wrong texts."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest

from policyframes.archive.articles import check_row
from policyframes.archive.markup import MarkupError, has_markup, remove_markup
from policyframes.archive.rows import Code, Row
from policyframes.archive.settings import Settings
from tests.inference.archive.archives import (
    read_documents,
    read_entries,
    read_quarantine,
    read_tree,
    run_job,
    write_rows,
)

_SENTENCE = "The court will hear the partner on the plan for the border and the harbour before the week ends."
_PARAGRAPH = " ".join([_SENTENCE] * 3)

PLAIN = [
    "The value of a < b holds, and so does b > a.",
    "We <3 the harbour & its court; AT&T and Q&A as well.",
    "Dear <name>, write to <clerk@court.example> or see <https://court.example/a>.",
    "Put the <title> before the <b> and the <i>, said the clerk.",
    "For x <b = 3 and c> 4 the rule holds; <p and q> is none either.",
    "Terms & conditions &c. apply &unknown; R&D;",
    "An empty <> and an end </> and a <!> and a <?>.",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_only_looks_like_markup_is_none_and_stays_to_the_byte(text):
    assert not has_markup(text)
    assert remove_markup(text) is text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("One.<br>Two.<br/><br />Three.", "One.\nTwo.\n\nThree."),
        ("<div>One.<div>Two.</div></div><h2>Three</h2>Four.", "One.\n\nTwo.\n\nThree\n\nFour."),
        ("<ul><li>One.</li><li>Two.</li></ul>", "One.\n\nTwo."),
        ("<blockquote>One.</blockquote>Two.", "One.\n\nTwo."),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>", "1\t2\n\n3\t4"),
        ('The <a href="https://x.example/?a=1&b=2">co</a>urt <b>dec<i>id</i>es</b>.', "The court decides."),
        ("<p>One\n   line.</p>", "One line."),
        ("First.\n\nSecond <b>one</b>,\nbroken.", "First.\n\nSecond one,\nbroken."),
        ("First.\n\nSecond. <blockquote>Third.</blockquote>", "First.\n\nSecond.\n\nThird."),
        ("<p>a</p><script>if (a<b) { x = '<p>no'; }</script><style>p {}</style><noscript>no</noscript>b", "a\n\nb"),
        ("a<!-- <p class='no -->b<!--no", "ab"),
        ("<p>Caf&eacute;&nbsp;&amp; bar&#8217;s &lt;3</p>", "Caf\xe9 & bar\u2019s <3"),
        ("AT&amp;T said &quot;yes&quot;&hellip;", 'AT&T said "yes"\u2026'),
        ("&lt;p&gt;One &amp;amp; two.&lt;/p&gt;&lt;p&gt;Three.&lt;/p&gt;", "One & two.\n\nThree."),
        ("<p>One &amp;nbsp;two</p>", "One \xa0two"),
        ("<p>Dear <name>, a < b, <3, <clerk@court.example>.</p>", "Dear <name>, a < b, <3, <clerk@court.example>."),
        ('<p class="open>One.</p><p>Two "quoted" words.</p>', 'One.\n\nTwo "quoted" words.'),
        ('<p title="a > b">One.</p>', "One."),
        ('<p>One.</p> Cut off <a href="https://x', "One.\n\nCut off"),
        ("<html><head><title>No</title></head><body>One.</body></html>Two.", "One.\n\nTwo."),
        ("<![CDATA[One <b>two</b>]]>", "One two"),
        ("<p>One<![if !x]> two<![endif]><o:p></o:p></p>", "One two"),
        ("<p>" * 5000 + "One.", "One."),
        ("<p><img src='a.jpg' alt='no'/></p>", ""),
    ],
)
def test_markup_leaves_what_a_reader_would_see(text, seen):
    assert remove_markup(text) == seen


def test_markup_that_nests_too_deep_is_refused_and_not_cut_off():
    with pytest.raises(MarkupError, match="nest too deep"):
        remove_markup("<div>" * 300 + _PARAGRAPH)


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<p",
        "<a b='",
        '<a ="<a "',
        "<!--",
        "<p><!--",
        "&amp",
        "&amp;lt;",
        "<b><i>",
        "</p>",
        "<script>",
        "<a b c=",
        "<p>\n \n",
    ],
)
def test_a_text_made_to_take_long_takes_seconds_at_most(piece):
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    with suppress(MarkupError):
        remove_markup("<p>" + text)

    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("text", "code"),
    [("<div>" * 300 + _PARAGRAPH, Code.BROKEN_MARKUP), ("<p> </p><script>no</script>", Code.EMPTY_TEXT)],
)
def test_markup_without_a_text_that_can_be_read_is_quarantined(text, code):
    assert check_row(Row(1, text=text), Settings(), has_ids=False).code == code


def test_the_paragraphs_of_a_page_are_passages_and_its_scripts_are_none(tmp_path, bundle_folder):
    page = f"<p>{_PARAGRAPH}</p><script>var threat = 'threat threat';</script><p>{_PARAGRAPH}</p>"
    plain = f"{_PARAGRAPH}\n\n{_PARAGRAPH}"
    kept = ("passages", "words", "p_securitized")
    found = []
    for name, text in (("page", page), ("plain", plain)):
        source = write_rows(tmp_path / f"{name}.jsonl", [{"id": "a", "text": text}])
        summary = run_job(source, tmp_path / name, bundle_folder)
        found.append([read_documents(tmp_path / name)[0][column] for column in kept])
        assert summary.markup == (name == "page")
        assert json.loads((tmp_path / name / "summary.json").read_bytes())["markup"] == (name == "page")

    assert found[0] == found[1]
    assert found[0][0] == 2


def test_the_count_leaves_out_what_was_not_scored_and_survives_going_on(tmp_path, bundle_folder):
    rows = [{"id": f"a{n}", "text": f"<p>{_PARAGRAPH} {n}.</p>" if n % 2 else _PARAGRAPH} for n in range(50)]
    rows += [{"id": "a1", "text": f"<p>{_PARAGRAPH}</p>"}, {"id": "b", "text": "<div>" * 300}]
    source = write_rows(tmp_path / "news.jsonl", rows)
    first = run_job(source, tmp_path / "out", bundle_folder)
    tree = read_tree(tmp_path / "out")

    assert first.markup == 25
    assert set(first.counts) == set(first.shares) == {"securitized", "governance", "partnership", "none", "uncertain"}
    assert [row["code"] for row in read_quarantine(tmp_path / "out")] == ["duplicate_id", "broken_markup"]
    assert [entry.markup for entry in read_entries(tmp_path / "out").values()] == [10, 10, 5]
    assert run_job(source, tmp_path / "out", bundle_folder) == first
    assert read_tree(tmp_path / "out") == tree


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"text": {"en": "x"}}, "the text is an object"),
        ({"text": 3}, "the text is a number"),
        ({"text": None}, "the text is null"),
        ({"text": _PARAGRAPH, "id": ["a"]}, "the id is a list"),
    ],
)
def test_what_a_value_is_instead_is_said_in_english(values, said):
    assert check_row(Row(1, **values), Settings(), has_ids="id" in values).message == said
