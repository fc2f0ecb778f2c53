from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from policyframes.errors import MissingExtraError, UsageError
from policyframes.profiles.plots import DEFAULT_THEME, Look, plot_shares, plot_strip
from policyframes.profiles.plots.timeline import spread
from tests.inference.builders import make_bundle
from tests.inference.profiles.pictured import make_comparison
from tests.inference.scored import make_collection, make_score, make_scored

KINDS = ["securitized", "governance", "partnership", "none", "uncertain"]


@pytest.fixture(autouse=True)
def closed_figures():
    mpl.use("Agg")
    yield
    plt.close("all")


@pytest.fixture
def comparison():
    return make_comparison()


@pytest.fixture
def profile(comparison):
    return comparison.profiles[None, "1999"]


def find(ax, gid):
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_bars_are_as_long_as_the_shares_and_lines_as_the_intervals(profile):
    ax = profile.plot_shares()

    assert [bar.get_width() for bar in ax.patches] == pytest.approx([20, 60, 30, 10, 40])
    ends = [tuple(line.get_xdata()) for line in find(ax, "interval")]
    assert ends == [pytest.approx(pair) for pair in [(10, 30), (50, 70), (20, 40), (0, 20), (30, 50)]]
    assert ax.get_xlim() == (0, 100)


def test_bars_are_named_with_counts_and_intervals_are_written(profile):
    ax = profile.plot_shares()

    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0] == "Securitized (4 of 20)"
    assert names[3:] == ["No framing (2 of 20)", "Uncertain (8 of 20)"]
    assert "60 % (50 to 70)" in texts(ax)
    assert ax.get_title(loc="left") == "1999: 20 passages"


def test_the_note_tells_the_method(profile):
    (note,) = find(profile.plot_shares(), "note")

    said = " ".join(note.get_text().split())
    assert "95 % intervals; shares are adjusted for the classifier's errors" in said
    assert "Uncertain is counted as the classifier decided" in said


def test_a_profile_without_a_value_has_no_bar_and_says_so(comparison):
    ax = comparison.profiles["river", "1999"].plot_shares()

    assert not ax.patches
    assert texts(ax).count("no passages") == 5


def test_kinds_differ_by_hatch_and_marker_as_well_as_colour(profile):
    ax = profile.plot_shares()

    hatches = [bar.get_hatch() for bar in ax.patches[:3]]
    assert len(set(hatches)) == 3
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches[:3]] == ["#bb5566", "#004488", "#ddaa33"]
    assert all(to_hex(bar.get_edgecolor()) == DEFAULT_THEME.outline for bar in ax.patches)


def test_a_picture_goes_onto_the_axes_that_are_given(profile):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3))

    assert plot_shares(profile, ax=right, title="Mine") is right
    assert right.get_title(loc="left") == "Mine"
    assert not left.patches
    assert tuple(figure.get_size_inches()) == (9, 3)


def test_a_theme_replaces_colours(profile):
    theme = replace(DEFAULT_THEME, looks={**DEFAULT_THEME.looks, "securitized": Look("#123456")})

    assert to_hex(profile.plot_shares(theme=theme).patches[0].get_facecolor()) == "#123456"
    assert to_hex(profile.plot_shares().patches[0].get_facecolor()) == "#bb5566"


def test_a_framing_that_the_theme_does_not_name_has_a_look_of_its_own():
    framings = ("securitized", "water", "trade")

    assert DEFAULT_THEME.look("water", framings) != DEFAULT_THEME.look("trade", framings)


def test_settings_of_the_session_stay_as_they_are(profile, comparison):
    # Another test of this process must not have left what this one looks for.
    mpl.rcdefaults()
    plt.figure()
    before = dict(mpl.rcParams)
    profile.plot_shares()
    comparison.plot_heatmap()
    comparison.plot_ternary()

    assert dict(mpl.rcParams) == before


def test_the_heat_map_names_the_dominant_framing_its_share_and_n(comparison):
    ax = comparison.plot_heatmap()

    assert texts(ax)[:3] == ["Governance\n60 %\nn 20", "Securitized?\n50 %\nn 20", "Securitized\n70 %\nn 20"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1999", "2001", "2017"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["All passages", "River"]
    assert ax.get_xlabel() == "Year"


def test_a_deeper_cell_is_a_larger_share_and_the_band_is_of_the_framing(comparison):
    ax = comparison.plot_heatmap()

    cells, bands = find(ax, "cell"), find(ax, "band")
    assert [to_hex(band.get_facecolor()) for band in bands] == ["#004488", "#bb5566", "#bb5566"]
    assert sum(cells[2].get_facecolor()[:3]) < sum(cells[1].get_facecolor()[:3])


def test_a_cell_that_is_too_small_says_so_and_has_no_colour():
    comparison = make_comparison(kinds={"a": "s" * 20, "b": "g" * 4, "c": "p" * 20})
    ax = comparison.plot_heatmap()

    assert texts(ax)[1] == "too few\npassages\nn 4"
    assert texts(ax)[3] == "no passages\nn 0"
    assert to_hex(find(ax, "cell")[1].get_facecolor()) == "#ffffff"


def test_the_heat_map_of_one_framing_shows_its_share_in_every_cell(comparison):
    ax = comparison.plot_heatmap("partnership")

    assert texts(ax)[:3] == ["30 %\nn 20", "20 %\nn 20", "10 %\nn 20"]
    assert ax.get_title(loc="left").replace("\n", " ") == "Partnership: share of passages, by aspect and year"


def test_an_unknown_framing_is_refused(comparison):
    with pytest.raises(UsageError, match=r"'hope'\. Allowed: securitized, governance, partnership, none, uncertain"):
        comparison.plot_heatmap("hope")


def test_the_timeline_has_a_line_for_each_kind_at_its_years(comparison):
    ax = comparison.plot_timeline()

    lines = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert list(lines) == ["Securitized", "Governance", "Partnership", "No framing", "Uncertain"]
    assert lines["Governance"].get_ydata() == pytest.approx([60, 30, 20])
    assert lines["Partnership"].get_xdata() == pytest.approx([1999, 2001, 2017])
    assert lines["Securitized"].get_xdata() == pytest.approx([1999, 2001, 2017], abs=0.6)
    assert len({line.get_marker() for line in lines.values()}) == 5


def test_the_timeline_draws_intervals_and_names_lines_at_their_ends(comparison):
    ax = comparison.plot_timeline(kinds=["securitized", "none"])

    ends = [tuple(line.get_ydata()) for line in find(ax, "interval")]
    assert ends[:3] == [pytest.approx(pair) for pair in [(10, 30), (40, 60), (60, 80)]]
    names = {text.get_text(): text.get_position()[1] for text in find(ax, "name")}
    assert names == {"Securitized": pytest.approx(70), "No framing": pytest.approx(0)}


def test_the_timeline_shows_administrations_only_where_there_are_documents(comparison):
    ax = comparison.plot_timeline()

    bands = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches]
    assert bands == [(1998.5, 2001.5), (2016.5, 2017.5)]
    assert [text.get_text() for text in find(ax, "administration")] == ["Marrenby", "Dastrell"]


def test_a_line_stops_at_a_long_gap_and_the_note_says_so():
    metadata = {name: {"year": year} for name, year in zip("abcd", ["1990", "1991", "1992", "2020"], strict=True)}
    comparison = make_collection(dict.fromkeys("abcd", "s" * 12), metadata).compare("year")
    ax = comparison.plot_timeline(kinds=["securitized"])

    (line,) = [line for line in ax.lines if line.get_label() == "Securitized"]
    assert [math.isnan(x) for x in line.get_xdata()] == [False, False, False, True, False]
    assert "many years have no document" in " ".join(find(ax, "note")[0].get_text().split())


def test_a_year_with_too_few_passages_has_no_point_and_says_so():
    ax = make_comparison(kinds={"a": "s" * 20, "b": "g" * 4, "c": "p" * 20}).plot_timeline()

    line = next(line for line in ax.lines if line.get_label() == "Governance")
    assert math.isnan(line.get_ydata()[1])
    (mark,) = find(ax, "too few")
    assert mark.xy == (2001, 0)


def test_groups_that_are_no_years_stand_one_step_apart_with_their_years():
    ax = make_comparison("administration").plot_timeline()

    assert [label.get_text() for label in ax.get_xticklabels()] == ["Marrenby\n(1999–2001)", "Dastrell\n(2017)"]
    assert list(ax.get_xticks()) == [0, 1]
    assert find(ax, "administration") == []


def test_a_timeline_without_years_is_refused():
    comparison = make_collection({"a": "s" * 12}, {"a": {"issuer": "Halmerra"}}).compare("issuer")

    with pytest.raises(UsageError, match=r"the group 'Halmerra' has no document with a year.*Add a column 'year'"):
        comparison.plot_timeline()


def test_a_timeline_of_an_unknown_aspect_is_refused(comparison):
    with pytest.raises(UsageError, match=r"'lake'\. Allowed: None, river"):
        comparison.plot_timeline("lake")


def test_names_that_would_touch_are_moved_apart_and_none_leaves_the_top():
    assert spread([10, 11, 50], 5, 100) == [10, 15, 50]
    assert spread([97, 98, 99], 5, 100) == [90, 95, 100]
    assert spread([], 5, 100) == []


def test_the_triangle_places_groups_by_the_relation_of_their_shares(comparison):
    ax = comparison.plot_ternary()

    points = find(ax, "point")
    top = ax.transProjection.transform([(0.2 / 1.1, 0.6 / 1.1, 0.3 / 1.1)])[0]
    assert points[0].get_xydata()[0] == pytest.approx(top)
    assert [text.get_text() for text in find(ax, "name")] == ["1999", "2001", "2017"]
    assert len(find(ax, "corner")) == 3
    # Three framings have an interval each.
    assert len(find(ax, "interval")) == 9


def test_names_in_the_triangle_do_not_cover_each_other():
    kinds = {f"document-number-{number}": "sgp" * 5 for number in range(6)}
    ax = make_collection(kinds).compare().plot_ternary()

    boxes = [text.get_window_extent() for text in find(ax, "name")]
    pairs = [(one, two) for at, one in enumerate(boxes) for two in boxes[at + 1 :]]
    assert len(pairs) == 15
    assert not any(one.overlaps(two) for one, two in pairs)


def test_the_enlarged_triangle_holds_all_points_and_says_that_it_is_a_part(comparison):
    ax = comparison.plot_ternary(zoom=True)

    least, most = ax.get_tlim()
    shares = [0.2 / 1.1, 0.5, 0.7]
    assert 0 < least < min(shares)
    assert max(shares) < most < 1
    ticks = [100 * tick for tick in ax.taxis.get_ticklocs()]
    assert ticks == pytest.approx([round(tick, -1) for tick in ticks])
    assert "Enlarged" in find(ax, "note")[0].get_text()


def test_a_group_that_is_not_in_the_triangle_is_named_in_the_note():
    ax = make_comparison(kinds={"a": "s" * 20, "b": "g" * 4, "c": "p" * 20}).plot_ternary()

    assert [text.get_text() for text in find(ax, "name")] == ["1999", "2017"]
    assert "no framing: 2001." in " ".join(find(ax, "note")[0].get_text().split())


def test_the_triangle_refuses_axes_and_models_that_it_cannot_use(comparison):
    with pytest.raises(UsageError, match="axes with the projection 'rectilinear'"):
        comparison.plot_ternary(ax=plt.figure().add_subplot())
    bundle = make_bundle()
    two = {name: bundle.framings[name] for name in ("securitized", "governance")}
    collection = replace(comparison.collection, bundle=replace(bundle, framings=two))
    with pytest.raises(UsageError, match="2 framings: securitized, governance"):
        replace(comparison, collection=collection).plot_ternary()


def test_the_strip_has_a_column_for_each_passage_in_reading_order():
    ax = make_scored("a", "sg-p").plot_strip()

    columns = {kind: [bar.get_x() + 0.5 for bar in find(ax, kind)] for kind in KINDS}
    assert columns == {"securitized": [1], "governance": [2], "partnership": [4], "none": [3], "uncertain": []}
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["Securitized (1)", "Governance (1)", "Partnership (1)", "No framing (1)", "Uncertain (0)"]
    assert ax.get_title(loc="left") == "a: 4 passages"


def test_the_strip_shows_several_framings_and_doubt_in_one_column():
    scored = make_scored("a", "s")
    passage = replace(scored.passages[0], score=make_score("securitized", "partnership", uncertain=("governance",)))
    ax = plot_strip(replace(scored, passages=(passage,)))

    assert [len(find(ax, kind)) for kind in KINDS] == [1, 0, 1, 0, 1]


def test_the_strip_of_a_document_of_a_collection_keeps_to_its_passages():
    document = make_collection({"a": "sgp"}, {"a": {"title": "Rivers"}}).documents[0]
    ax = replace(document, passages=document.passages[1:]).plot_strip()

    assert ax.get_title(loc="left") == "Rivers: 2 passages"
    assert find(ax, "securitized") == []


def test_the_strip_names_pages_where_the_document_has_them():
    scored = make_scored("a", "sg")
    second = scored.passages[1]
    moved = replace(second, passage=replace(second.passage, page=3, last_page=3))
    ax = replace(scored, passages=(scored.passages[0], moved)).plot_strip()

    assert [label.get_text() for label in ax.get_xticklabels()] == ["p. 1", "p. 3"]
    assert list(ax.get_xticks()) == [0.5, 1.5]


def test_changes_stand_at_their_differences_and_significant_ones_are_filled(comparison):
    ax = comparison.plot_changes()

    first, second = find(ax, "difference")
    assert (first.get_xdata()[0], second.get_xdata()[0]) == pytest.approx((30, -5))
    assert to_hex(first.get_markerfacecolor()) == "#bb5566"
    assert to_hex(second.get_markerfacecolor()) == "#ffffff"
    ends = [tuple(line.get_xdata()) for line in find(ax, "interval")]
    assert ends == [pytest.approx((10, 50)), pytest.approx((-15, 5))]
    assert {"+30 *", "−5"} <= set(texts(ax))


def test_changes_that_are_not_known_are_said_and_the_scale_is_even(comparison):
    ax = comparison.plot_changes()

    assert [text.get_text() for text in find(ax, "pair")] == ["1999 → 2001", "2001 → 2017: too few passages"]
    low, high = ax.get_xlim()
    assert low == -high


def test_a_comparison_without_changes_cannot_draw_them(comparison):
    with pytest.raises(UsageError, match="no changes of river"):
        comparison.plot_changes("river")


def test_titles_are_text_and_no_formula():
    ax = make_comparison("document").plot_heatmap()

    assert ax.get_xticklabels()[0].get_text().split() == ["On", "$rivers$", "and", "<b>roads</b>"]
    assert not ax.get_xticklabels()[0].get_parse_math()
    ax.figure.draw_without_rendering()


def test_documents_of_one_title_are_called_by_their_ids():
    metadata = {name: {"title": "Strategy"} for name in "ab"}
    ax = make_collection({"a": "s" * 12, "b": "g" * 12}, metadata).compare().plot_heatmap()

    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]


@pytest.mark.parametrize("name", ["plot_heatmap", "plot_timeline", "plot_ternary", "plot_changes"])
def test_every_picture_states_its_subject_and_can_be_saved(comparison, tmp_path, name):
    ax = getattr(comparison, name)()
    ax.figure.savefig(tmp_path / "picture.png", dpi=40)

    assert ax.get_title(loc="left")
    assert find(ax, "note")[0].get_text()


@pytest.mark.parametrize("missing", ["matplotlib", "mpltern"])
def test_a_missing_library_is_told_with_what_to_type(comparison, monkeypatch, missing):
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    if missing == "matplotlib":
        monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    with pytest.raises(MissingExtraError, match=rf"{missing}: not installed.*pip install 'policyframes\[notebook\]'"):
        comparison.plot_ternary()


@pytest.mark.parametrize(
    "code",
    [
        "import policyframes",
        "import policyframes; policyframes.load().score(['The court decides.'])",
        "import policyframes.profiles.plots, policyframes.profiles.frames, policyframes.profiles.notebook",
    ],
)
def test_nothing_but_a_picture_or_a_frame_imports_their_libraries(code):
    report = "; import sys, json; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)

    assert set(json.loads(done.stdout)).isdisjoint({"matplotlib", "mpltern", "pandas", "IPython"})
