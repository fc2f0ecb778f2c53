"""Shares of groups of articles: those of profiles, from the parts of a finished job, as a page and as a table."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from policyframes.archive import gathering, groups
from policyframes.archive.contrasts import ALL, OTHERS
from policyframes.archive.gathering import MISSING
from policyframes.archive.groups import measure_archive
from policyframes.archive.periods import find_column, find_period
from policyframes.bundle import save_bundle
from policyframes.cli.main import build_app
from policyframes.errors import ArchiveIntegrityError, RefusedError, UsageError
from policyframes.profiles.shares import estimate_shares
from policyframes.report.archive import (
    ARCHIVE_CHANGE_COLUMNS,
    ARCHIVE_COLUMNS,
    ARCHIVE_FILES,
    ARCHIVE_NOTES,
    archive_rows,
    render_archive,
    write_archive,
)
from policyframes.report.archive.chart import build_charts, count_periods
from policyframes.scorer import Score
from tests.inference.archive.archives import make_rows, read_documents, run_job, write_rows
from tests.inference.builders import make_bundle
from tests.inference.report.hostile import CANARY, PAYLOADS
from tests.inference.scored import FRAMINGS, TABLE


def write_news(path, count=120):
    rows = make_rows(count, bad=False)
    for number, row in enumerate(rows):
        row["date"] = f"2024-{1 + number % 4:02d}-05T08:00:00Z" if number % 30 else "last spring"
        row["text"] = " ".join([row["text"]] * (1 + number % 5 * 9))
    return write_rows(path, rows)


@pytest.fixture
def finished(tmp_path, bundle_folder):
    run_job(write_news(tmp_path / "news.jsonl"), tmp_path / "out", bundle_folder)
    return tmp_path / "out"


@pytest.fixture
def hostile(tmp_path, bundle_folder):
    values = [*PAYLOADS, '=HYPERLINK("https://canary.invalid")', "+1", "-1+1", "@SUM(A1)", "\t=1"]
    rows = make_rows(len(values) * 2, bad=False)
    for number, row in enumerate(rows):
        row["outlet"] = row["date"] = values[number % len(values)]
        row["text"] *= 12
    run_job(write_rows(tmp_path / "hostile.jsonl", rows), tmp_path / "hostile", bundle_folder)
    return tmp_path / "hostile"


def read_passages(folder):
    for part in sorted((folder / "passages.parquet").iterdir()):
        for row in pq.read_table(part, use_threads=False).to_pylist():
            chances = {name: row[f"p_{name}"] for name in FRAMINGS}
            score = Score(chances, tuple(row["framings"]), row["primary"], tuple(row["uncertain"]))
            yield SimpleNamespace(document=row["document"], score=score)


@pytest.mark.parametrize("errors", [TABLE, None])
def test_the_shares_of_a_group_are_those_that_its_passages_give(finished, errors):
    found = measure_archive(finished, ["month"], errors)
    months = {row["document"]: find_period(row["date"], "month") for row in read_documents(finished)}
    passages = list(read_passages(finished))

    [grouping] = found.groupings
    assert [group.name for group in grouping.groups] == ["2024-01", "2024-02", "2024-03", "2024-04", "undated"]
    for group in (found.total, *grouping.groups):
        own = [item for item in passages if group.name in {"all", months[item.document]}]
        expected = estimate_shares(own, FRAMINGS, errors)
        for kind, share in group.shares.items():
            wanted = expected[kind]
            assert (share.count, share.passages, share.method) == (wanted.count, wanted.passages, wanted.method)
            # Documents hold means in four decimals.
            assert share.value == pytest.approx(wanted.value, abs=5e-4)
            if share.method == "adjusted" or wanted.low is None:
                assert (share.low, share.high) == pytest.approx((wanted.low, wanted.high), abs=5e-4)
            else:
                # Passages of one article say less than as many of several.
                assert share.low <= wanted.low < wanted.high <= share.high


def test_parts_in_json_lines_give_the_same_shares(finished, tmp_path, bundle_folder):
    run_job(tmp_path / "news.jsonl", tmp_path / "lines", bundle_folder, output_format="jsonl")

    one, other = (
        measure_archive(folder, ["outlet", "month,outlet"], TABLE) for folder in (finished, tmp_path / "lines")
    )

    assert one.groupings == other.groupings
    assert one.changes == other.changes


def test_copies_are_left_out_of_every_group(tmp_path, bundle_folder):
    pytest.importorskip("datasketch")
    path = write_news(tmp_path / "news.jsonl", 60)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    copies = [{**row, "id": f"c{row['id']}", "outlet": "C"} for row in rows]
    run_job(path, tmp_path / "once", bundle_folder, dedupe=True)
    write_rows(tmp_path / "twice.jsonl", rows + copies)
    run_job(tmp_path / "twice.jsonl", tmp_path / "twice", bundle_folder, dedupe=True)

    once, twice = (measure_archive(tmp_path / name, ["month", "outlet"], TABLE) for name in ("once", "twice"))

    assert twice.total.shares == once.total.shares
    assert twice.total.duplicates == once.total.documents + 2 * once.total.duplicates
    assert twice.total.documents == len({row["cluster"] for row in read_documents(tmp_path / "twice")})
    assert [group.shares for group in twice.groupings[0].groups] == [g.shares for g in once.groupings[0].groups]
    # An outlet of nothing but copies has no share; what the others differ by is what it was, at the same certainty.
    extra = [group for group in twice.groupings[1].groups if group.name == "C"]
    assert [(group.documents, group.duplicates) for group in extra] == [
        (0, sum(row["outlet"] == "C" for row in read_documents(tmp_path / "twice")))
    ]
    tested = [
        [(c.before, c.after, c.p_value, c.low) for c in item.changes if c.by == "month" and c.low is not None]
        for item in (once, twice)
    ]
    assert tested[0] == tested[1] != []


def test_a_group_with_few_passages_says_so_instead_of_a_number(finished):
    found = measure_archive(finished, ["document"], TABLE)
    small = [group for group in found.groupings[0].groups if group.passages < 10]

    assert small
    assert all(share.value is None for group in small for share in group.shares.values())
    assert "too few" in render_archive(found)


def test_groups_without_a_value_are_named_and_others_are_in_order_of_size(tmp_path, bundle_folder):
    rows = [
        {"id": f"a{n}", "desk": "AAB"[n % 3] if n < 30 else None, "text": row["text"] * 9}
        for n, row in enumerate(make_rows(33, bad=False))
    ]
    run_job(write_rows(tmp_path / "news.jsonl", rows), tmp_path / "out", bundle_folder)

    found = measure_archive(tmp_path / "out", ["desk"], None)
    [grouping] = found.groupings

    assert [group.name for group in grouping.groups] == ["A", "B", MISSING]
    assert not grouping.is_timed
    assert build_charts(grouping, FRAMINGS) == ()
    assert [(c.before, c.after) for c in found.changes if c.kind == "none"] == [(OTHERS, "A"), (OTHERS, "B")]


def test_an_unfinished_job_a_damaged_part_and_an_unknown_column_are_refused(finished, monkeypatch):
    with pytest.raises(UsageError, match=r"--by planet.*month, year, outlet"):
        measure_archive(finished, ["month", "planet"], None)
    for wrong in ("month,", "month,month", "a,b,c"):
        with pytest.raises(UsageError, match="not one column, nor two different ones"):
            measure_archive(finished, [wrong], None)
    monkeypatch.setattr(groups, "MOST_GROUPS", 5)
    with pytest.raises(UsageError, match=r"--by month,outlet.*10 groups"):
        measure_archive(finished, ["outlet,month"], None)
    monkeypatch.setattr(gathering, "MOST_GROUPS", 5)
    with pytest.raises(UsageError, match="more than 5 groups"):
        measure_archive(finished, ["document"], None)
    part = next((finished / "documents.parquet").iterdir())
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveIntegrityError, match="not what the job wrote"):
        measure_archive(finished, ["month"], None)
    (finished / "summary.json").unlink()
    with pytest.raises(UsageError, match="not finished"):
        measure_archive(finished, ["month"], None)
    with pytest.raises(UsageError, match="no results of an archive"):
        measure_archive(finished / "nothing", ["month"], None)


@pytest.mark.parametrize("content", ["id,text\n", "id,text\na,\nb,\n"])
def test_a_job_without_a_scored_article_has_nothing_to_report(tmp_path, bundle_folder, content):
    (tmp_path / "day.csv").write_text(content)
    run_job(tmp_path / "day.csv", tmp_path / "out", bundle_folder)

    with pytest.raises(UsageError, match="no article that was scored"):
        measure_archive(tmp_path / "out", ["month"], None)


@pytest.mark.parametrize(
    ("date", "month"),
    [
        ("2024-05-01T10:00:00Z", "2024-05"),
        ("2024-05", "2024-05"),
        ("2024/05/01", "2024-05"),
        ("20240501", "2024-05"),
        ("20240501123000", "2024-05"),
        ("Wed, 01 May 2024 10:00:00 GMT", "2024-05"),
        ("May 1, 2024 Wednesday", "2024-05"),
        ("20240501T123000Z", "2024-05"),
        ("2024-W18-3", "2024-05"),
        ("2024-05-01+02:00", "2024-05"),
        ("2024.05.01 at noon", "2024-05"),
        ("2024", "undated"),
        ("05/06/2024", "undated"),
        ("2024-02-30", "undated"),
        ("20240230", "undated"),
        ("2024-05/06", "undated"),
        ("2023-12/2024-01", "undated"),
        ("2010-11 season", "undated"),
        ("2024-01-1999", "undated"),
        ("0001-01-01", "undated"),
        ("1714558000", "undated"),
        ("202413", "undated"),
        ("", "undated"),
        (None, "undated"),
    ],
)
def test_a_month_is_found_where_a_date_is_plainly_one(date, month):
    assert find_period(date, "month") == month


def test_years_and_outlets_are_found_under_their_usual_names():
    assert find_period("2024", "year") == find_period("2024-05-01", "year") == "2024"
    assert find_column("outlet", ["date", "media_name"]) == "media_name"
    assert find_column("Desk", ["date", "desk"]) == "desk"
    assert find_column("month", ["outlet"]) == ""


def test_the_line_of_the_chart_breaks_where_a_month_is_missing(tmp_path, bundle_folder):
    rows = make_rows(80, bad=False)
    for number, row in enumerate(rows):
        row["date"] = ("2023-11-05", "2023-12-05", "2024-01-05", "2024-04-05")[number % 4]
        row["text"] *= 4
    run_job(write_rows(tmp_path / "news.jsonl", rows), tmp_path / "out", bundle_folder)

    [grouping] = measure_archive(tmp_path / "out", ["month"], TABLE).groupings
    wide, narrow = build_charts(grouping, FRAMINGS)

    assert [len(line.split()) for line in wide.lanes[0].lines] == [3]
    assert len(wide.lanes) == 3
    assert len(wide.lanes[0].spots) == 4
    spots = [spot for chart in (wide, narrow) for lane in chart.lanes for spot in lane.spots]
    assert all(spot.high <= spot.y <= spot.low for spot in spots)
    assert count_periods("2024-01") == count_periods("2023-12") + 1


def test_nothing_untrusted_is_markup_on_the_page(hostile):
    page = render_archive(measure_archive(hostile, ["outlet", "month,outlet", "date"], TABLE))

    assert CANARY in page
    assert page.count("<script") == page.count("<img") == page.count("<iframe") == 0
    assert "default-src 'none'" in page


def test_no_cell_for_excel_is_a_formula(hostile, tmp_path):
    found = measure_archive(hostile, ["outlet", "outlet,date"], TABLE)
    for excel, folder in ((True, tmp_path / "excel"), (False, tmp_path / "plain")):
        write_archive(found, folder, excel=excel)
    texts = [(tmp_path / "excel" / name).read_text(encoding="utf-8-sig") for name in ("shares.csv", "changes.csv")]
    cells = [cell for text in texts for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    formulas = [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert formulas == []
    assert [cell for cell in cells if cell.startswith("-") and not re.fullmatch(r"-[\d.e-]+", cell)] == []
    assert "'=HYPERLINK" in "".join(cells)
    assert "'=HYPERLINK" not in (tmp_path / "plain/shares.csv").read_text(encoding="utf-8")


@pytest.fixture
def command(tmp_path):
    """Return the command of a report of an archive that a bundle with errors scored."""
    errors = {"all": {"passages": 500, "documents": 90, "kinds": {k: asdict(v) for k, v in TABLE.kinds.items()}}}
    save_bundle(make_bundle(errors=errors), tmp_path / "tiny-v1")
    run_job(write_news(tmp_path / "news.jsonl"), tmp_path / "out", tmp_path / "tiny-v1")
    return ["archive", "report", str(tmp_path / "out")]


def read_table(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_command_writes_a_page_and_tables(tmp_path, command):
    counted = CliRunner().invoke(build_app(), command)
    adjusted = CliRunner().invoke(
        build_app(), [*command, "-o", str(tmp_path / "x"), "--bundle", str(tmp_path / "tiny-v1")]
    )

    assert (counted.exit_code, adjusted.exit_code) == (0, 0), counted.output + adjusted.output
    assert "counted, not corrected" in counted.output
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == sorted(ARCHIVE_FILES)
    assert "bare counts" in (tmp_path / "out/report/report.html").read_text(encoding="utf-8")
    assert "bare counts" not in (tmp_path / "x/report.html").read_text(encoding="utf-8")
    rows = read_table(tmp_path / "x/shares.csv")
    assert {row["method"] for row in rows if row["kind"] != "uncertain"} == {"adjusted"}
    found = measure_archive(tmp_path / "out", ["month"], TABLE)
    assert [row["group"] for row in rows] == [row["group"] for row in archive_rows(found)]
    assert f"{sum(c.p_value is not None for c in found.changes)} differences tested" in adjusted.output


def test_a_report_replaces_an_earlier_one_and_nothing_of_others(tmp_path, command):
    for _ in range(2):
        assert CliRunner().invoke(build_app(), command).exit_code == 0
    (tmp_path / "shares.csv").write_text("mine")
    result = CliRunner().invoke(build_app(), [*command, "-o", str(tmp_path)])

    assert isinstance(result.exception, RefusedError)
    assert "shares.csv" in str(result.exception)
    assert (tmp_path / "shares.csv").read_text() == "mine"
    assert not (tmp_path / "report.html").exists()


def test_several_groupings_stand_in_one_report(tmp_path, command):
    result = CliRunner().invoke(build_app(), [*command, *("--by", "month", "--by", "outlet", "--by", "outlet,month")])

    assert result.exit_code == 0, result.output
    rows = read_table(tmp_path / "out/report/shares.csv")
    assert list(dict.fromkeys(row["by"] for row in rows)) == ["all", "month", "outlet", "month,outlet"]
    by = {
        name: [row for row in rows if row["by"] == name and row["kind"] == "none"] for name in {r["by"] for r in rows}
    }
    total = by.pop("all")[0]
    for own in by.values():
        for column in ("documents", "passages", "count"):
            assert sum(int(row[column]) for row in own) == int(total[column])
    assert {row["within"] for row in by["month,outlet"]} == {"A", "B"}
    assert {row["within"] for row in by["month"] + by["outlet"]} == {ALL}
    changes = read_table(tmp_path / "out/report/changes.csv")
    assert {(row["by"], row["before"], row["after"]) for row in changes} >= {
        ("month", "2024-01", "2024-02"),
        ("outlet", "A", "B"),
        ("month,outlet", "2024-03", "2024-04"),
    }
    assert "undated" not in {row["after"] for row in changes}
    page = (tmp_path / "out/report/report.html").read_text(encoding="utf-8")
    assert page.count('<section id="grouping-') == 3
    # The chart of the months for wide and narrow pages, and a panel for each outlet.
    assert page.count('role="img"') == 2 + 2


def test_every_column_of_the_tables_is_explained():
    for name, columns in (("shares.csv", ARCHIVE_COLUMNS), ("changes.csv", ARCHIVE_CHANGE_COLUMNS)):
        assert [part for key in ARCHIVE_NOTES[name] for part in key.split(", ")] != []
        assert {part for key in ARCHIVE_NOTES[name] for part in key.split(", ")} == set(columns)


def test_the_page_on_archives_names_every_file_of_the_report(checkout):
    text = (checkout / "docs/archives.md").read_text(encoding="utf-8")
    section = text.partition("## After scoring")[2]

    assert re.findall(r"^\| `([\w.]+)` \|", section, re.MULTILINE) == list(ARCHIVE_FILES)


def test_another_bundle_than_the_one_that_scored_is_refused(finished, tmp_path):
    save_bundle(make_bundle(promised_precision=0.8), tmp_path / "other-v1")

    result = CliRunner().invoke(
        build_app(), ["archive", "report", str(finished), "--bundle", str(tmp_path / "other-v1")]
    )

    assert isinstance(result.exception, UsageError)
    assert "the one that scored" in str(result.exception)
