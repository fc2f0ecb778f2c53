from __future__ import annotations

import pytest

from policyframes.errors import MissingMetadataError, UsageError
from policyframes.profiles import collect, compare
from policyframes.profiles.coded import CodedSample
from policyframes.sampling import Candidate, sample_columns, sample_rows
from policyframes.spreadsheet import format_csv
from policyframes.taxonomy import Aspect
from tests.inference.builders import make_bundle
from tests.inference.scored import FRAMINGS, make_collection, make_scored

WORD = Aspect("word", "Word", "Words.", ("word",))
RIVER = Aspect("river", "River", "Rivers.", ("river",))


def years(**of):
    return {name: {"year": year} for name, year in of.items()}


def test_years_are_groups_in_ascending_order():
    collection = make_collection({"b": "s" * 12, "a": "g" * 12, "c": "p" * 12}, years(a="1999", b="2017", c="2017"))
    comparison = compare(collection, "year")

    assert comparison.groups == ("1999", "2017")
    assert comparison.is_in_time
    assert comparison.profiles[None, "2017"].documents == ("b", "c")
    assert {kind: share.count for kind, share in comparison.profiles[None, "2017"].shares.items()} == {
        "securitized": 12,
        "governance": 0,
        "partnership": 12,
        "none": 0,
        "uncertain": 0,
    }


def test_other_groups_are_in_the_order_of_their_earliest_year():
    metadata = {
        "a": {"president": "Late", "year": "2017"},
        "b": {"president": "Early", "year": "2017"},
        "c": {"president": "Early", "year": "1991"},
    }
    comparison = compare(make_collection(dict.fromkeys("abc", "s" * 12), metadata), "president")

    assert comparison.groups == ("Early", "Late")
    assert comparison.is_in_time


def test_groups_that_take_turns_have_an_order_and_no_changes():
    metadata = {
        "a": {"party": "Blue", "year": "1990"},
        "b": {"party": "Red", "year": "1994"},
        "c": {"party": "Blue", "year": "2018"},
        "d": {"party": "Green", "year": "2020"},
    }
    comparison = compare(make_collection(dict.fromkeys("abcd", "s" * 12), metadata), "party")

    assert comparison.groups == ("Blue", "Red", "Green")
    assert not comparison.is_in_time
    assert comparison.changes == ()


def test_groups_without_years_stay_as_given_and_have_no_changes():
    metadata = {"a": {"issuer": "Z"}, "b": {"issuer": "M"}, "c": {"issuer": "A", "year": "1990"}}
    comparison = compare(make_collection(dict.fromkeys("abc", "s" * 12), metadata), "issuer")

    assert comparison.groups == ("Z", "M", "A")
    assert not comparison.is_in_time
    assert comparison.changes == ()


def test_two_groups_are_set_against_each_other_whatever_their_years():
    comparison = compare(make_collection({"a": "s" * 40, "b": "g" * 40}))
    significant = {change.kind for change in comparison.changes if change.is_significant}

    assert [(change.before, change.after) for change in comparison.changes] == [("a", "b")] * 4
    assert significant == {"securitized", "governance"}


def test_changes_run_from_each_group_to_the_next():
    documents = {"a": "s" * 12, "b": "s" * 12, "c": "g" * 12}
    comparison = compare(make_collection(documents, years(a="1990", b="2000", c="2010")), "year")

    assert {(change.before, change.after) for change in comparison.changes} == {("1990", "2000"), ("2000", "2010")}


def test_a_document_without_the_column_is_named():
    with pytest.raises(MissingMetadataError, match=r"1 of 2 documents have no 'year'.*Without it: b"):
        compare(make_collection({"a": "s", "b": "g"}, years(a="1990")), "year")


def test_an_aspect_has_a_row_of_the_passages_that_speak_of_it():
    scored = [make_scored("a", "s" * 12, words="The river"), make_scored("b", "gg")]
    collection = collect(scored, aspects=[RIVER, WORD], scorer=FakeScorer())
    comparison = collection.compare()

    assert comparison.aspects == (None, "river", "word")
    assert len(comparison.profiles["river", "a"].passages) == 12
    assert comparison.profiles["river", "b"].passages == ()
    assert comparison.profiles["river", "b"].documents == ()
    assert comparison.profiles[None, "b"].documents == ("b",)
    assert len(comparison.profiles["word", "b"].passages) == 2
    assert collection.compare(aspects=["word"]).aspects == (None, "word")


class FakeScorer:
    bundle = make_bundle()


@pytest.mark.parametrize("call", [lambda c: c.compare(aspects=["river"]), lambda c: c.profile(aspect="river")])
def test_an_aspect_that_was_not_looked_for_is_told(call):
    with pytest.raises(UsageError, match="not searched for"):
        call(make_collection({"a": "s"}))


def test_a_profile_of_some_documents_or_of_all():
    collection = make_collection({"a": "s" * 12, "b": "g" * 12})

    assert collection.profile().shares["securitized"].count == 12
    assert len(collection.profile().passages) == 24
    assert collection.profile(documents=["b"]).shares["securitized"].count == 0
    with pytest.raises(UsageError, match="no document of the collection is called 'z'"):
        collection.profile(documents=["z"])


def test_too_few_passages_have_no_share():
    profile = make_collection({"a": "s" * 9}).profile()

    assert profile.is_too_small
    assert {share.value for share in profile.shares.values()} == {None}


def test_a_hand_coded_sample_corrects_the_shares_and_keeps_what_the_model_said():
    sample = CodedSample({("a", number): frozenset({"governance"}) for number in range(1, 31)})
    profile = make_collection({"a": "s" * 40, "b": "s" * 40}, sample=sample).profile(documents=["a"])

    assert profile.coded == 30
    assert profile.shares["governance"].method == "coded"
    assert profile.shares["governance"].value > 0.9
    assert profile.modelled["governance"].value == 0
    assert profile.shares["uncertain"].method == "counted"


def test_too_few_coded_passages_correct_nothing():
    sample = CodedSample({("a", 1): frozenset()})
    profile = make_collection({"a": "s" * 40}, sample=sample).profile()

    assert (profile.coded, profile.modelled) == (1, None)


def test_metadata_of_python_goes_before_file_names():
    scored = [make_scored("nss-2014", "s" * 12), make_scored("nss-2025", "g" * 12)]
    metadata = {"nss-2014": {"Year": 2015, "issuer": " A ", "note": None}}
    collection = collect(scored, metadata=metadata, scorer=FakeScorer())

    assert [document.metadata for document in collection.documents] == [
        {"year": "2015", "issuer": "A"},
        {"year": "2025"},
    ]


def test_a_collection_is_made_of_files_and_a_csv(checkout):
    folder = checkout / "examples" / "documents"
    files = sorted(folder.glob("halmerra-*"))
    with pytest.warns(UserWarning, match="rows of other documents are not used: news-2025"):
        collection = collect(files, metadata=folder / "metadata.csv", aspects=["border"])
    comparison = collection.compare(by="administration")

    assert comparison.groups == ("Marrenby", "Dastrell")
    assert all(comparison.profiles["border", group].passages for group in comparison.groups)


def test_a_hand_coded_sample_is_read_from_python(tmp_path):
    collection = make_collection({"a": "s" * 40})
    passages = collection.documents[0].passages[:20]
    drawn = [Candidate("a", item.passage.number, "", item.passage.text) for item in passages]
    codes = dict.fromkeys((f"coded_{name}" for name in FRAMINGS), "0")
    rows = [{**row, **codes} for row in sample_rows(drawn, "")]
    rows[0]["coded_governance"] = ""
    (tmp_path / "coded.csv").write_text(format_csv(rows, sample_columns(FRAMINGS)))
    with pytest.warns(UserWarning, match="1 row is coded in part"):
        corrected = collection.correct(tmp_path / "coded.csv")

    assert corrected.profile().coded == 19
    assert corrected.profile().shares["none"].value > 0.9
    assert collection.profile().coded == 0


def test_one_path_is_no_list_of_them():
    with pytest.raises(UsageError, match=r"one path, 'nss-2001\.txt'.* Put it into a list"):
        collect("nss-2001.txt", scorer=FakeScorer())


def test_two_documents_of_one_id_are_told():
    with pytest.raises(UsageError, match=r"two documents have the id 'a'"):
        collect([make_scored("a", "s"), make_scored("a", "g")], scorer=FakeScorer())


def test_metadata_of_no_document_is_told():
    with pytest.raises(UsageError, match=r"metadata of 'b', which is none of the documents. Allowed: a"):
        collect([make_scored("a", "s")], metadata={"b": {"year": 1990}}, scorer=FakeScorer())


def test_documents_that_are_called_by_years_stay_in_their_order():
    assert compare(make_collection({"2014": "s" * 12, "1999": "s" * 12})).groups == ("2014", "1999")


def test_an_unknown_aspect_is_told():
    with pytest.raises(UsageError, match=r"'atlantis'. Allowed: all, or some of mexico"):
        collect([make_scored("a", "s")], aspects=["atlantis"], scorer=FakeScorer())
