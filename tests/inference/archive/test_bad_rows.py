"""I1: every kind of bad row ends in quarantine under its code, and all the others are scored."""

from __future__ import annotations

import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policyframes.archive.readers.batches import MAX_DEPTH
from policyframes.errors import UsageError
from tests.inference.archive.archives import (
    make_rows,
    read_documents,
    read_entries,
    read_tree,
    run_job,
    write_rows,
)

GOOD = "The court decides. The partner agrees."
SPANISH = "La cooperación entre los dos países no puede detenerse por una disputa pasajera, dijo el ministro " * 3
FIELDS = {"source", "row", "place", "id", "code", "message", "hint", "value", "rows"}


def line(**fields) -> bytes:
    return json.dumps({"id": "x", "text": GOOD, **fields}).encode()


BAD_LINES = {
    "null": (line(text=None), "null_text"),
    "missing": (b'{"id": "x", "body": "The court."}', "missing_text"),
    "empty": (line(text=""), "empty_text"),
    "white": (line(text=" \t\n\u00a0"), "empty_text"),
    "mark": (line(text="\ufeff"), "empty_text"),
    "number": (line(text=12), "wrong_type"),
    "truth": (line(text=True), "wrong_type"),
    "list": (line(text=["The", "court"]), "wrong_type"),
    "object": (line(text={"en": GOOD}), "wrong_type"),
    "nul": (line(text="\0" * 50 + "The court"), "not_text"),
    "binary": (line(text="".join(chr(i % 9) for i in range(99))), "not_text"),
    "signs": (line(text="--- *** 123 ///"), "no_passages"),
    "foreign": (line(text=SPANISH), "foreign_language"),
    "long": (line(text="The court. " * 2000), "limit_exceeded"),
    "latin-1": ('{"id": "x", "text": "Die Größe"}'.encode("latin-1"), "invalid_utf8"),
    "surrogate": (b'{"id": "x", "text": "The \\ud83d court decides."}', "lone_surrogate"),
    "surrogate elsewhere": (b'{"id": "x", "outlet": "\\udc00", "text": "The court."}', "lone_surrogate"),
    "surrogate id": (b'{"id": "\\udc00", "text": "The court."}', "wrong_id"),
    "cut": (b'{"id": "x", "text": "The cour', "invalid_json"),
    "single quotes": (b"{'id': 'x', 'text': 'The court'}", "invalid_json"),
    "two objects": (line() + line(), "invalid_json"),
    "html": (b"<html><body>502 Bad Gateway</body></html>", "invalid_json"),
    "digits": (b'{"id": ' + b"9" * 5000 + b', "text": "The court."}', "invalid_json"),
    "utf-16": (line().decode().encode("utf-16-le").replace(b"\n", b""), "invalid_json"),
    "a list": (b'["The court."]', "not_an_object"),
    "a string": (b'"The court."', "not_an_object"),
    "null line": (b"null", "not_an_object"),
    "twice": (b'{"id": "x", "text": "The court.", "text": "The partner."}', "duplicate_keys"),
    "nan": (b'{"id": "x", "text": "The court.", "rank": NaN}', "not_finite"),
    "infinity": (b'{"id": "x", "text": "The court.", "rank": -Infinity}', "not_finite"),
    "overflow": (b'{"id": "x", "text": "The court.", "rank": 1e999}', "not_finite"),
    "deep": (b'{"id": "x", "text": "The court.", "a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too_deep"),
    "deeper": (b"[" * 200_000, "too_deep"),
    "no id": (b'{"text": "The court."}', "missing_id"),
    "null id": (line(id=None), "missing_id"),
    "blank id": (line(id=" "), "missing_id"),
    "id list": (line(id=[1]), "wrong_id"),
    "id fraction": (line(id=1.5), "wrong_id"),
    "id truth": (line(id=True), "wrong_id"),
    "long id": (line(id="x" * 2000), "wrong_id"),
    "same id": (line(id="good-0"), "duplicate_id"),
}
GOOD_LINES = {
    "emoji": line(id="emoji", text="The court \U0001f600 decides. The partner agrees."),
    "right to left": line(id="rtl", text="The court قرر decides. The partner agrees."),
    "crlf": line(id="crlf", text="The court.\r\n\r\nThe partner agrees.\r"),
    "html text": line(id="html", text="<p>The court decides.</p> <script>alert(1)</script>"),
    "one word": line(id="word", text="Court"),
    "future": line(id="future", date="2999-01-01"),
    "odd date": line(id="odd", date={"year": 2024}),
    "whole number": line(id=7),
    "whole fraction": line(id=8.0),
    "decomposed": line(id="nfd", text="The cafe\u0301 and the court."),
    "new column": line(id="new", unheard_of=[1, 2]),
    "pair": b'{"id": "pair", "text": "The court \\ud83d\\ude00 decides."}',
    "depth": line(id="depth", nested=json.loads("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))),
}


def test_every_kind_of_bad_row_has_its_code_and_the_rest_is_scored(tmp_path, scored):
    good = [line(id=f"good-{number}") for number in range(len(BAD_LINES))]
    mixed = [part for pair in zip(good, (data for data, _ in BAD_LINES.values()), strict=True) for part in pair]
    path = tmp_path / "news.jsonl"
    path.write_bytes(b"\n".join([*mixed, *GOOD_LINES.values(), b"", b"  "]) + b"\n")
    summary, entries, documents = scored(path)

    assert {name: entry["code"] for name, entry in zip(BAD_LINES, entries, strict=True)} == {
        name: code for name, (_, code) in BAD_LINES.items()
    }
    assert [entry["row"] for entry in entries] == list(range(2, 2 * len(BAD_LINES) + 1, 2))
    assert summary.scored == len(documents) == len(good) + len(GOOD_LINES)
    assert [row["document"] for row in documents[-4:]] == ["nfd", "new", "pair", "depth"]
    assert json.loads(documents[-3]["other"] or documents[-3].get("unheard_of", "")) is not None


def test_an_entry_says_where_what_and_what_to_do_in_few_characters(tmp_path, scored):
    path = tmp_path / "news.jsonl"
    path.write_bytes(b"\n".join([line(), *(data for data, _ in BAD_LINES.values())]))
    _, entries, _ = scored(path)

    for entry in entries:
        assert set(entry) == FIELDS
        assert len(entry["value"]) <= 200
        assert entry["message"]
        assert entry["hint"].endswith(".")
        assert entry["source"] == "news.jsonl"


def test_foreign_articles_are_scored_when_asked(tmp_path, scored):
    path = tmp_path / "news.jsonl"
    path.write_bytes(line(text=SPANISH))

    assert scored(path, any_language=True)[0].scored == 1


def test_an_article_that_begins_in_another_language_and_goes_on_in_english_is_scored(tmp_path, scored):
    path = tmp_path / "news.jsonl"
    path.write_bytes(line(text=SPANISH * 8 + "The court and the partner have agreed on the plan that they made. " * 80))

    assert scored(path)[0].scored == 1


def test_an_english_lead_over_an_article_in_another_language_does_not_make_it_english(tmp_path, scored):
    path = tmp_path / "news.jsonl"
    lead = "The court and the partner have agreed on the plan that they made for all of the ports. " * 3
    path.write_bytes(line(text=f"{lead}\n\n" + f"{SPANISH}\n\n" * 40))

    assert scored(path)[0].faults == {"foreign_language": 1}


def test_ids_may_be_left_out_and_the_place_is_then_the_id(tmp_path, scored):
    path = tmp_path / "news.jsonl"
    path.write_bytes(b'{"text": "The court."}\n\n{"text": "The partner."}\n')
    _, _, documents = scored(path)

    assert [row["document"] for row in documents] == ["news.jsonl:1", "news.jsonl:3"]


def test_duplicates_are_found_across_files_and_shards(tmp_path, scored):
    folder = tmp_path / "in"
    folder.mkdir()
    rows = make_rows(30, bad=False)
    write_rows(folder / "a.jsonl", rows)
    write_rows(folder / "b.csv", [*rows[5:9], {**rows[0], "id": "new"}])
    summary, entries, documents = scored(folder, shard_rows=7)

    assert summary.faults == {"duplicate_id": 4}
    assert [entry["id"] for entry in entries] == ["a5", "a6", "a7", "a8"]
    assert len({row["document"] for row in documents}) == len(documents) == 31


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path, scored):
    path = tmp_path / "news.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([line(id="a"), line(id="b")]) + b"\r\n")

    assert scored(path)[0].scored == 2


def test_columns_of_a_parquet_file_keep_their_types(tmp_path, scored):
    table = pa.table(
        {
            "body": [GOOD, "The partner agrees.", None],
            "when": pa.array([1_700_000_000_123_456_789, None, 1], pa.timestamp("ns", tz="UTC")),
            "tags": [["a", "b"], None, []],
            "size": pa.array([1, None, 3], pa.int16()),
            "passages": ["mine", "x", "y"],
            "kind": pa.array(["p", "q", "p"]).dictionary_encode(),
        }
    )
    path = tmp_path / "news.parquet"
    pq.write_table(table, path)
    _, entries, documents = scored(path, date_column="when")
    _, _, again = scored(path, date_column="when")

    assert [entry["code"] for entry in entries] == ["null_text"]
    assert documents == again
    first = documents[0]
    assert first["date"] == "2023-11-14 22:13:20.123456789Z"
    assert (first["tags"], first["size"], first["passages_kept"], first["kind"]) == (["a", "b"], 1, "mine", "p")
    assert first["passages"] == 1


def test_dots_lead_into_the_structs_of_parquet(tmp_path, scored):
    rows = [
        {"meta": {"key": {"id": f"k{n}"}, "day": 20240501 + n}, "article": {"body": GOOD, "lang": "en"}}
        for n in range(150)
    ]
    rows[3]["article"]["body"] = None
    rows[4]["article"] = None
    path = write_rows(tmp_path / "news.parquet", rows)
    names = {"text_column": "article.body", "id_column": "meta.key.id", "date_column": "meta.day"}
    _, entries, documents = scored(path, **names, keep=("article.lang", "meta.day", "meta"))

    assert [(entry["id"], entry["code"]) for entry in entries] == [("k3", "null_text"), ("k4", "null_text")]
    assert [row["document"] for row in documents] == [f"k{n}" for n in range(150) if n not in {3, 4}]
    assert {row["article.lang"] for row in documents} == {"en"}
    assert documents[-1]["date"] == "20240650"
    assert documents[-1]["meta.day"] == 20240650
    assert documents[-1]["meta"] == {"key": {"id": "k149"}, "day": 20240650}


@pytest.mark.parametrize("names", [{}, {"text_column": "article"}, {"text_column": "article.bodi"}])
def test_a_struct_of_parquet_is_no_text_and_its_fields_are_named(tmp_path, bundle_folder, names):
    path = write_rows(tmp_path / "news.parquet", [{"key": "k", "article": {"body": GOOD, "by": {"name": "x"}}}])
    with pytest.raises(UsageError, match=r"Allowed: key, article\.body, article\.by\.name"):
        run_job(path, tmp_path / "out", bundle_folder, **names)


def test_values_that_are_no_objects_are_called_by_json_names(tmp_path, scored):
    path = tmp_path / "news.jsonl"
    path.write_text('null\n"x"\n[1]\ntrue\n')
    path.write_text(path.read_text() + json.dumps({"id": "a", "text": GOOD}) + "\n" + '{"id": "b"}\n')
    _, entries, _ = scored(path)

    assert [entry["message"].partition(" instead")[0] for entry in entries[:4]] == [
        "null",
        "a text",
        "a list",
        "a truth value",
    ]
    assert entries[-1]["value"] == "object of 1"


def test_jsonl_parts_hold_the_same_rows(tmp_path, scored, bundle_folder):
    path = write_rows(tmp_path / "news.parquet", make_rows(40))
    _, _, documents = scored(path)
    run_job(path, tmp_path / "lines", bundle_folder, output_format="jsonl", max_characters=20_000)
    parts = sorted((tmp_path / "lines" / "documents.jsonl").glob("part-*"))

    assert [json.loads(text) for part in parts for text in part.read_text().splitlines()] == documents
    assert (tmp_path / "lines" / "quarantine.jsonl").read_bytes() == (
        tmp_path / "out" / "quarantine.jsonl"
    ).read_bytes()


def test_numbers_that_json_does_not_know_are_null_there(tmp_path, bundle_folder):
    table = pa.table({"text": [GOOD] * 3, "rank": [1.5, float("nan"), float("inf")]})
    pq.write_table(table, tmp_path / "news.parquet")
    run_job(tmp_path / "news.parquet", tmp_path / "out", bundle_folder, output_format="jsonl")
    part = tmp_path / "out" / "documents.jsonl" / "part-00000.jsonl"

    assert [json.loads(text)["rank"] for text in part.read_text().splitlines()] == [1.5, None, None]


def test_a_csv_keeps_what_stands_in_quotes_and_drops_no_row_behind_an_open_one(tmp_path, scored):
    path = tmp_path / "news.csv"
    path.write_bytes(
        b'id;text;outlet\na;"The court\nsays ""no"".";X\nb;"The partner agrees.;Y\nc;The court; decides;Z\n'
        b"d;The court decides.;\nd2;\xff\xfe;\n\ne;The partner agrees.;Z\n"
    )
    _, entries, documents = scored(path)

    assert [row["document"] for row in documents] == ["a", "d", "e"]
    assert {entry["row"]: entry["code"] for entry in entries} == {
        4: "invalid_csv",
        5: "wrong_columns",
        7: "invalid_utf8",
    }


def test_a_folder_of_texts_tells_which_files_it_could_not_read(tmp_path, scored):
    folder = tmp_path / "in"
    (folder / "2024").mkdir(parents=True)
    (folder / "2024" / "a.txt").write_text(GOOD)
    (folder / "b.txt").write_bytes("The café and the court.".encode("utf-16"))
    (folder / "c.txt").write_bytes(os.urandom(64) + b"\0" * 200)
    (folder / "d.txt").write_bytes(b"")
    (folder / "e.txt").symlink_to(folder / "nowhere.txt")
    (folder / "f.txt").symlink_to(folder / "f.txt")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "h.txt")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "g.txt").write_bytes("Die Größe of the court".encode("latin-1"))
    _, entries, documents = scored(folder)

    assert [row["document"] for row in documents] == ["b", "g", "2024/a"]
    assert [(entry["id"], entry["place"], entry["code"]) for entry in entries] == [
        (None, "c.txt", "not_text"),
        ("d", "d.txt", "empty_text"),
        (None, "e.txt", "unreadable_file"),
        (None, "f.txt", "unreadable_file"),
        (None, "h.txt", "unreadable_file"),
    ]


def test_a_table_of_metadata_beside_the_texts_is_left_out_and_named(tmp_path, bundle_folder):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(GOOD)
    (folder / "list.csv").write_text("file,title\na.txt,One\n")
    for _ in range(2):
        assert run_job(folder, tmp_path / "out", bundle_folder).rows == 1
    manifest = json.loads((tmp_path / "out" / "run.json").read_text())

    assert manifest["left_out"] == ["in/list.csv"]
    assert [source["name"] for source in manifest["inputs"]] == ["in"]


def test_a_table_whose_text_is_called_otherwise_is_not_left_out_but_scored(tmp_path, bundle_folder):
    folder = tmp_path / "in"
    folder.mkdir()
    write_rows(folder / "a.csv", [{"id": "a", "text": GOOD}])
    write_rows(folder / "b.csv", [{"id": "b", "body": GOOD}, {"id": "c", "body": GOOD}])
    summary = run_job(folder, tmp_path / "out", bundle_folder)

    assert (summary.rows, summary.scored, summary.faults) == (3, 3, {})
    assert json.loads((tmp_path / "out" / "run.json").read_text())["left_out"] == []


def test_columns_of_one_name_in_parquet_are_refused(tmp_path, bundle_folder):
    path = tmp_path / "twins.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array([GOOD])], names=["text", "text"]), path)
    with pytest.raises(UsageError, match="two columns are called 'text'"):
        run_job(path, tmp_path / "out", bundle_folder)


@pytest.mark.parametrize("data", [b"no json\n", json.dumps({"text": GOOD}).encode("utf-16")])
def test_an_input_with_rows_but_no_column_is_said_to_be_damaged_or_in_another_encoding(tmp_path, bundle_folder, data):
    (tmp_path / "news.jsonl").write_bytes(data)
    with pytest.raises(UsageError, match="no row with columns"):
        run_job(tmp_path / "news.jsonl", tmp_path / "out", bundle_folder)


def test_a_column_of_ids_that_begin_anew_in_every_file_may_be_left_aside(tmp_path, bundle_folder):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        write_rows(folder / name, [{"id": n, "date": "2024", "text": GOOD} for n in range(2)])
    assert run_job(folder, tmp_path / "twice", bundle_folder).faults == {"duplicate_id": 2}
    summary = run_job(folder, tmp_path / "out", bundle_folder, id_column="none", date_column="none")

    assert (summary.rows, summary.scored) == (4, 4)
    rows = read_documents(tmp_path / "out")
    assert [(row["document"], row["id"], row["date"], row["date_kept"]) for row in rows] == [
        ("a.jsonl:1", "0", None, "2024"),
        ("a.jsonl:2", "1", None, "2024"),
        ("b.jsonl:1", "0", None, "2024"),
        ("b.jsonl:2", "1", None, "2024"),
    ]


def test_nested_records_are_found_in_files_and_in_lines(tmp_path, scored):
    folder = tmp_path / "in"
    folder.mkdir()
    article = {"source": {"name": "Gazette"}, "content": GOOD, "publishedAt": "2024-05-01T00:00:00Z"}
    (folder / "page.json").write_text(json.dumps({"status": "ok", "articles": [article, {"title": "no text"}]}))
    (folder / "pages.jsonl").write_text(
        json.dumps({"articles": [article, 5]}) + "\n" + json.dumps({"status": "error"}) + "\n" + '{"articles": []}\n'
    )
    summary, entries, documents = scored(
        folder, records="articles", text_column="content", keep=("source.name",), date_column="publishedAt"
    )

    assert summary.rows == 5
    assert [row["document"] for row in documents] == ["page.json:1", "pages.jsonl:1.1"]
    assert [row["source.name"] for row in documents] == ["Gazette", "Gazette"]
    assert [entry["code"] for entry in entries] == ["missing_text", "not_an_object", "missing_records"]


def test_a_json_file_of_a_list_is_read(tmp_path, scored):
    (tmp_path / "news.json").write_text(json.dumps(make_rows(30)))
    summary, _, _ = scored(tmp_path / "news.json", shard_rows=7)

    assert summary.rows == 30


def test_a_column_that_is_not_there_is_asked_for_with_those_that_are(tmp_path, scored):
    path = write_rows(tmp_path / "news.jsonl", make_rows(3))
    with pytest.raises(UsageError, match="Allowed: id, date, outlet, text"):
        scored(path, text_column="body")
    (tmp_path / "odd.jsonl").write_text('{"wording": "The court."}\n')
    with pytest.raises(UsageError, match="--text-col"):
        scored(tmp_path / "odd.jsonl")


def test_an_empty_archive_is_no_error(tmp_path, bundle_folder):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "news.jsonl").write_bytes(b"")
    write_rows(tmp_path / "in" / "more.jsonl", make_rows(3, bad=False))

    assert run_job(tmp_path / "in", tmp_path / "out", bundle_folder).rows == 3
    assert read_tree(tmp_path / "out")
    assert len(read_entries(tmp_path / "out")) == 1
