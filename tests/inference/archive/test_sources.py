"""Archives as services give them out: what is read, what is flagged, and what is refused by name."""

from __future__ import annotations

import csv
import gzip
import json
import random
import zipfile

import pytest

from policyframes.archive.sources.printed_dates import read_printed_date
from policyframes.errors import ArchiveSourceError, UsageError
from tests.inference.archive.archives import make_rows, read_documents, read_quarantine, read_tree, write_rows
from tests.inference.archive.exports import (
    TEXT,
    make_article,
    make_page,
    make_response,
    make_warc,
    make_warc_record,
    pack_records,
    run_export,
    write_nexis,
)


def write_newsapi(path, articles):
    path.write_text(json.dumps({"status": "ok", "totalResults": len(articles), "articles": articles}))
    return path


def make_newsapi(number, text):
    return {
        "source": {"id": None, "name": "The Harbour Gazette"},
        "author": "A. Writer",
        "title": f"Bridge talks {number}",
        "url": f"https://gazette.example/{number}",
        "publishedAt": "2024-03-04T08:00:00Z",
        "content": text,
    }


def test_newsapi_articles_are_found_named_and_flagged_where_their_text_is_cut_off(tmp_path, bundle_folder):
    cut, whole = make_newsapi(1, f"{TEXT} The council\u2026 [+1234 chars]"), make_newsapi(2, TEXT)
    source = write_newsapi(tmp_path / "page1.json", [cut, whole])

    run_export(source, tmp_path / "out", bundle_folder, source="newsapi", passages=True)

    first, second = read_documents(tmp_path / "out")
    assert first["document"] == "https://gazette.example/1"
    assert first["date"] == "2024-03-04T08:00:00Z"
    assert first["outlet"] == "The Harbour Gazette"
    assert (first["is_truncated"], first["missing_characters"]) == ("true", "1234")
    assert (second["is_truncated"], second["missing_characters"]) == ("false", None)


def test_the_note_of_a_cut_off_text_is_not_scored_as_text(tmp_path, bundle_folder):
    source = write_newsapi(tmp_path / "page1.json", [make_newsapi(1, f"{TEXT} The end\u2026 [+1234 chars]")])

    run_export(source, tmp_path / "out", bundle_folder, source="newsapi", output_format="jsonl")

    assert "1234 chars" not in (tmp_path / "out/passages.jsonl/part-00000.jsonl").read_text()


def test_the_same_article_on_two_pages_of_newsapi_is_counted_once(tmp_path, bundle_folder):
    folder = tmp_path / "pages"
    folder.mkdir()
    for number in (1, 2):
        write_newsapi(folder / f"page{number}.json", [make_newsapi(1, TEXT)])

    summary = run_export(folder, tmp_path / "out", bundle_folder, source="newsapi")

    assert (summary.scored, summary.faults) == (1, {"duplicate_id": 1})


def write_table(path, rows, *, delimiter=","):
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, delimiter=delimiter)
        table.writerows(rows)
    return path


MEDIACLOUD = ["stories_id", "publish_date", "title", "url", "language", "media_name", "media_url"]
STORY = [
    "17",
    "2024-03-04",
    "Bridge talks",
    "https://gazette.example/1",
    "en",
    "The Harbour Gazette",
    "gazette.example",
]


@pytest.mark.parametrize("source", ["", "mediacloud"])
def test_a_media_cloud_export_is_refused_with_what_to_do(tmp_path, bundle_folder, source):
    table = write_table(tmp_path / "stories.csv", [MEDIACLOUD, STORY])

    with pytest.raises(
        ArchiveSourceError, match=r"Media Cloud that holds addresses.*no text.*--source mediacloud --texts TABLE"
    ):
        run_export(table, tmp_path / "out", bundle_folder, source=source)


def test_a_media_cloud_export_that_was_joined_with_texts_is_scored(tmp_path, bundle_folder):
    table = write_table(tmp_path / "stories.csv", [[*MEDIACLOUD, "text"], [*STORY, TEXT]])

    run_export(table, tmp_path / "out", bundle_folder, source="mediacloud")

    row = read_documents(tmp_path / "out")[0]
    assert (row["document"], row["date"], row["outlet"]) == ("17", "2024-03-04", "The Harbour Gazette")


@pytest.mark.parametrize(("columns", "address"), [(61, 60), (58, 57), (27, 4)])
@pytest.mark.parametrize("source", ["", "gdelt"])
def test_a_raw_gdelt_file_is_refused_and_the_column_of_the_addresses_named(
    tmp_path, bundle_folder, columns, address, source
):
    row = ["20240304"] * columns
    row[address] = "https://gazette.example/1"
    table = write_table(tmp_path / "20240304.export.CSV", [row, row], delimiter="\t")

    with pytest.raises(
        ArchiveSourceError, match=f"GDELT.*no text.*addresses in column {address + 1} .*header.*--source gdelt --texts"
    ):
        run_export(table, tmp_path / "out", bundle_folder, source=source)


def test_a_gdelt_table_that_was_joined_with_texts_counts_an_article_once_however_many_events_it_has(
    tmp_path, bundle_folder
):
    rows = [["GLOBALEVENTID", "SQLDATE", "SOURCEURL", "text"]]
    rows += [[str(number), "20240304", "https://gazette.example/1", TEXT] for number in range(3)]
    table = write_table(tmp_path / "events.csv", rows)

    summary = run_export(table, tmp_path / "out", bundle_folder, source="gdelt")

    row = read_documents(tmp_path / "out")[0]
    assert (summary.scored, summary.quarantined) == (1, 2)
    assert (row["document"], row["date"]) == ("https://gazette.example/1", "2024-03-04")


@pytest.mark.parametrize("has_styles", [True, False])
def test_articles_of_a_nexis_export_are_read_with_what_stands_above_them(tmp_path, bundle_folder, has_styles):
    source = write_nexis(tmp_path / "news.docx", [make_article(n) for n in range(3)], has_styles=has_styles)

    run_export(source, tmp_path / "out", bundle_folder, source="nexis")

    rows = read_documents(tmp_path / "out")
    assert [row["document"] for row in rows] == ["news.docx:1", "news.docx:2", "news.docx:3"]
    assert [row["date"] for row in rows] == ["2024-03-04", "2024-03-05", "2024-03-06"]
    assert {row["outlet"] for row in rows} == {"The Harbour Gazette"}
    assert rows[1]["title"] == "Bridge talks, part 1"
    assert (rows[0]["section"], rows[0]["length"], rows[0]["byline"]) == ("NEWS; Pg. 4", "48 words", "A. Writer")
    assert rows[0]["load_date"] == "March 7, 2024"


def test_a_title_that_looks_like_a_date_is_a_title(tmp_path, bundle_folder):
    article = make_article(0, title="19, part 1", printed_date="Spring edition")
    source = write_nexis(
        tmp_path / "news.docx", [article, make_article(1, title="March 9, 2019", printed_date="05/06/2024")]
    )

    run_export(source, tmp_path / "out", bundle_folder, source="nexis")

    rows = read_documents(tmp_path / "out")
    assert [row["date"] for row in rows] == [None, None]
    assert [row["printed_date"] for row in rows] == ["Spring edition", "05/06/2024"]
    assert [row["title"] for row in rows] == ["19, part 1", "March 9, 2019"]


@pytest.mark.parametrize("declared", [2, 4])
def test_a_cover_that_declares_another_number_of_articles_is_refused_with_both_numbers(
    tmp_path, bundle_folder, declared
):
    source = write_nexis(tmp_path / "news.docx", [make_article(n) for n in range(3)], declared=declared)

    with pytest.raises(ArchiveSourceError, match=f"declares {declared} articles, 3 were found"):
        run_export(source, tmp_path / "out", bundle_folder, source="nexis")


def test_a_document_that_is_no_nexis_export_is_refused(tmp_path, bundle_folder):
    source = write_nexis(tmp_path / "news.docx", [], declared=None)

    with pytest.raises(ArchiveSourceError, match="End of Document"):
        run_export(source, tmp_path / "out", bundle_folder, source="nexis")


def test_an_article_without_a_body_is_in_quarantine_and_the_others_are_scored(tmp_path, bundle_folder):
    articles = [make_article(0), make_article(1, text=None), make_article(2)]
    source = write_nexis(tmp_path / "news.docx", articles, declared=None)

    summary = run_export(source, tmp_path / "out", bundle_folder, source="nexis")

    assert (summary.scored, summary.faults) == (2, {"null_text": 1})
    assert read_quarantine(tmp_path / "out")[0]["place"] == "article 2"


def test_a_bomb_and_a_torn_file_among_nexis_exports_are_in_quarantine(tmp_path, bundle_folder):
    folder = tmp_path / "exports"
    folder.mkdir()
    good = write_nexis(folder / "a.docx", [make_article(0)])
    (folder / "b.docx").write_bytes(good.read_bytes()[:-200])
    with zipfile.ZipFile(folder / "c.docx", "w", zipfile.ZIP_DEFLATED) as bomb, zipfile.ZipFile(good) as honest:
        for name in honest.namelist():
            bomb.writestr(name, honest.read(name) if name != "word/document.xml" else b" " * 80_000_000)

    summary = run_export(folder, tmp_path / "out", bundle_folder, source="nexis")

    assert (summary.scored, summary.faults) == (1, {"damaged_file": 1, "limit_exceeded": 1})


def test_word_files_are_no_archive_unless_they_are_said_to_be_of_nexis(tmp_path, bundle_folder):
    source = write_nexis(tmp_path / "news.docx", [make_article(0)])

    with pytest.raises(UsageError, match=r"\.docx with --source nexis"):
        run_export(source, tmp_path / "out", bundle_folder)


@pytest.mark.parametrize("ending", ["rtf", "RTF", "doc", "pdf"])
@pytest.mark.parametrize("is_alone", [True, False])
def test_nexis_downloads_of_another_kind_are_refused_by_name_and_never_left_out(
    tmp_path, bundle_folder, ending, is_alone
):
    folder = tmp_path / "downloads"
    folder.mkdir()
    write_nexis(folder / "a.docx", [make_article(0)])
    other = folder / f"b.{ending}"
    other.write_bytes(rb"{\rtf1\ansi Documents (1)\par Body\par End of Document\par }")

    with pytest.raises(ArchiveSourceError, match=rf"b\.{ending}.*{ending.upper()}, which is not read.*docx"):
        run_export(other if is_alone else folder, tmp_path / "out", bundle_folder, source="nexis")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        ("January 5, 2020 Sunday", "2020-01-05"),
        ("Sunday, January 5, 2020", "2020-01-05"),
        ("5 January 2020", "2020-01-05"),
        ("5th Jan. 2020", "2020-01-05"),
        ("Sept. 9, 2019 Monday 10:15 PM GMT", "2019-09-09"),
        ("March 4, 2024 Monday First Edition", "2024-03-04"),
        ("2024-03-04", "2024-03-04"),
        ("February 30, 2020", None),
        ("January 2020", None),
        ("05/06/2024", None),
        ("19, part 1", None),
        ("March on the capital, 2020", None),
        ("Mark 5, 2020", None),
    ],
)
def test_a_printed_date_is_read_where_it_is_plainly_one(printed, date):
    assert read_printed_date(printed) == date


def make_responses(count):
    return [make_response(make_page(f"Bridge talks {n}", TEXT)) for n in range(count)]


@pytest.mark.parametrize("name", ["news.warc", "news.warc.gz"])
def test_pages_of_a_warc_are_rows_with_what_they_say_of_themselves(tmp_path, bundle_folder, name):
    records = make_warc(make_responses(5))
    (tmp_path / name).write_bytes(pack_records(records) if name.endswith("gz") else b"".join(records))

    summary = run_export(tmp_path / name, tmp_path / "out", bundle_folder, shard_rows=2)

    rows = read_documents(tmp_path / "out")
    assert (summary.rows, summary.scored) == (5, 5)
    assert [row["document"] for row in rows] == [f"{name}:{n}" for n in range(1, 6)]
    assert (rows[0]["url"], rows[0]["outlet"]) == ("https://gazette.example/0", "The Harbour Gazette")
    assert (rows[0]["date"], rows[0]["crawled"]) == ("2024-03-04", "2024-03-05T10:00:00Z")
    assert rows[0]["title"] == "Bridge talks 0"


def test_the_address_is_the_id_where_a_warc_is_said_to_be_one(tmp_path, bundle_folder):
    (tmp_path / "news.warc").write_bytes(b"".join(make_warc(make_responses(1))))

    run_export(tmp_path / "news.warc", tmp_path / "out", bundle_folder, source="warc")

    assert read_documents(tmp_path / "out")[0]["document"] == "https://gazette.example/0"


def test_a_warc_that_is_cut_off_anywhere_keeps_every_page_before_the_cut(tmp_path, bundle_folder):
    records = make_warc(make_responses(3))
    chance = random.Random(7)
    for packed in (False, True):
        pieces = [gzip.compress(record, mtime=0) for record in records] if packed else records
        whole = b"".join(pieces)
        path = tmp_path / ("cut.warc.gz" if packed else "cut.warc")
        ends = [sum(len(piece) for piece in pieces[: n + 1]) for n in range(len(pieces))]
        for turn in range(12):
            place = chance.randrange(ends[0] + 1, len(whole) - 10)
            path.write_bytes(whole[:place])
            before = sum(end <= place for n, end in enumerate(ends) if n in {2, 4, 6})

            summary = run_export(path, tmp_path / f"out-{packed}-{turn}", bundle_folder)

            # Within the empty lines after a record, all of it has been read.
            assert summary.scored in {before, before + 1}
            assert summary.scored >= before
            is_between = place in ends or (not packed and any(0 < end - place <= 4 for end in ends))
            assert is_between or summary.faults.get("damaged_file") == 1


def test_answers_that_are_no_page_are_in_quarantine_by_name(tmp_path, bundle_folder):
    page = make_page("Bridge talks", TEXT)
    bomb = gzip.compress(b"<p>" + b" " * 12_000_000)
    pages = [
        make_response(page),
        make_response(b"", status="404 Not Found"),
        make_response(b"\x89PNG", kind="image/png"),
        make_response(gzip.compress(page), headers=["Content-Encoding: gzip"]),
        make_response(page, headers=["Content-Encoding: gzip"]),
        make_response(bomb, headers=["Content-Encoding: gzip"]),
        make_response(b"xx", headers=["Content-Encoding: br"]),
        make_response(b"%x\r\n%s\r\n0\r\n\r\n" % (len(page), page), headers=["Transfer-Encoding: chunked"]),
        b"\x00\x01 no answer at all",
    ]
    (tmp_path / "news.warc").write_bytes(b"".join(make_warc(pages)))

    summary = run_export(tmp_path / "news.warc", tmp_path / "out", bundle_folder)

    messages = [entry["message"] for entry in read_quarantine(tmp_path / "out")]
    assert [row["row"] for row in read_documents(tmp_path / "out")] == [1, 4, 5, 8]
    assert summary.faults == {"limit_exceeded": 1, "not_text": 4}
    assert [
        part in message for part, message in zip(("404", "image/png", "unpacks", "br", "HTTP"), messages, strict=True)
    ]


def test_a_page_that_is_shorter_than_it_says_is_flagged(tmp_path, bundle_folder):
    page = make_page("Bridge talks", TEXT)
    block = make_response(page, headers=[f"Content-Length: {len(page) + 50}"])
    (tmp_path / "news.warc").write_bytes(make_warc_record("response", block))

    run_export(tmp_path / "news.warc", tmp_path / "out", bundle_folder)

    assert read_documents(tmp_path / "out")[0]["is_truncated"] == "true"


def test_a_file_that_is_no_warc_is_in_quarantine(tmp_path, bundle_folder):
    (tmp_path / "news.warc").write_bytes(b"This is no archive of pages.\n" * 20)

    summary = run_export(tmp_path / "news.warc", tmp_path / "out", bundle_folder)

    assert summary.faults == {"damaged_file": 1}


def test_a_packed_file_that_is_cut_off_is_in_quarantine_from_there_on(tmp_path, bundle_folder):
    path = write_rows(tmp_path / "news.jsonl.gz", make_rows(400, bad=False))
    path.write_bytes(path.read_bytes()[:-300])

    summary = run_export(path, tmp_path / "out", bundle_folder, shard_rows=1000)

    assert summary.faults == {"damaged_file": 1}
    assert summary.scored + 1 == summary.rows


def test_answers_on_lines_and_answers_of_another_shape_are_read_by_what_is_said_of_them(tmp_path, bundle_folder):
    lines = [json.dumps({"articles": [make_newsapi(n, TEXT), make_newsapi(n + 10, TEXT)]}) for n in range(2)]
    (tmp_path / "answers.jsonl").write_text("\n".join(lines))
    results = [{"id": f"world/{n}", "webPublicationDate": "2024-03-04", "fields": {"bodyText": TEXT}} for n in range(3)]
    (tmp_path / "other.json").write_text(json.dumps({"response": {"results": results}}))
    columns = {"text_column": "fields.bodyText", "id_column": "id", "date_column": "webPublicationDate"}

    first = run_export(tmp_path / "answers.jsonl", tmp_path / "one", bundle_folder, source="newsapi")
    other = run_export(tmp_path / "other.json", tmp_path / "two", bundle_folder, records="response.results", **columns)

    assert (first.rows, first.scored) == (4, 4)
    assert [row["document"] for row in read_documents(tmp_path / "two")] == ["world/0", "world/1", "world/2"]
    assert other.quarantined == 0


@pytest.mark.parametrize("kind", ["warc", "nexis"])
def test_a_part_that_was_torn_is_made_anew_from_an_export(tmp_path, bundle_folder, kind):
    if kind == "warc":
        path = tmp_path / "news.warc.gz"
        path.write_bytes(pack_records(make_warc(make_responses(6))))
    else:
        path = write_nexis(tmp_path / "news.docx", [make_article(n) for n in range(6)])
    changes = {"source": kind, "shard_rows": 2}
    run_export(path, tmp_path / "out", bundle_folder, **changes)
    whole = read_tree(tmp_path / "out")

    for number in (2, 0, 1):
        (tmp_path / f"out/documents.parquet/part-{number:05d}.parquet").write_bytes(b"torn")
        run_export(path, tmp_path / "out", bundle_folder, **changes)

        assert read_tree(tmp_path / "out") == whole
