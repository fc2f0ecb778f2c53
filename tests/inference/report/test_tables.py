from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from policyframes.errors import EmptyDocumentError, RefusedError
from policyframes.profiles import compare
from policyframes.profiles.coded import CodedSample
from policyframes.replacement import replace_file
from policyframes.report import files
from policyframes.report.codebook import write_codebook
from policyframes.report.column_notes import NOTES
from policyframes.report.explanation import explain_results
from policyframes.report.files import FILE_NAMES, Extras, check_results, write_results
from policyframes.report.rows import Failure
from policyframes.taxonomy import Aspect
from tests.inference.builders import make_bundle
from tests.inference.scored import FRAMINGS, make_collection

WORD = Aspect("word", "Word", "Words.", ("word",))
METADATA = {"a": {"year": "1999", "title": "First"}, "b": {"year": "2017", "passages": "own", "text": "t"}}
KINDS = (*FRAMINGS, "none", "uncertain")
HOSTILE = ('=HYPERLINK("http://x","y")', "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", '","=1', "＝1", "a\nb\r\nc")


def read(path):
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def comparison():
    collection = make_collection({"a": "s" * 12 + "g" * 3, "b": "p" * 11 + "-"}, METADATA, aspects=(WORD,))
    return collection.compare("year")


@pytest.fixture
def folder(comparison, tmp_path):
    failure = Failure("c.txt", "c", EmptyDocumentError(where="c.txt", found="x", allowed="y", remedy="z"))
    write_results(comparison, [failure], tmp_path, Extras(matrix=True, quanteda=True))
    return tmp_path


def test_the_folder_holds_the_usual_files_and_those_asked_for(folder):
    assert {path.name for path in folder.iterdir()} == {*FILE_NAMES, "matrix.csv", "quanteda.csv"}


def test_comparison_has_a_row_an_aspect_group_and_kind(folder, comparison):
    rows = read(folder / "comparison.csv")

    assert [(row["aspect"], row["group"], row["kind"]) for row in rows] == [
        (aspect, group, kind) for aspect in ("all", "word") for group in ("1999", "2017") for kind in KINDS
    ]
    first = rows[0]
    share = comparison.profiles[None, "1999"].shares["securitized"]
    assert (first["count"], first["passages"], first["documents"]) == ("12", "15", "1")
    assert float(first["share"]) == pytest.approx(share.value, abs=1e-4)
    assert (first["dominant"], first["is_dominant"], first["too_few"]) == ("securitized", "1", "0")


def test_changes_are_those_of_the_comparison(folder, comparison):
    rows = read(folder / "changes.csv")

    assert len(rows) == len(comparison.changes) == 2 * 4
    assert {row["before"] for row in rows} == {"1999"}
    assert rows[0]["is_significant"] == "1"
    assert 0 < float(rows[0]["adjusted_p_value"]) < 0.05


def test_evidence_holds_the_strongest_three_of_each_framing_with_their_place(folder):
    rows = read(folder / "evidence.csv")
    of_cell = [row for row in rows if (row["aspect"], row["group"]) == ("all", "1999")]

    assert [(row["framing"], row["rank"], row["passage"]) for row in of_cell] == [
        *(("securitized", str(rank), str(rank)) for rank in (1, 2, 3)),
        *(("governance", str(rank), str(12 + rank)) for rank in (1, 2, 3)),
    ]
    assert of_cell[0]["title"] == "First"
    assert of_cell[0]["page"] == "1"
    assert of_cell[0]["text"] == "word 1 of a."
    assert (of_cell[0]["start"], of_cell[0]["end"]) == ("0", "12")


def test_passages_carry_their_aspects_in_csv_and_json(folder):
    rows = read(folder / "passages.csv")
    lines = [json.loads(line) for line in (folder / "scores.jsonl").read_text(encoding="utf-8").splitlines()]

    assert [row["text"] for row in rows] == [line["text"] for line in lines]
    assert list(rows[0]) == list(lines[0])
    assert {(row["aspects"], row["aspect_word"]) for row in rows} == {("word", "1")}


def test_documents_carry_metadata_and_failures_say_why(folder):
    rows = read(folder / "documents.csv")

    assert [(row["document"], row["status"], row["year"], row["title"]) for row in rows] == [
        ("a", "scored", "1999", "First"),
        ("b", "scored", "2017", ""),
        ("c", "failed", "", ""),
    ]
    assert (rows[1]["passages"], rows[1]["metadata_passages"]) == ("12", "own")
    assert rows[2]["error_code"] == "PF-2004"


def test_tables_that_are_not_asked_for_again_go_with_the_results_that_they_were_of(folder, comparison):
    (folder / "notes.csv").write_text("mine")
    write_results(comparison, [], folder)

    assert {path.name for path in folder.iterdir()} == {*FILE_NAMES, "notes.csv"}


def test_a_table_that_no_results_lie_beside_is_somebody_elses(comparison, tmp_path):
    (tmp_path / "matrix.csv").write_text("mine")
    write_results(comparison, [], tmp_path)

    assert (tmp_path / "matrix.csv").read_text() == "mine"


def test_files_of_others_stay_as_they_are(comparison, tmp_path):
    (tmp_path / "documents.csv").write_text("mine")

    with pytest.raises(RefusedError, match=r"documents\.csv.*Choose another folder"):
        write_results(comparison, [], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["documents.csv"]
    assert (tmp_path / "documents.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["matrix.csv", "quanteda.csv"])
def test_a_table_of_others_is_in_the_way_only_of_one_that_is_asked_for(tmp_path, name):
    (tmp_path / name).write_text("mine")
    check_results(tmp_path, Extras())

    with pytest.raises(RefusedError, match=name):
        check_results(tmp_path, Extras(matrix=True, quanteda=True))


def test_results_that_lost_their_readme_are_taken_for_those_of_others(folder, comparison):
    (folder / "README.txt").write_text("Notes of my own")

    with pytest.raises(RefusedError, match=r"report\.html, comparison\.csv, changes\.csv and 6 more"):
        write_results(comparison, [], folder)


def test_results_cut_off_at_any_file_can_be_written_again(comparison, tmp_path, monkeypatch):
    for count in range(1, len(FILE_NAMES)):
        target = tmp_path / str(count)
        written: list[str] = []

        def replace(path, content, written=written, count=count):
            if len(written) == count:
                raise KeyboardInterrupt
            written.append(path.name)
            replace_file(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(files, "replace_file", replace)
            with pytest.raises(KeyboardInterrupt):
                write_results(comparison, [], target)
        write_results(comparison, [], target)

        assert {path.name for path in target.iterdir()} == set(FILE_NAMES)


def test_the_matrix_has_a_row_a_document_of_zeros_ones_and_shares(folder):
    rows = read(folder / "matrix.csv")

    assert [[row[kind] for kind in KINDS] for row in rows] == [list("11000"), list("00110")]
    assert [row["word_securitized"] for row in rows] == ["1", "0"]
    assert [row["word_passages"] for row in rows] == ["15", "12"]
    assert rows[0]["year"] == "1999"
    assert float(rows[0]["low_securitized"]) < float(rows[0]["share_securitized"]) < float(rows[0]["high_securitized"])


def test_the_corpus_has_a_row_a_passage_with_its_own_id_and_variables(folder):
    rows = read(folder / "quanteda.csv")

    assert list(rows[0])[:2] == ["doc_id", "text"]
    assert len({row["doc_id"] for row in rows}) == len(rows) == 27
    assert rows[0]["doc_id"] == "a.1"
    assert (rows[0]["year"], rows[0]["securitized"], rows[-1]["none"]) == ("1999", "1", "1")
    assert (rows[-1]["text"], rows[-1]["metadata_text"]) == ("word 12 of b.", "t")


@pytest.mark.parametrize("name", sorted(NOTES))
def test_readme_explains_every_column_of_every_table(folder, name):
    explained = [part.strip() for names in NOTES[name] for part in names.split(",")]
    places = {"framing": FRAMINGS, "kind": KINDS, "aspect": ["word"], "metadata": ["year", "metadata_passages"]}
    places["metadata"].append("metadata_text" if name == "quanteda.csv" else "text")
    places["metadata"].append("passages")
    patterns = [re.sub(r"<(\w+)>", lambda m: f"({'|'.join(places[m[1]])})", part) for part in explained]
    columns = read(folder / name)[0]
    readme = (folder / "README.txt").read_text(encoding="utf-8")

    assert [column for column in columns if not any(re.fullmatch(p, column) for p in patterns)] == []
    assert all(names in readme for names in NOTES[name])


def test_readme_speaks_of_no_file_that_is_not_there(comparison, tmp_path):
    write_results(comparison, [], tmp_path)
    readme = (tmp_path / "README.txt").read_text(encoding="utf-8")

    assert "matrix.csv" not in readme
    assert "quanteda.csv" not in readme
    assert all(name in readme for name in FILE_NAMES if name != "README.txt")


def test_the_codebook_defines_framings_and_aspects(folder):
    text = (folder / "codebook.md").read_text(encoding="utf-8")

    assert all(f"(`{name}`)" in text for name in (*FRAMINGS, "none", "uncertain", "word"))
    assert "Terms: word." in text


def test_both_shares_stand_beside_each_other_where_a_sample_corrects(tmp_path):
    sample = CodedSample({("a", number): frozenset({"governance"}) for number in range(1, 31)})
    write_results(compare(make_collection({"a": "s" * 40}, sample=sample)), [], tmp_path)
    row = next(row for row in read(tmp_path / "comparison.csv") if row["kind"] == "securitized")

    assert (row["method"], row["coded"], row["modelled_share"]) == ("coded", "30", "1.0")
    assert float(row["bias_removed"]) == pytest.approx(float(row["modelled_share"]) - float(row["share"]), abs=1e-3)


@pytest.mark.parametrize("payload", HOSTILE)
def test_no_cell_of_any_table_for_excel_is_a_formula_and_no_row_is_lost(payload, tmp_path):
    aspect = Aspect("word", payload, payload, ("word",))
    metadata = {payload: {"year": "1999", "title": payload, payload.strip() or "x": payload, "issuer": payload}}
    collection = make_collection(
        {payload: "sgp" * 5, "b": "s" * 12}, metadata | {"b": METADATA["b"]}, aspects=(aspect,)
    )
    failure = Failure(payload, payload, EmptyDocumentError(where=payload, found="", allowed="", remedy=""))
    extras = {"matrix": True, "quanteda": True}
    write_results(collection.compare("year"), [failure], tmp_path / "plain", Extras(**extras))
    write_results(collection.compare("year"), [failure], tmp_path / "excel", Extras(**extras, excel=True))

    names = sorted(path.name for path in (tmp_path / "excel").glob("*.csv"))
    assert len(names) == 7
    for name in names:
        raw = (tmp_path / "excel" / name).read_bytes()
        text = raw.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        plain = (tmp_path / "plain" / name).read_text(encoding="utf-8")
        assert raw.startswith(b"\xef\xbb\xbf")
        assert len(rows) == len(list(csv.reader(io.StringIO(plain, newline=""))))
        cells = [cell for row in rows for cell in row]
        numbers = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
        assert not [c for c in cells if re.match(r"\s*[=+\-@＝＋－＠]|[\t\r\n]", c) and not numbers.fullmatch(c)]


def test_results_of_a_bundle_with_framings_of_its_own_claim_nothing_of_our_labels():
    bundle = make_bundle()
    own = replace(bundle, framings={**bundle.framings, "alarm": bundle.framings["securitized"]})
    collection = replace(make_collection({"a": "s" * 12}, METADATA, aspects=(WORD,)), bundle=own)
    readme, codebook = explain_results(collection, ("passages.csv",)), write_codebook(collection)

    assert "machine-assisted" not in " ".join(readme.split())
    assert "its makers have to say" in " ".join(readme.split())
    assert "Not in the codebook of this package" in readme
    assert "(`alarm`): Not in the codebook of this package" in codebook
    assert "Version" not in codebook
