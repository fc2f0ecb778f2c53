"""What ships in labels/ is what the datasheet says, and has no defect."""

import json
from collections import Counter

import pytest

from policyframes_training.labels.agreement import measure_agreement
from policyframes_training.labels.audit import check_labels
from policyframes_training.labels.coded import SIDES, load_labels, read_documents
from policyframes_training.labels.quotation import find_quotations
from policyframes_training.labels.splits import measure_shares


@pytest.fixture(scope="module")
def labels(checkout):
    return load_labels(checkout / "labels")


def test_the_shipped_labels_have_no_defect_(checkout):
    assert [str(defect) for defect in check_labels(checkout / "labels")] == []


@pytest.mark.shared
@pytest.mark.slow
def test_the_shipped_labels_have_no_defect_beside_the_documents(checkout, shared_folder):
    assert [str(defect) for defect in check_labels(checkout / "labels", shared_folder / "documents")] == []


@pytest.mark.shared
@pytest.mark.slow
def test_rewrites_that_share_a_run_with_a_document_are_those_whose_note_says_why(labels, shared_folder):
    texts = [passage.text for passage in labels.passages]
    quoting = {
        labels.passages[found.passage].id
        for found in find_quotations(texts, read_documents(shared_folder / "documents"))
    }
    assert quoting == {passage.id for passage in labels.passages if passage.note}
    assert len(quoting) == 7


def test_counts_are_those_of_the_datasheet(labels, checkout):
    datasheet = (checkout / "labels" / "DATASHEET.md").read_text(encoding="utf-8")
    assert (len(labels.passages), len(labels.spans), len(labels.second)) == (3237, 4197, 299)
    assert (len(labels.further), len(labels.third)) == (13107, 488)
    for count in ("3,237", "4,197", "1,117", "299", "13,107", "488 spans"):
        assert count in datasheet
    for side, counts in measure_shares(labels, labels.splits).items():
        row = f"| {side} | {counts['documents']:,} | {counts['passages']:,} | {counts['spans']:,} |"
        assert row in datasheet


def test_further_passages_are_of_documents_that_train_and_counted_in_the_datasheet(labels, checkout):
    datasheet = " ".join((checkout / "labels" / "DATASHEET.md").read_text(encoding="utf-8").split())
    documents = {span.document for span in labels.further}
    assert documents <= set(labels.splits.train)
    assert {span.drawn for span in labels.further} == {"random", "unsure"}
    assert not {span.id for span in labels.further} & {span.id for span in labels.spans}
    marked = Counter(framing for span in labels.further for framing in span.codes.framings)
    drawn = Counter(span.drawn for span in labels.further)
    for count in (len(documents), *marked.values(), *drawn.values()):
        assert f"{count:,}" in datasheet


def test_counterfactuals_are_of_documents_that_train_and_counted_in_the_datasheet(labels, checkout):
    datasheet = " ".join((checkout / "labels" / "DATASHEET.md").read_text(encoding="utf-8").split())
    written = labels.counterfactuals
    sources = {(passage.document, passage.start, passage.end) for passage in written}
    marked = Counter(framing for passage in written for framing in passage.codes.framings)
    several = sum(len(passage.codes.framings) > 1 for passage in written)
    assert {passage.document for passage in written} <= set(labels.splits.train)
    for count in (len(written), len(sources), several, *marked.values()):
        assert f"{count:,}" in datasheet
    assert f"{sum(passage.codes.voice == 'reported' for passage in written)} are reported" in datasheet


def test_the_agreement_of_the_third_coder_is_that_of_the_datasheet(labels, checkout):
    datasheet = (checkout / "labels" / "DATASHEET.md").read_text(encoding="utf-8")
    measured = measure_agreement(labels, labels.third, resamples=20)
    for estimate in (*measured.alpha.values(), *measured.f1.values(), measured.mean_f1, measured.exact):
        assert f"{estimate.value:.3f}" in datasheet


def test_the_datasheet_says_that_no_human_expert_has_validated_the_codes(checkout):
    text = " ".join((checkout / "labels" / "DATASHEET.md").read_text(encoding="utf-8").split())
    assert "No human expert has validated the codes yet" in text
    assert "language-model coders" in text


def test_shares_of_the_coded_passages_are_about_70_10_20(labels):
    shares = measure_shares(labels, labels.splits)
    for name, total in (("passages", 3237), ("spans", 4197)):
        for side, wanted in zip(SIDES, (0.7, 0.1, 0.2), strict=True):
            assert shares[side][name] / total == pytest.approx(wanted, abs=0.03)


def test_test_holds_a_whole_family_of_strategies_that_no_other_side_has_seen(labels):
    side = labels.splits.by_document()
    strategies = {e.id: e.administration for e in labels.catalogue.values() if e.kind in {"nss", "nds"}}
    unseen = {administration for name, administration in strategies.items() if side[name] == "test"}
    assert unseen == {"Reagan"}
    assert not any(a in unseen and side[name] != "test" for name, a in strategies.items())


def test_framings_are_as_frequent_on_every_side(labels):
    for framing in labels.taxonomy.framing_ids:
        shares = [
            sum(framing in passage.codes.framings for passage in labels.passages_of(side))
            / len(labels.passages_of(side))
            for side in SIDES
        ]
        assert max(shares) - min(shares) < 0.05


def test_each_rewrite_of_a_span_has_its_codes_and_place(labels):
    spans = {span.id: span for span in labels.spans}
    shared = [passage for passage in labels.passages if passage.id in spans]
    assert len(shared) == 3200
    assert all(passage.codes == spans[passage.id].codes for passage in shared)
    assert all((p.document, p.start) == (spans[p.id].document, spans[p.id].anchor.start) for p in shared)


def test_lines_are_sorted_by_id(checkout):
    coded = ("passages", "spans", "further", "counterfactuals", "second-coder", "third-coder")
    for file in (f"{name}.jsonl" for name in coded):
        lines = (checkout / "labels" / file).read_text(encoding="utf-8").splitlines()
        ids = [json.loads(line)["id"] for line in lines]
        assert ids == sorted(ids)
