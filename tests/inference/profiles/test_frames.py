from __future__ import annotations

import io
import sys

import pandas as pd
import pytest

from policyframes.errors import MissingExtraError
from policyframes.report.files import write_results
from tests.inference.profiles.pictured import RIVER, make_comparison
from tests.inference.scored import make_collection, make_scored


@pytest.fixture
def comparison():
    return make_comparison()


@pytest.fixture
def files(comparison, tmp_path):
    write_results(comparison, (), tmp_path)
    return tmp_path


def read_back(frame):
    """Return a frame as a CSV file gives it back, so that empty cells and numbers are of the same types."""
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("comparison.csv", lambda comparison: comparison.to_pandas()),
        ("changes.csv", lambda comparison: comparison.changes_to_pandas()),
        ("documents.csv", lambda comparison: comparison.collection.to_pandas()),
        ("passages.csv", lambda comparison: comparison.collection.passages_to_pandas()),
    ],
)
def test_frames_hold_what_the_files_of_a_report_hold(comparison, files, name, make):
    frame = make(comparison)

    assert len(frame) > 0
    pd.testing.assert_frame_equal(read_back(frame), pd.read_csv(files / name))


def test_a_comparison_has_a_row_for_each_aspect_group_and_kind(comparison):
    frame = comparison.to_pandas()

    assert len(frame) == 2 * 3 * 5
    row = frame[(frame["aspect"] == "all") & (frame["group"] == "2001") & (frame["kind"] == "securitized")].iloc[0]
    assert (row["share"], row["low"], row["high"], row["count"], row["passages"]) == (0.5, 0.4, 0.6, 10, 20)
    assert (row["method"], row["dominant"]) == ("adjusted", "securitized")


def test_a_share_that_is_not_known_is_missing_and_no_zero(comparison):
    frame = comparison.to_pandas()

    assert frame.loc[frame["aspect"] == "river", "share"].isna().all()


def test_a_profile_has_a_row_for_each_kind(comparison):
    frame = comparison.profiles[None, "1999"].to_pandas()

    assert list(frame["kind"]) == ["securitized", "governance", "partnership", "none", "uncertain"]
    assert list(frame["share"]) == [0.2, 0.6, 0.3, 0.1, 0.4]
    assert list(frame.columns) == list(comparison.to_pandas().columns)


def test_a_change_that_is_not_known_is_missing(comparison):
    frame = comparison.changes_to_pandas()

    assert list(frame["is_significant"]) == [1, 0, 0]
    assert list(frame["difference"].isna()) == [False, False, True]


def test_a_document_has_a_row_for_each_passage_in_reading_order():
    frame = make_scored("a", "sg-").to_pandas()

    assert list(frame["passage"]) == [1, 2, 3]
    assert list(frame["framings"]) == ["securitized", "governance", ""]
    assert list(frame["none"]) == [0, 0, 1]
    assert frame["p_securitized"].tolist() == [0.9, 0.1, 0.1]


def test_a_document_without_passages_is_an_empty_frame():
    frame = make_scored("a", "").to_pandas()

    assert len(frame) == 0
    assert "text" in frame.columns


def test_a_collection_has_a_row_for_each_document_with_its_metadata():
    collection = make_collection({"a": "s" * 12, "b": "g"}, {"a": {"year": "1999"}}, aspects=(RIVER,))
    frame = collection.to_pandas()

    assert list(frame["document"]) == ["a", "b"]
    assert frame["year"].tolist()[0] == "1999"
    assert list(frame["securitized"]) == [12, 0]
    assert "aspect_river" in collection.passages_to_pandas().columns


def test_missing_pandas_is_told_with_what_to_type(comparison, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(MissingExtraError, match=r"pandas: not installed.*pip install 'policyframes\[notebook\]'"):
        comparison.to_pandas()


def test_numbers_that_nobody_knows_are_missing_numbers_and_no_objects():
    small = make_collection({"a": "sgp", "b": "s-"}).compare()

    assert small.to_pandas()[["share", "low", "high", "modelled_share", "bias_removed"]].dtypes.eq("float64").all()
    assert small.changes_to_pandas()[["difference", "p_value", "adjusted_p_value"]].dtypes.eq("float64").all()
    assert small.collection.to_pandas()["share_securitized"].dtype == "float64"
