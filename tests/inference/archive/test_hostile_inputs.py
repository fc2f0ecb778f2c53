"""I1: thirty-six kinds of files that are broken or look it, twenty of each: named, or scored, never lost."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policyframes.errors import PolicyFramesError
from tests.inference.archive.archives import make_rows, read_documents, read_quarantine, run_job

FILES = 20
GOOD = "The court decides. The partner agrees. The threat at the border is the plan of the minister."
SPANISH = "La cooperación entre los dos países no puede detenerse por una disputa pasajera, dijo el ministro " * 3
ARABIC = "قال الوزير إن التعاون بين البلدين لن يتوقف بسبب خلاف عابر وإن الحدود ستبقى مفتوحة أمام الجميع. " * 3


def write_lines(path: Path, lines: list[bytes], end: bytes = b"\n") -> Path:
    path.write_bytes(b"".join(line + end for line in lines))
    return path


class Maker:
    """Good rows, among which one stands that is not."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.rows = make_rows(chance.randint(1, 40), seed=chance.randint(0, 999), bad=False)

    def lines(self) -> list[bytes]:
        return [json.dumps(row).encode() for row in self.rows]

    def mixed(self, *bad: bytes) -> Path:
        lines = self.lines()
        for line in bad:
            lines.insert(self.chance.randint(0, len(lines)), line)
        return write_lines(self.folder / "news.jsonl", lines)

    def row(self, **fields) -> Path:
        return self.mixed(
            json.dumps({"id": "bad", "date": "2024-05-01", "outlet": "A", "text": GOOD, **fields}).encode()
        )

    def raw(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def packed(self, name: str, data: bytes) -> Path:
        """Write what is cut off somewhere behind its beginning."""
        return self.raw(name, data[: self.chance.randint(len(data) // 3, len(data) - 9)])

    def parquet(self) -> bytes:
        data = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(self.rows), data)
        return data.getvalue()

    def csv(self, *bad: str) -> Path:
        lines = ["id,text", *(f"{row['id']},{row['text']}" for row in self.rows)]
        for line in bad:
            lines.insert(self.chance.randint(1, len(lines)), line)
        return self.raw("news.csv", "\n".join(lines).encode() + b"\n")

    def loop(self) -> Path:
        texts = self.folder / "texts"
        texts.mkdir()
        (texts / "a.txt").write_text(GOOD, encoding="utf-8")
        (texts / "loop").symlink_to(texts, target_is_directory=True)
        (texts / "self.txt").symlink_to(texts / "self.txt")
        return texts

    def folder_named_like_a_file(self) -> Path:
        (self.folder / "in" / "news.jsonl").mkdir(parents=True)
        write_lines(self.folder / "in" / "more.jsonl", self.lines())
        return self.folder / "in"

    def zip(self) -> Path:
        with zipfile.ZipFile(self.folder / "news.jsonl", "w") as archive:
            archive.writestr("news.jsonl", b"\n".join(self.lines()))
        return self.folder / "news.jsonl"


# What is made -> codes that the row or file may get. "scored": it is fine. "refused": a named error, and nothing done.
KINDS = {
    "empty file": (lambda m: m.raw("news.jsonl", b""), {"scored"}),
    "byte order mark": (lambda m: m.raw("news.jsonl", b"\xef\xbb\xbf" + b"\n".join(m.lines())), {"scored"}),
    "UTF-16": (lambda m: m.raw("news.jsonl", b"\n".join(m.lines()).decode().encode("utf-16")), {"refused"}),
    "Latin-1": (lambda m: m.mixed('{"id": "bad", "text": "Caf\u00e9 talks."}'.encode("latin-1")), {"invalid_utf8"}),
    "NULs": (lambda m: m.row(text="\0" * m.chance.randint(5, 50) + GOOD), {"not_text"}),
    "half a surrogate pair": (lambda m: m.mixed(b'{"id": "bad", "text": "A \\ud83d court."}'), {"lone_surrogate"}),
    "Windows line ends": (lambda m: write_lines(m.folder / "news.jsonl", m.lines(), b"\r\n"), {"scored"}),
    "old Macintosh line ends": (
        lambda m: write_lines(m.folder / "news.jsonl", [*m.lines(), *m.lines()], b"\r"),
        {"refused"},
    ),
    "NaN": (lambda m: m.mixed(b'{"id": "bad", "text": "The court.", "x": NaN}'), {"not_finite"}),
    "duplicate keys": (lambda m: m.mixed(b'{"id": "bad", "text": "The court.", "text": "A."}'), {"duplicate_keys"}),
    "depth": (
        lambda m: m.mixed(b'{"id": "bad", "text": "The court.", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
        {"too_deep"},
    ),
    "wrong type": (lambda m: m.row(text=m.chance.choice([7, 1.5, True, ["a"], {"b": "c"}])), {"wrong_type"}),
    "missing id": (lambda m: m.row(id=m.chance.choice([None, "", " "])), {"missing_id"}),
    "wrong id": (lambda m: m.row(id=m.chance.choice([1.5, True, ["a"], "x" * 1001])), {"wrong_id"}),
    "duplicate id": (lambda m: m.row(id=m.rows[0]["id"]), {"duplicate_id"}),
    "null text": (lambda m: m.row(text=None), {"null_text"}),
    "white space": (lambda m: m.row(text=m.chance.choice(["", " ", "\n\t", "\u00a0\u200b"])), {"empty_text"}),
    "other language": (lambda m: m.row(text=SPANISH), {"foreign_language"}),
    "right to left": (lambda m: m.row(text=ARABIC), {"foreign_language"}),
    "one character": (lambda m: m.row(text=m.chance.choice("aX9.")), {"no_passages"}),
    "ten million characters": (lambda m: m.row(text="court " * 1_666_667), {"limit_exceeded"}),
    "HTML": (lambda m: m.row(text=f"<p>{GOOD}</p><script>alert(1)</script>"), {"scored"}),
    "markup alone": (lambda m: m.row(text="<div><br><img src='x'></div>"), {"empty_text"}),
    "emoji": (lambda m: m.row(text=GOOD + " \U0001f600\u200d\U0001f680"), {"scored"}),
    "future date": (lambda m: m.row(date=f"{m.chance.randint(2100, 9999)}-01-01"), {"scored"}),
    "no object": (lambda m: m.mixed(m.chance.choice([b"[1]", b"7", b'"text"', b"null"])), {"not_an_object"}),
    "cut-off line": (lambda m: m.mixed(m.lines()[0][: m.chance.randint(2, 30)]), {"invalid_json"}),
    "cut-off Parquet": (lambda m: m.packed("news.parquet", m.parquet()), {"refused"}),
    "cut-off gzip": (
        lambda m: m.packed("news.jsonl.gz", gzip.compress(b"\n".join(m.lines()))),
        {"damaged_file", "refused"},
    ),
    "cut-off zstd": (
        lambda m: m.packed("news.jsonl.zst", pa.compress(b"\n".join(m.lines()), codec="zstd", asbytes=True)),
        {"damaged_file", "refused"},
    ),
    "open quotation mark": (lambda m: m.csv('bad,"the court'), {"invalid_csv"}),
    "too many fields": (lambda m: m.csv("bad,the court,more"), {"wrong_columns"}),
    "Parquet under another name": (lambda m: m.raw("news.jsonl", m.parquet()), {"refused"}),
    "zip under another name": (Maker.zip, {"invalid_json", "invalid_utf8", "refused"}),
    "a folder called like a file": (Maker.folder_named_like_a_file, {"scored"}),
    "links in a circle": (Maker.loop, {"unreadable_file"}),
}


def judge(folder: Path, source: Path, bundle: Path) -> set[str]:
    """Return what became of a file, after checking that every row of it is accounted for."""
    try:
        summary = run_job(source, folder / "out", bundle)
    except PolicyFramesError as error:
        return {"refused" if error.code.startswith("PF-") and error.where and error.remedy else "no reason given"}
    entries = read_quarantine(folder / "out")
    assert summary.rows == summary.scored + summary.quarantined
    assert len(read_documents(folder / "out")) == summary.scored
    assert sum(entry["rows"] for entry in entries) == summary.quarantined
    assert all(entry["message"] and entry["hint"] and len(entry["value"]) <= 200 for entry in entries)
    return {entry["code"] for entry in entries} or {"scored"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_broken_file_is_named_and_its_other_rows_add_up(kind, tmp_path, bundle_folder):
    make, allowed = KINDS[kind]
    for number in range(FILES):
        folder = tmp_path / str(number)
        folder.mkdir()
        source = make(Maker(folder, random.Random(f"{kind}-{number}")))

        found = judge(folder, source, bundle_folder)

        assert found, number
        assert found <= allowed, number
