from __future__ import annotations

import pytest

from policyframes.report.page.bars import WIDTH, build_panels
from policyframes.report.page.labels import place_labels
from policyframes.report.page.outline import build_outline
from policyframes.report.page.strip import build_strip
from policyframes.report.page.ternary import build_ternary
from policyframes.report.page.timeline import build_timeline
from tests.inference.report.comparisons import collect, make_comparison, make_score, make_scored

YEARS = {"1990": (0.2, 0.5, 0.3), "1991": (0.4, 0.4, 0.2), "1999": (0.6, 0.2, 0.2)}


def test_bars_and_intervals_are_in_proportion_to_the_shares():
    (panel,) = build_panels(build_outline(make_comparison({"doc": (0.6, 0.3, 0.0)}, by="document")))
    first, second, third = panel.bars[:3]

    assert first.width == pytest.approx(2 * second.width, abs=0.2)
    assert third.width == 0
    assert (first.low / first.width, first.high / first.width) == pytest.approx((5 / 6, 7 / 6), abs=0.01)
    assert all(panel.gutter + bar.high <= WIDTH for bar in panel.bars)


def test_a_group_too_small_has_no_bar():
    (panel,) = build_panels(build_outline(make_comparison({"doc": (None,) * 3}, by="document", total=5)))

    assert {(bar.is_known, bar.width, bar.value) for bar in panel.bars} == {(False, 0, "too few passages")}


def test_all_panels_have_one_scale():
    panels = build_panels(build_outline(make_comparison({"a": (0.1, 0.1, 0.1), "b": (0.9, 0.1, 0.1)}, by="issuer")))

    assert len({panel.ticks for panel in panels}) == 1


def test_many_groups_have_a_panel_for_each_kind():
    panels = build_panels(build_outline(make_comparison({str(year): (0.2, 0.3, 0.1) for year in range(2000, 2006)})))

    assert [panel.title for panel in panels] == ["Securitized", "Governance", "Partnership", "None", "Uncertain"]
    assert {len(panel.bars) for panel in panels} == {6}


def test_a_mixture_is_normalised_to_the_three_framings():
    plot = build_ternary(build_outline(make_comparison({"a": (0.3, 0.3, 0.0), "b": (0.0, 0.0, 0.2)}, by="issuer")))
    first, second = plot.points

    assert [value.replace("\u00a0", " ") for value in first.mixture] == ["50 %", "50 %", "0 %"]
    assert (second.x, second.y) == plot.edge[2]


@pytest.mark.parametrize("groups", [{"a": (0.2, 0.2, 0.2)}, {"a": (0.2, 0.2, 0.2), "b": (0.0, 0.0, 0.0)}])
def test_fewer_than_two_mixtures_are_no_plot(groups):
    plot = build_ternary(build_outline(make_comparison(groups, by="issuer")))

    assert "fewer than two" in plot.reason
    assert plot.points == ()


def test_names_in_a_crowd_cover_no_other_name():
    points = [(200 + number * 2, 200 + number % 3 * 4) for number in range(12)]
    labels = place_labels(points, [28.0] * 12, 420)
    boxes = [(label.x, label.y, label.x + 28, label.y + 11) for label in labels]

    assert all(
        one is other or one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        for one in boxes
        for other in boxes
    )


def test_the_timeline_is_true_to_the_years_and_draws_intervals():
    chart = build_timeline(build_outline(make_comparison(YEARS))).charts[0]
    marks = chart.lanes[0].marks
    step = marks[1].x - marks[0].x

    assert marks[2].x - marks[1].x == pytest.approx(8 * step, abs=0.5)
    assert all(mark.high < mark.y < mark.low for mark in marks)
    # Over eight years without a document no line is drawn.
    assert chart.lanes[0].lines == (f"{marks[0].x:g},{marks[0].y:g} {marks[1].x:g},{marks[1].y:g}",)


def test_administrations_are_bands_from_their_first_to_their_last_document():
    names = {"1990": "Ash", "1991": "Ash", "1999": "Birch"}
    comparison = make_comparison(YEARS, metadata={year: {"administration": name} for year, name in names.items()})
    ash, birch = build_timeline(build_outline(comparison)).charts[0].bands

    assert (ash.name, birch.name) == ("Ash", "Birch")
    assert ash.width == pytest.approx(2 * birch.width, abs=0.3)


def test_without_years_there_is_no_timeline():
    timeline = build_timeline(build_outline(make_comparison({"a": (0.2,) * 3, "b": (0.2,) * 3}, by="issuer")))

    assert "column “year”" in timeline.reason


def test_the_strip_has_one_bar_a_passage_and_parts_what_is_uncertain():
    scores = [make_score("securitized"), make_score("governance", uncertain=["governance"]), make_score()]
    comparison = make_comparison({"doc": (0.2, 0.3, 0.1)}, by="document")
    document = collect(make_scored("doc", ["One.", "Two.", "Three."], scores))
    strip = build_strip(build_outline(comparison), document)
    (row,) = strip.rows
    securitized, governance, _, none = row.lanes

    assert (securitized.sure.count("M"), governance.sure, governance.doubted.count("M")) == (1, "", 1)
    assert none.sure.count("M") == 1
    assert [spot.href for spot in row.spots] == ["d1p1", "d1p2", "d1p3"]
    assert strip.entries[1].passages == ((2, "d1p2", True),)


def test_a_long_document_has_a_strip_of_several_rows():
    comparison = make_comparison({"doc": (0.2, 0.3, 0.1)}, by="document", total=500)
    strip = build_strip(build_outline(comparison), comparison.collection.documents[0])

    assert [len(row.spots) for row in strip.rows] == [167, 167, 166]
