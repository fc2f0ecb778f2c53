from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyframes.documents.document import Block, BlockKind
from policyframes.passages import split_passages
from policyframes.passages.blocks import find_blocks
from policyframes.passages.grouping import MAX_WORDS, MIN_WORDS
from tests.inference.builders import make_document

SENTENCE = "The commission meets each spring and reports to both parliaments on what it has found. "
PARAGRAPH = (SENTENCE * 4).strip()


def cut(text, **changes):
    return split_passages(make_document(text, **changes))


def kinds(segmentation):
    return [block.kind.value for block in segmentation.others if block.kind is not BlockKind.SEPARATOR]


def test_a_paragraph_is_a_passage():
    segmentation = cut(f"{PARAGRAPH}\n\n{PARAGRAPH}")

    assert [passage.text for passage in segmentation.passages] == [PARAGRAPH, PARAGRAPH]
    assert [passage.number for passage in segmentation.passages] == [1, 2]


def test_wrapped_lines_belong_to_one_paragraph():
    wrapped = PARAGRAPH.replace(" on what", "\non what")

    assert [passage.text for passage in cut(wrapped).passages] == [wrapped]


def test_a_heading_is_no_passage_and_parts_what_stands_around_it():
    segmentation = cut(f"{SENTENCE.strip()}\n\n2. Border management\n\n{SENTENCE.strip()}")

    assert len(segmentation.passages) == 2
    assert kinds(segmentation) == ["heading"]


def test_short_neighbours_are_read_together():
    segmentation = cut("\n\n".join([SENTENCE.strip()] * 3))

    assert len(segmentation.passages) == 1
    assert segmentation.passages[0].words == 45


def test_a_list_is_read_with_the_line_that_announces_it():
    lead = "In the coming four years the government intends, with the neighbouring provinces, to do the following:"
    items = ("- to open two crossings for freight;", "- to train judges for both provinces;", "- to report each year.")
    segmentation = cut("\n\n".join([PARAGRAPH, lead, *items]))

    assert [passage.text[:16] for passage in segmentation.passages] == [PARAGRAPH[:16], lead[:16]]
    assert segmentation.passages[1].text.endswith("report each year.")


def test_a_long_paragraph_is_cut_between_sentences_into_even_runs():
    text = (SENTENCE * 25).strip()
    segmentation = cut(text)

    assert all(MIN_WORDS <= passage.words <= MAX_WORDS for passage in segmentation.passages)
    assert all(passage.text.endswith("found.") for passage in segmentation.passages)
    assert sum(passage.words for passage in segmentation.passages) == len(text.split())
    assert len(segmentation.passages) == 3


def test_a_sentence_without_end_is_cut_all_the_same():
    segmentation = cut("word " * 5_000)

    assert max(passage.words for passage in segmentation.passages) <= 250
    assert sum(passage.words for passage in segmentation.passages) == 5_000


def test_a_paragraph_broken_in_mid_sentence_is_joined():
    broken = PARAGRAPH.replace("reports to", "reports\n\nto", 1)

    assert [passage.text for passage in cut(broken).passages] == [broken]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("IV. THE ROLE OF THE INTERIOR MINISTRY", "heading"),
        ("A common market for the river basin", "heading"),
        ("Section 7.", "heading"),
        ("Page 12 of 40", "furniture"),
        ("* * *", "furniture"),
        ("xiv", "furniture"),
        ("Figure 3. Crossings by month", "caption"),
        ("Photo: the bridge at the northern crossing.", "caption"),
        ("The northern crossing .......... 14", "contents"),
        ("Crossings\t2013\t2014", "table"),
        ("12. See the annual report, https://example.org/report", "reference"),
        ("Crossings\t2013\t2014\nFreight\t12\t14\nPersons\t8\t9", "table"),
    ],
)
def test_what_is_no_passage_is_reported_by_its_kind(line, kind):
    segmentation = cut(f"{PARAGRAPH}\n\n{line}\n\n{PARAGRAPH}")

    assert kinds(segmentation) == [kind]
    assert len(segmentation.passages) == 2


@pytest.mark.parametrize(
    "line",
    [
        "We do not accept this.",
        "35 percent of all freight crosses there, and the share grows every year.",
        "“They are our partners,” the minister said.",
        "1994 was the year in which the two states agreed to share the water.",
    ],
)
def test_short_sentences_are_no_headings(line):
    assert kinds(cut(f"{PARAGRAPH}\n\n{line}\n\n{PARAGRAPH}")) == []


UNFINISHED = f"{PARAGRAPH} In the same year the commission, with the help of both ministries, signed the treaty"
REST = "River Commission and its two councils, which meet each spring and report to both parliaments."


@pytest.mark.parametrize("line", ["The mandate was given to the new bodies by the", "In May they met. The talks with"])
def test_a_line_that_breaks_off_is_no_heading_and_goes_on(line):
    rest = f"{REST} {SENTENCE}{SENTENCE}".strip()
    segmentation = cut(f"{PARAGRAPH}\n\n{line}\n\n{rest}")

    assert kinds(segmentation) == []
    assert f"{line}\n\n{rest}" in [passage.text for passage in segmentation.passages]


@pytest.mark.parametrize("line", ["The talks ended in May. A treaty followed", "Who pays? The states, says a report"])
def test_a_line_with_a_sentence_end_inside_is_no_heading(line):
    assert kinds(cut(f"{PARAGRAPH}\n\n{line}\n\n{PARAGRAPH}")) == []


@pytest.mark.parametrize(
    "line",
    [
        *("What we stand for", "Where the water comes from", "Sec. 3. Definitions.", "Section 7.", "The Way We Are In"),
        *("THE COURTS, THE POLICE AND", "WATER. LAND. AIR", "2. The new role of St. John and Mr. Hill", "3.1 Trade"),
        *("b. Disappearance", "c. Cruel or Inhuman Treatment by the Border Police, the Army, and Other State Bodies"),
    ],
)
def test_a_heading_that_looks_like_a_sentence_is_one(line):
    assert kinds(cut(f"{PARAGRAPH}\n\n{line}\n\n{PARAGRAPH}")) == ["heading"]


def test_a_short_line_after_an_unfinished_paragraph_goes_on_with_it():
    broken = f"{UNFINISHED} of the\n\nUpper River with ministers from\n\n{REST}"

    assert [passage.text for passage in cut(broken).passages][-1].endswith(broken[-240:])
    assert kinds(cut(f"{UNFINISHED} of the\n\nUpper River\n\n{REST}")) == []


def test_an_unfinished_list_item_goes_on_in_upper_case():
    item = f"- {PARAGRAPH[:-1]}, and to open, in the coming four years, a bank of the Upper"
    first, second = cut(f"{PARAGRAPH}\n\n{item}\n\n{REST}\n\n{PARAGRAPH}").passages[1:]

    assert first.text == f"{item}\n\n{REST}"
    assert second.text == PARAGRAPH


@pytest.mark.parametrize("following", ["- to train judges.", "THE COURTS", "The courts are part of it, as all agree."])
def test_an_unfinished_list_item_ends_before_an_item_a_heading_or_a_new_sentence(following):
    item = "- to open, in the coming four years and with the help of both ministries, a bank of the river"
    text = f"{item}\n\n{following}"

    assert find_blocks(make_document(text))[0].end == len(item)


def test_a_list_item_that_the_reader_knows_is_whole():
    item = "to open, in the coming four years and with the help of both ministries, a bank of the Upper"
    text = f"{item}\n\n{REST}"
    known = (Block(0, len(item), BlockKind.LIST_ITEM), Block(len(item) + 2, len(text), BlockKind.PARAGRAPH))

    assert find_blocks(make_document(text, blocks=known)) == list(known)


@pytest.mark.parametrize("end", [" —", " –", "”", ")", "]"])
def test_a_paragraph_that_is_closed_or_cut_short_does_not_go_on_in_upper_case(end):
    speech = f"MR. HILL: {UNFINISHED}{end}"

    assert find_blocks(make_document(f"{speech}\n\nMR. REED: {PARAGRAPH}"))[0].end == len(speech)


RUBBISH = "Rv~r Bas.ln c\"rossng nOrth UpPer d t|e ,.~s l'I'tO.r pLa~n s.ct~r"


@pytest.mark.parametrize("piece", [f"{RUBBISH}.", "lK.", "May 3, 2020.", "Sincerely,", "The two banks,", "Ba5~n ,.r/:"])
def test_a_stretch_that_is_no_prose_is_a_fragment(piece):
    segmentation = cut(f"{PARAGRAPH}\n\nTHE COURTS\n\n{piece}\n\nTHE BANKS\n\n{PARAGRAPH}")

    assert kinds(segmentation) == ["heading", "fragment", "heading"]
    assert len(segmentation.passages) == 2


def test_rubbish_is_not_read_together_with_prose():
    segmentation = cut(f"{PARAGRAPH}\n\n{RUBBISH}.\n\n{PARAGRAPH}")

    assert [passage.text for passage in segmentation.passages] == [PARAGRAPH, PARAGRAPH]
    assert kinds(segmentation) == ["fragment"]


def test_scraps_between_rubbish_are_fragments_and_sentences_are_not():
    scraps = f"{RUBBISH}.\n\n~ Upper Basin.\n\nIsla Verde R. u.s.\n\n{RUBBISH}."
    prose = f"{RUBBISH}.\n\nThe two states have agreed.\n\n{RUBBISH}."

    assert kinds(cut(f"{scraps}\n\n{PARAGRAPH}")) == ["fragment"] * 4
    assert kinds(cut(f"{prose}\n\n{PARAGRAPH}")) == ["fragment"] * 2


@pytest.mark.parametrize(
    "piece",
    [
        "We agree.",
        "“They do!”",
        "THE PRESIDENT: Yes.",
        "Under 22 U.S.C. 2776(f)(1), the U.S., the U.K., NATO and the OSCE gave $1.2bn (3.4%) to UNHCR-run F-16s.",
        "DoD, C4ISTAR, DREAMers, McBride, O'Neill, iPhones, COVID-19, H-1B and PhDs: all are named in the report.",
        "委员会每年春天开会。",
        "La comisión se reúne en primavera y da cuenta a ambos parlamentos.",
        "8501.72.10 * DC generators of 50 W to 750 W, 8501.72.20 * generators of 75 kVA.",
    ],
)
def test_prose_is_never_a_fragment(piece):
    segmentation = cut(f"{PARAGRAPH}\n\nTHE COURTS\n\n{piece}\n\nTHE BANKS\n\n{PARAGRAPH}")

    assert [passage.text for passage in segmentation.passages] == [PARAGRAPH, piece, PARAGRAPH]


@pytest.mark.parametrize("line", ["Neighbours,", "May 3, 2020.", RUBBISH])
def test_a_text_of_one_fragment_is_scored_if_it_holds_a_word(line):
    assert [passage.text for passage in cut(line).passages] == [line]


@pytest.mark.parametrize("piece", ["1" * 200_000 + "_x", "Ab" * 100_000 + "_", "a.b~" * 50_000])
def test_endless_tokens_do_not_hold_up_the_program(piece):
    # A pattern that tries every split of such a token would take days.
    cut_within_a_minute(f"{piece} {piece}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "blocks",
    [
        [SENTENCE.strip().lower().rstrip(".")],
        ["Border management", "We do not accept this."],
        ["Trade", "May 3, 2020."],
    ],
    ids=["chain of joins", "short sections", "sections of fragments"],
)
def test_many_small_blocks_do_not_hold_up_the_program(blocks):
    # Two megabytes: seconds where each block is looked at once, half an hour where each looks at all before it.
    cut_within_a_minute("\n\n".join(blocks * (2_000_000 // len("".join(blocks)))))


def cut_within_a_minute(text):
    # The bound only tells seconds from hours.
    code = (
        "import sys; from policyframes.documents.document import Document; from policyframes.passages import "
        "split_passages; text = sys.stdin.read(); print(len(split_passages(Document('d', text, 'txt', 'd')).passages))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True, timeout=60
    )

    assert int(done.stdout) >= 0


def test_a_text_without_a_word_is_not_scored():
    segmentation = cut("a 1\n\nTHE 6\n\n% b")

    assert [passage.text for passage in segmentation.passages] == ["THE 6"]
    assert kinds(segmentation) == ["fragment", "fragment"]


def test_a_run_of_lines_with_page_numbers_is_a_table_of_contents():
    segmentation = cut(f"The border 3\n\nTrade 9\n\nThe courts 17\n\n{PARAGRAPH}")

    assert kinds(segmentation) == ["contents"] * 3


def test_what_stands_under_references_is_no_passage():
    segmentation = cut(f"{PARAGRAPH}\n\nReferences\n\n{PARAGRAPH}\n\nAnnex on trade\n\n{PARAGRAPH}")

    assert kinds(segmentation) == ["heading", "reference", "heading"]
    assert len(segmentation.passages) == 2


def test_a_text_of_one_line_is_scored_even_if_it_looks_like_a_heading():
    assert [passage.text for passage in cut("A partner at the border").passages] == ["A partner at the border"]


def test_lines_are_paragraphs_where_there_are_no_blank_lines_and_lines_are_long():
    segmentation = cut(f"{PARAGRAPH}\n{PARAGRAPH}\n{PARAGRAPH}")

    assert len(segmentation.passages) == 3


def test_kinds_that_the_reader_knows_stand():
    text = f"A heading that ends in a stop.\n\n{PARAGRAPH}"
    blocks = (Block(0, 30, BlockKind.HEADING), Block(32, len(text), BlockKind.PARAGRAPH))

    assert kinds(cut(text, blocks=blocks)) == ["heading"]


def test_text_between_the_readers_blocks_is_not_lost():
    text = f"{PARAGRAPH}\n\n{PARAGRAPH}"
    segmentation = cut(text, blocks=(Block(0, len(PARAGRAPH), BlockKind.PARAGRAPH),))

    assert [passage.text for passage in segmentation.passages] == [PARAGRAPH, PARAGRAPH]


def test_a_passage_knows_the_pages_it_starts_and_ends_on():
    text = f"{PARAGRAPH}\n\n{PARAGRAPH}"
    passages = cut(text, page_starts=(0, 40, len(PARAGRAPH) + 2)).passages

    assert [(passage.page, passage.last_page) for passage in passages] == [(1, 2), (3, 3)]


def test_an_empty_text_has_no_passages():
    assert cut("").passages == ()
    assert cut(" \n\n ").passages == ()


PIECES = st.sampled_from(
    [
        *("lK. ", "of the\n\n", "\n", "\n\n", " ", "\t", ". ", "• ", "- ", "2. ", "the ", "—", "”", "Mr. ", "U.S. "),
        *("Chapter 3\n\n", "....... 12\n\n", SENTENCE, PARAGRAPH, RUBBISH),
    ]
)
TEXTS = st.one_of(st.text(max_size=400), st.lists(PIECES | st.text(max_size=20), max_size=60).map("".join))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_every_character_lies_in_exactly_one_passage_or_other_block(text):
    segmentation = cut(text)
    spans = sorted([(p.start, p.end) for p in segmentation.passages] + [(b.start, b.end) for b in segmentation.others])

    assert "".join(text[start:end] for start, end in spans) == text
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert all(start < end for start, end in spans)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_a_passage_is_the_text_at_its_offsets_and_separators_are_white_space(text):
    segmentation = cut(text)

    for passage in segmentation.passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert passage.words <= 250
    for block in segmentation.others:
        assert block.kind is not BlockKind.SEPARATOR or text[block.start : block.end].isspace()


BLOCKS = st.tuples(st.integers(0, 500), st.integers(0, 500), st.sampled_from(list(BlockKind)[:9]))


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.lists(BLOCKS, max_size=8))
def test_any_blocks_of_a_reader_leave_every_character_in_one_place(text, drawn):
    blocks, position = [], 0
    for a, b, kind in sorted(drawn, key=lambda d: (d[0], d[1])):
        start, end = max(a, position), min(b, len(text))
        if start < end:
            blocks.append(Block(start, end, kind))
            position = end
    segmentation = cut(text, blocks=tuple(blocks))
    spans = sorted([(p.start, p.end) for p in segmentation.passages] + [(b.start, b.end) for b in segmentation.others])

    assert "".join(text[start:end] for start, end in spans) == text


@pytest.mark.shared
@pytest.mark.slow
def test_most_coded_spans_are_passages_as_we_cut_them(shared_folder):
    lines = (shared_folder / "annotations" / "spans.jsonl").read_text(encoding="utf-8").splitlines()
    spans = [json.loads(line) for line in lines]
    exact = 0
    for document in {span["doc"] for span in spans}:
        text = (shared_folder / "documents" / f"{document}.txt").read_text(encoding="utf-8")
        ours = {(passage.start, passage.end) for passage in cut(text).passages}
        exact += sum((span["start"], span["end"]) in ours for span in spans if span["doc"] == document)

    assert exact / len(spans) >= 0.78
