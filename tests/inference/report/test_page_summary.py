from __future__ import annotations

import itertools
import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from policyframes.errors import EmptyDocumentError
from policyframes.report.page import render_page
from policyframes.report.page.outline import build_outline
from policyframes.report.page.summary import build_summary
from policyframes.report.page.wording import shorten_middle
from policyframes.report.rows import Failure
from tests.inference.report.comparisons import make_change, make_comparison

FAILURE = Failure("a.pdf", "a", EmptyDocumentError(where="a.pdf", found="", allowed="", remedy=""))


def summarise(comparison, failures=()):
    return build_summary(build_outline(comparison), failures)


def plain(text):
    return text.replace("\u00a0", " ")


def test_one_document_is_told_with_its_lead_and_intervals():
    summary = summarise(make_comparison({"doc": (0.6, 0.2, 0.1)}, by="document"))

    assert summary.heading == "How one document frames its subject: doc"
    (finding,) = summary.findings
    assert finding.name == ""
    text = plain(finding.text)
    assert text.startswith("Securitized leads clearly")
    assert "securitized 60 % (95 % interval 50 to 70 %), governance 20 % (10 to 30 %) and partnership" in text
    assert summary.changes == ()


def test_overlapping_intervals_are_no_clear_lead():
    (finding,) = summarise(make_comparison({"doc": (0.5, 0.45, 0.1)}, by="document")).findings

    assert "not clearly: its interval overlaps that of governance." in finding.text


def test_a_group_too_small_gets_no_number():
    (finding,) = summarise(make_comparison({"doc": (None, None, None)}, by="document", total=7)).findings

    assert plain(finding.text) == "7 passages, too few for shares; at least 10 are needed. Read the passages."


def test_a_tie_has_no_leader():
    (finding,) = summarise(make_comparison({"doc": (0.3, 0.3, 0.1)}, by="document")).findings

    assert finding.text.startswith("Securitized and governance have equally large shares; none leads.")


def test_shares_of_nothing_are_said():
    (finding,) = summarise(make_comparison({"doc": (0.0, 0.0, 0.0)}, by="document")).findings

    assert plain(finding.text).startswith("No framing has an estimated share above 0 %.")


def test_many_groups_are_told_by_their_range_and_their_leads():
    groups = {str(year): (0.1 + (year - 2000) / 20, 0.4, 0.1) for year in range(2000, 2010)}
    summary = summarise(make_comparison(groups))
    text = plain(summary.findings[0].text)

    assert summary.heading == "How 10 documents frame their subjects, by year"
    assert text.startswith("estimated share from 10 % (95 % interval 0 to 20 %) in 2000 to 55 % (45 to 65 %) in 2009.")
    assert "It has the largest share in 4 of 10 years, in none of them clearly." in text


def test_significant_changes_are_told_and_the_others_are_called_chance():
    changes = [make_change("2001", "2002", 0.2, 0.01), make_change("2002", "2003", -0.03, 0.6)]
    shares = {"2001": (0.2, 0.3, 0.1), "2002": (0.4, 0.3, 0.1), "2003": (0.37, 0.3, 0.1)}
    first, second, few = summarise(make_comparison(shares, changes=changes)).changes

    assert plain(first).startswith("From 2001 to 2002 the share of securitized rose by 20 percentage points")
    assert "95 % interval 15 to 25 (p = 0.010, adjusted for all comparisons)" in plain(first)
    assert second.startswith("No share of all passages changed significantly from 2002 to 2003")
    assert few.startswith("Behind these changes stand fewer than 5 documents of 2001 and 2002: ")


def test_groups_without_an_order_in_time_differ_and_do_not_change():
    changes = [make_change("a", "b", 0.2, 0.01)]
    comparison = make_comparison({"a": (0.2, 0.3, 0.1), "b": (0.4, 0.3, 0.1)}, by="issuer", changes=changes)
    told, rest, few = summarise(comparison).changes

    assert told.startswith("In b the share of securitized is higher than in a by 20 percentage points")
    assert rest == "All other differences between the two issuers may be chance."
    assert "fewer than 5 documents of a and b: what differs there is between these very documents" in few


def test_nothing_significant_is_said_to_be_chance_perhaps():
    comparison = make_comparison(
        {"2001": (0.2, 0.3, 0.1), "2002": (0.3, 0.3, 0.1)}, changes=[make_change("2001", "2002", 0.1, 0.3)]
    )

    assert summarise(comparison).changes == (
        "Between the two years no share of all passages changed significantly: the differences may be chance.",
    )


def test_changes_that_could_not_be_tested_are_not_called_equal():
    comparison = make_comparison(
        {"2001": (0.2, 0.3, 0.1), "2002": (None, None, None)}, changes=[make_change("2001", "2002", None, None)]
    )

    assert summarise(comparison).changes == ("No change could be tested: the years have too few passages.",)


def test_groups_without_a_test_are_not_said_to_differ():
    (sentence,) = summarise(make_comparison({"a": (0.2, 0.3, 0.1), "b": (0.6, 0.3, 0.1)}, by="issuer")).changes

    assert sentence.startswith("No test was made of whether the issuers differ")


def test_failures_are_counted_apart():
    summary = summarise(make_comparison({"doc": (0.6, 0.2, 0.1)}, by="document"), [FAILURE])

    assert "1 document could not be read and was left out of all numbers" in summary.read


def test_no_document_at_all_has_a_summary():
    summary = summarise(make_comparison({}, by="document"), [FAILURE, FAILURE])

    assert summary.heading == "No document could be scored"
    assert summary.findings == ()
    assert "2 documents could not be read and were left out" in summary.read


def test_the_method_of_the_shares_is_stated():
    assert "corrected for the errors" in summarise(make_comparison({"doc": (0.6, 0.2, 0.1)}, by="document")).method


def test_an_overlap_with_two_framings_is_told_of_both():
    (finding,) = summarise(make_comparison({"doc": (0.5, 0.45, 0.45)}, by="document")).findings

    assert "its interval overlaps those of governance and partnership." in finding.text


def test_shares_that_were_had_in_two_ways_are_told_apart():
    comparison = make_comparison({"2001": (0.6, 0.2, 0.1), "2002": (0.6, 0.2, 0.1)})
    profile = comparison.profiles[None, "2002"]
    shares = {kind: replace(share, method="coded") for kind, share in profile.shares.items()}
    method = summarise(
        replace(comparison, profiles={**comparison.profiles, (None, "2002"): replace(profile, shares=shares)})
    ).method

    assert "The shares of 2001 are corrected for the errors" in method
    assert "The shares of 2002 are corrected by a hand-coded sample" in method


def test_documents_of_one_title_are_told_apart():
    same = {"title": "Strategy"}
    comparison = make_comparison(
        {"a": (0.6, 0.2, 0.1), "b": (0.2, 0.6, 0.1)}, by="document", metadata={"a": same, "b": same}
    )

    assert [finding.name for finding in summarise(comparison).findings] == ["Strategy (a)", "Strategy (b)"]


shares = st.one_of(
    st.just((None, None, None)), st.tuples(*[st.sampled_from((0.0, 0.004, 0.1, 0.35, 0.5, 0.9965, 1.0))] * 3)
)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(shares, max_size=7),
    by=st.sampled_from(("document", "year", "issuer")),
    total=st.sampled_from((0, 1, 9, 10, 40)),
    p_value=st.sampled_from((None, 0.0, 0.04, 0.3)),
)
def test_every_comparison_has_a_page_that_makes_sense(values, by, total, p_value):
    names = [str(1990 + number) for number in range(len(values))]
    differences = [
        None if None in pair[0] + pair[1] else pair[1][0] - pair[0][0] for pair in itertools.pairwise(values)
    ]
    changes = [
        make_change(before, after, difference, None if difference is None else p_value)
        for (before, after), difference in zip(itertools.pairwise(names), differences, strict=True)
    ]
    comparison = make_comparison(dict(zip(names, values, strict=True)), by=by, total=total, changes=changes)
    summary = summarise(comparison)
    told = [summary.read, summary.method, *(finding.text for finding in summary.findings), *summary.changes]

    assert not [text for text in told if re.search(r"None|\bnan\b|\binf\b|  |\(\)|\b[a-z]+s \.|, \.", text)]
    assert all(text.endswith(".") for text in told if text)
    assert "</html>" in render_page(comparison)
    if total < 10:
        assert not any(re.search(r"\d.%", plain(finding.text)) for finding in summary.findings)


def test_long_titles_that_begin_alike_stay_apart_where_there_is_little_room():
    metadata = {name: {"title": f"National Security Strategy of the Realm ({name})"} for name in ("s-1990", "s-1991")}
    comparison = make_comparison(dict.fromkeys(metadata, (0.6, 0.2, 0.1)), by="document", metadata=metadata)

    assert [group.short for group in build_outline(comparison).groups] == ["s-1990", "s-1991"]


def test_long_names_are_shortened_in_their_middle():
    assert shorten_middle("a" * 30 + "b" * 30, 20) == "a" * 10 + "…" + "b" * 9
