"""Groups stay whole, shares are met, the frozen file is not overwritten, and it can be made again."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from policyframes.errors import LabelsError, RefusedError
from policyframes_training.cli.labels import app
from policyframes_training.labels.coded import CatalogueEntry, CodedPassage, Codes, Labels, load_labels, read_documents
from policyframes_training.labels.linkage import (
    LinkSettings,
    find_date,
    group_documents,
    link_copies,
    link_events,
    link_families,
    link_passages,
    measure_containment,
)
from policyframes_training.labels.splits import (
    SplitSettings,
    build_splits,
    load_splits,
    measure_shares,
    read_settings,
    write_splits,
)

KINDS = ("news", "eo", "foreign", "crs", "other", "nss")


def entry(name, kind="news", *, subkind="report", title="", administration="Clinton"):
    return CatalogueEntry(name, title, "", None, administration, kind, subkind, "", None, "")


def words_of(rng, count, vocabulary=5000):
    return " ".join(f"w{number}" for number in rng.integers(0, vocabulary, count))


@pytest.fixture
def collection(tmp_path, checkout):
    rng = np.random.default_rng(3)
    catalogue, texts, passages = {}, {}, []
    for number in range(120):
        kind = KINDS[number % len(KINDS)]
        administration = ("Reagan", "Clinton", "Obama", "Biden")[number % 4]
        name = f"d{number:03}"
        catalogue[name] = entry(name, kind, subkind=kind, administration=administration)
        texts[name] = words_of(rng, 300)
        for part in range(3):
            codes = Codes(("governance",), "governance", "own", 0) if part else Codes((), None, "own", 0)
            passages.append(CodedPassage(f"p{number}-{part}", words_of(rng, 60), codes, name, None, None))
    texts["d001"] = texts["d007"] + " and " + words_of(rng, 20)
    catalogue["d002"] = replace(catalogue["d002"], subkind="project-document")
    taxonomy = load_labels(checkout / "labels").taxonomy
    return Labels(tmp_path, taxonomy, tuple(passages), (), (), catalogue, None), texts


def test_the_same_seed_makes_the_same_split_and_another_seed_another(collection):
    first, second = build_splits(*collection), build_splits(*collection)
    assert first == second
    assert build_splits(*collection, replace(SplitSettings(), seed=5)) != first


def test_every_document_is_on_one_side_and_shares_are_near_the_wanted(collection):
    labels, texts = collection
    splits = build_splits(labels, texts)
    assert sorted([*splits.train, *splits.validation, *splits.test]) == sorted(labels.catalogue)
    shares = measure_shares(labels, splits)
    assert shares["train"]["passages"] / 360 == pytest.approx(0.7, abs=0.05)
    assert shares["test"]["passages"] / 360 == pytest.approx(0.2, abs=0.05)


def test_groups_are_whole_and_named_documents_train(collection):
    labels, texts = collection
    splits = build_splits(labels, texts)
    side = splits.by_document()
    assert any({"d001", "d007"} <= set(group) for group in splits.groups)
    assert all(len({side[name] for name in group}) == 1 for group in splits.groups)
    assert side["d002"] == "train"


def test_test_holds_every_demanded_kind_and_a_whole_family_of_strategies(collection):
    labels, texts = collection
    splits = build_splits(labels, texts)
    held = {labels.catalogue[name].kind for name in splits.test}
    assert {"news", "eo", "foreign", "crs", "nss"} <= held
    families = {labels.catalogue[name].administration for name in splits.test if labels.catalogue[name].kind == "nss"}
    elsewhere = {*splits.train, *splits.validation}
    assert not any(
        labels.catalogue[n].kind == "nss" and labels.catalogue[n].administration in families for n in elsewhere
    )


def test_a_split_without_a_demanded_kind_in_test_is_refused(collection):
    labels, texts = collection
    only_one = {
        name: replace(e, subkind="project-document") if e.kind == "crs" else e for name, e in labels.catalogue.items()
    }
    with pytest.raises(LabelsError, match="no assignment in which test holds all that it must"):
        build_splits(replace(labels, catalogue=only_one), texts)


def test_a_coded_document_that_is_not_catalogued_is_named(collection):
    labels, texts = collection
    catalogue = {name: e for name, e in labels.catalogue.items() if name != "d044"}
    with pytest.raises(LabelsError, match="not catalogued: d044"):
        build_splits(replace(labels, catalogue=catalogue), texts)


def test_a_frozen_file_is_overwritten_only_when_told(collection, tmp_path):
    splits = build_splits(*collection)
    path = tmp_path / "splits.json"
    write_splits(splits, path)
    assert load_splits(path) == splits
    with pytest.raises(RefusedError, match=r"a frozen split.*--refreeze"):
        write_splits(splits, path)
    write_splits(splits, path, refreeze=True)


def test_the_file_lists_one_document_a_line(collection, tmp_path):
    splits = build_splits(*collection)
    write_splits(splits, tmp_path / "splits.json")
    lines = [line.strip().rstrip(",") for line in (tmp_path / "splits.json").read_text(encoding="utf-8").splitlines()]
    assert all(json.dumps(name) in lines for name in splits.train)


def test_a_split_remembers_the_settings_that_it_was_made_with(collection):
    settings = SplitSettings(seed=9, restarts=8, links=LinkSettings(containment=0.2, near_threshold=0.4))
    assert read_settings(build_splits(*collection, settings)) == settings


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 1}', '{"version": "x", "documents": {}}'])
def test_a_malformed_split_is_named(tmp_path, content):
    (tmp_path / "splits.json").write_text(content, encoding="utf-8")
    with pytest.raises(LabelsError, match=r"splits\.json.*labels check"):
        load_splits(tmp_path / "splits.json")


def test_the_command_refuses_a_frozen_split_before_it_works(tmp_path, checkout):
    shutil.copy(checkout / "labels" / "splits.json", tmp_path / "splits.json")
    result = CliRunner().invoke(app, ["split", "--labels", str(tmp_path)])
    assert isinstance(result.exception, RefusedError)
    assert result.exception.exit_code == 4
    assert "--refreeze" in str(result.exception)


def test_containment_is_the_share_of_the_shorter_document():
    text = " ".join(f"w{number}" for number in range(107))
    shared = measure_containment({"a": text, "b": " ".join(text.split()[:57]) + " end"}, LinkSettings())
    assert shared == {("a", "b"): pytest.approx(50 / 51)}


def test_formulas_that_many_documents_hold_link_nothing():
    rng = np.random.default_rng(1)
    formula = "nothing in this paper creates a right or a benefit that a court could enforce"
    texts = {f"d{number:02}": f"{formula} {words_of(rng, 20, 10**6)}" for number in range(14)}
    assert link_copies(texts, LinkSettings()) == []
    assert len(link_copies(dict(list(texts.items())[:3]), LinkSettings())) == 3


def test_documents_with_a_nearly_equal_passage_are_linked():
    sentence = "the two ministries will train harbour pilots together each spring and share the cost"
    links = link_passages(
        [("a", sentence), ("b", sentence.replace("spring", "autumn")), ("c", "another thing")], LinkSettings()
    )
    assert [(link.left, link.right, link.reason) for link in links] == [("a", "b", "passage")]


def test_strategies_of_one_administration_are_a_family_and_others_are_not():
    entries = [
        entry("nss-1", "nss"),
        entry("nss-2", "nss"),
        entry("nss-3", "nss", administration="Obama"),
        entry("x", "eo"),
    ]
    links = link_families({e.id: e for e in entries})
    assert [(link.left, link.right) for link in links] == [("nss-1", "nss-2")]


def test_reports_of_one_event_are_linked_when_alike_and_close_in_date():
    rng = np.random.default_rng(2)
    base = words_of(rng, 120)
    half = " ".join(base.split()[:45])
    names = ["n-2024-05-01-a", "n-2024-05-03-b", "n-2024-09-03-c", "n-2024-05-02-d"]
    texts = dict(
        zip(
            names, [base, f"{half} {words_of(rng, 75)}", f"{half} {words_of(rng, 75)}", words_of(rng, 120)], strict=True
        )
    )
    # Above 1, likeness alone links nothing: what is linked here is linked for its date.
    links = link_events({name: entry(name, "other") for name in names}, texts, LinkSettings(event_any=1.1))
    assert [(link.left, link.right) for link in links] == [(names[0], names[1])]


def test_editions_of_a_series_are_no_event():
    texts = dict.fromkeys(("s-1", "s-2"), "the delta region flooded and the pumps failed " * 5)
    catalogue = {name: entry(name, "other", subkind="state-hrr") for name in texts}
    assert link_events(catalogue, texts, LinkSettings()) == []


@pytest.mark.parametrize(
    ("name", "title", "day"),
    [
        ("wh-2025-02-01-x", "", "2025-02-01"),
        ("cr-2007-x", "A BILL, 18 January 2007", "2007-01-18"),
        ("x", "no date", "None"),
        ("x-2025-02-31", "", "None"),
    ],
)
def test_the_date_comes_from_the_id_or_the_title(name, title, day):
    assert str(find_date(entry(name, title=title))) == day


def test_groups_join_what_is_linked_over_others():
    links = link_passages([("a", "x y z"), ("b", "x y z"), ("c", "p q r"), ("d", "p q r")], LinkSettings())
    assert group_documents("abcde", links) == [("a", "b"), ("c", "d"), ("e",)]


@pytest.mark.shared
@pytest.mark.slow
def test_the_shipped_split_is_made_again_from_its_own_settings(shared_folder, checkout):
    labels = load_labels(checkout / "labels")
    texts = {n: t for n, t in read_documents(shared_folder / "documents").items() if n in labels.catalogue}
    assert build_splits(labels, texts, read_settings(labels.splits)) == labels.splits
