"""Which columns are taken where the user names none: of each input its own, and what run.json says of it."""

from __future__ import annotations

import json

import pytest

from policyframes.archive.columns import leave_out
from policyframes.archive.job import score_archive
from policyframes.archive.settings import Settings
from policyframes.errors import UsageError
from tests.inference.archive.archives import make_rows, read_documents, read_quarantine, read_tree, run_job, write_rows


def rename(rows, **names):
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


def make_folder(folder, first, second, **names):
    """Write two inputs: the first with the usual columns, the second with others."""
    folder.mkdir()
    write_rows(folder / f"a.{first}", make_rows(6, bad=False))
    rows = [{**row, "id": f"b{row['id']}"} for row in make_rows(6, seed=2, bad=False)]
    write_rows(folder / f"b.{second}", rename(rows, **names))
    return folder


@pytest.mark.parametrize(
    ("first", "second"),
    [("jsonl", "jsonl.gz"), ("jsonl.gz", "csv"), ("parquet", "csv"), ("csv", "parquet"), ("parquet", "parquet")],
)
def test_each_input_has_its_own_names_for_text_id_and_date(tmp_path, bundle_folder, first, second):
    source = make_folder(tmp_path / "in", first, second, text="Text", id="uuid", date="published")
    summary = run_job(source, tmp_path / "out", bundle_folder)
    rows = read_documents(tmp_path / "out")
    columns = json.loads((tmp_path / "out" / "run.json").read_bytes())["columns"]
    own = {"text": "Text", "id": "uuid", "date": "published"}

    assert (summary.scored, summary.quarantined) == (12, 0)
    assert [row["document"] for row in rows] == [*(f"a{n}" for n in range(6)), *(f"ba{n}" for n in range(6))]
    assert {row["date"] for row in rows} == {"2024-05-01"}
    assert {row["outlet"] for row in rows} == {"A", "B"}
    assert not {"Text", "uuid", "published", "text", "id"} & set(rows[0])
    assert (columns["date"], columns["of_inputs"]) == ("date", {f"b.{second}": own})


def test_going_on_takes_the_same_columns(tmp_path, bundle_folder):
    source = make_folder(tmp_path / "in", "jsonl", "csv", text="TEXT", date="published")
    run_job(source, tmp_path / "out", bundle_folder, shard_rows=4)
    tree = read_tree(tmp_path / "out")
    (tmp_path / "out" / "documents.parquet" / "part-00003.parquet").unlink()
    run_job(source, tmp_path / "out", bundle_folder, shard_rows=4)

    assert read_tree(tmp_path / "out") == tree


def test_a_column_that_the_user_names_is_taken_from_all_inputs(tmp_path, bundle_folder):
    source = make_folder(tmp_path / "in", "jsonl", "jsonl.gz", text="content")
    summary = run_job(source, tmp_path / "out", bundle_folder, text_column="text")

    assert summary.faults == {"missing_text": 6}
    assert "of_inputs" not in json.loads((tmp_path / "out" / "run.json").read_bytes())["columns"]


def test_an_input_without_a_date_of_its_own_has_none(tmp_path, bundle_folder):
    source = make_folder(tmp_path / "in", "jsonl", "csv", date="printed")
    run_job(source, tmp_path / "out", bundle_folder)
    rows = read_documents(tmp_path / "out")

    assert [row["date"] for row in rows] == ["2024-05-01"] * 6 + [None] * 6
    assert [row["printed"] for row in rows] == [None] * 6 + ["2024-05-01"] * 6


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_a_column_of_objects_is_not_guessed(tmp_path, bundle_folder, ending):
    rows = [{**row, "body": row["text"], "text": {"html": 1}, "_id": {"oid": 1}} for row in make_rows(5, bad=False)]
    summary = run_job(write_rows(tmp_path / f"a.{ending}", rows), tmp_path / "out", bundle_folder)

    assert (summary.scored, summary.quarantined) == (5, 0)


def test_where_only_objects_could_be_the_text_a_column_is_to_be_named(tmp_path, bundle_folder):
    source = write_rows(tmp_path / "a.jsonl", [{"id": "a", "text": {"en": "The court decides."}}])
    with pytest.raises(UsageError, match="no column of a usual name"):
        score_archive([str(source)], tmp_path / "out", Settings(bundle=str(bundle_folder)))


def test_one_row_with_an_object_for_its_text_is_a_bad_row_and_no_more(tmp_path, bundle_folder):
    source = write_rows(tmp_path / "a.jsonl", [*make_rows(4, bad=False), {"id": "x", "text": {"en": "The court."}}])
    run_job(source, tmp_path / "out", bundle_folder)

    assert [row["code"] for row in read_quarantine(tmp_path / "out")] == ["wrong_type"]


def test_what_comes_late_is_kept_beside_a_column_named_other(tmp_path, bundle_folder):
    rows = make_rows(1200, bad=False)
    rows = [{**row, "other": "mine"} | ({"late": number} if number > 1100 else {}) for number, row in enumerate(rows)]
    run_job(write_rows(tmp_path / "news.jsonl", rows), tmp_path / "out", bundle_folder)
    read = read_documents(tmp_path / "out")

    assert {row["other_kept"] for row in read} == {"mine"}
    assert read[0]["other"] is None
    assert json.loads(read[-1]["other"]) == {"late": 1199}


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize("output_format", ["parquet", "jsonl"])
def test_a_text_within_a_column_is_not_carried_through_with_it(tmp_path, bundle_folder, kind, output_format):
    rows = [
        {"id": row["id"], "body": {"t": row["text"], "lang": "en", "more": {"by": "A"}}, "outlet": row["outlet"]}
        for row in make_rows(3, bad=False)
    ]
    write_rows(tmp_path / f"news.{kind}", rows)
    summary = run_job(
        tmp_path / f"news.{kind}", tmp_path / "out", bundle_folder, text_column="body.t", output_format=output_format
    )
    parts = sorted((tmp_path / "out" / "documents.jsonl").glob("part-*"))
    lines = [json.loads(line) for part in parts for line in part.read_text(encoding="utf-8").splitlines()]
    found = lines or read_documents(tmp_path / "out")

    assert summary.scored == 3
    assert [json.loads(row["body"]) for row in found] == [{"lang": "en", "more": {"by": "A"}}] * 3
    assert [row["outlet"] for row in found] == [row["outlet"] for row in rows]


def test_what_is_left_out_of_an_object_is_gone_from_it_alone():
    value = {"a": {"text": "t", "b": 1}, "text": "other"}

    assert leave_out(value, "a.text") == {"a": {"b": 1}, "text": "other"}
    assert leave_out({"text": "t"}, "text") is None
    assert leave_out({"a": {"text": "t"}}, "a.text") == {"a": None}
    assert leave_out("text", "text") == "text"
    assert leave_out(value, "x.y") == value
    assert value == {"a": {"text": "t", "b": 1}, "text": "other"}
