from __future__ import annotations

import csv
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import docx
import pypdfium2
import pytest

NAMES = ("halmerra-strategy-2014.pdf", "halmerra-strategy-2025.docx", "news-2025.html")
FRAMINGS = {"securitized", "governance", "partnership"}


@pytest.fixture(scope="module")
def examples(checkout: Path) -> Path:
    return checkout / "examples"


@pytest.fixture(scope="module")
def rebuilt(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("reportlab", reason="reportlab, which sets the PDF, is not installed")
    target = tmp_path_factory.mktemp("documents")
    script = [sys.executable, str(examples / "build_documents.py"), "--out", str(target)]
    subprocess.run(script, check=True, capture_output=True, timeout=120)
    return target


def read_passages(source: Path) -> list[tuple[str, str]]:
    pairs = re.findall(r"^<!-- framings: ([a-z, ]+) -->\n(.+)$", source.read_text(encoding="utf-8"), re.MULTILINE)
    return [(framings, re.sub(r"\[\^\d+\]", "", text).removeprefix("- ")) for framings, text in pairs]


def squeeze(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


class ArticleParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.article: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in {"meta", "rect", "path"}:
            self.open.append(tag)
        if dict(attrs).get("class") == "cookie-banner":
            self.seen.add("cookie-banner")

    def handle_endtag(self, tag):
        if tag in self.open:
            self.open.remove(tag)

    def handle_data(self, data):
        if "article" in self.open and "p" in self.open:
            self.article.append(data)


@pytest.mark.parametrize("name", [*NAMES, "metadata.csv"])
def test_rebuilding_gives_the_committed_bytes(examples, rebuilt, name):
    assert (rebuilt / name).read_bytes() == (examples / "documents" / name).read_bytes()


def test_metadata_names_every_document_and_nothing_else(examples):
    with (examples / "documents" / "metadata.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))

    assert list(rows[0]) == ["document", "title", "issuer", "year", "administration", "kind"]
    assert [row["document"] for row in rows] == [name.partition(".")[0] for name in NAMES]
    assert {path.name for path in (examples / "documents").iterdir()} == {*NAMES, "metadata.csv"}
    assert all(value for row in rows for value in row.values())


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("halmerra-strategy-2014", 3500, 4500),
        ("halmerra-strategy-2025", 3500, 4500),
        ("news-2025", 900, 1100),
    ],
)
def test_running_text_is_as_long_as_promised(examples, name, low, high):
    words = sum(len(text.split()) for _, text in read_passages(examples / "sources" / f"{name}.md"))

    assert low <= words <= high


@pytest.mark.parametrize("name", NAMES)
def test_every_passage_states_known_framings_and_no_passage_repeats(examples, name):
    passages = read_passages(examples / "sources" / f"{Path(name).stem}.md")

    stated = {framing for framings, _ in passages for framing in framings.split(", ")}
    assert stated == FRAMINGS | {"none"}
    assert len({text for _, text in passages}) == len(passages)


def test_the_later_strategy_is_securitized_where_the_earlier_is_partnership(examples):
    primary = {
        year: [framings.split(", ")[0] for framings, _ in read_passages(path)]
        for year in (2014, 2025)
        for path in [examples / "sources" / f"halmerra-strategy-{year}.md"]
    }

    assert primary[2014].count("partnership") > 2 * primary[2014].count("securitized")
    assert primary[2025].count("securitized") > 2 * primary[2025].count("partnership")


def test_pdf_has_every_passage_and_a_running_head_and_number_on_each_page(examples):
    document = pypdfium2.PdfDocument(examples / "documents" / NAMES[0])
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()

    assert 12 <= len(pages) <= 16
    assert all(f"Page {number}" in page for number, page in enumerate(pages, 1) if number > 1)
    assert all("A Neighborhood of Law and Trust" in page for page in pages)
    # pdfium writes U+FFFE for a hyphen that a line end has put into a word.
    assert sum(page.count("\ufffe") for page in pages) >= 5
    # A passage that crosses pages has furniture in its middle: its first 60 letters lie on one page.
    letters = squeeze("".join(pages))
    missing = [
        text for _, text in read_passages(examples / "sources" / "halmerra-strategy-2014.md")
        if squeeze(text)[:60] not in letters
    ]  # fmt: skip
    assert missing == []


def test_docx_has_real_styles_every_passage_and_fixed_dates(examples):
    path = examples / "documents" / NAMES[1]
    document = docx.Document(str(path))
    styles = {paragraph.style.name for paragraph in document.paragraphs}

    assert {"Title", "Heading 1", "Heading 2", "List Bullet", "List Number", "Caption"} <= styles
    assert len(document.tables) == 1
    assert document.core_properties.title.startswith("Secure Shores, Secure Homes")
    assert document.core_properties.author == "Republic of Halmerra"
    assert "PAGE" in document.sections[0].footer.part.blob.decode("utf-8")
    wanted = {squeeze(text) for _, text in read_passages(examples / "sources" / "halmerra-strategy-2025.md")}
    runs = [[run.text for run in paragraph.runs if not run.font.superscript] for paragraph in document.paragraphs]
    assert wanted <= {squeeze("".join(texts)) for texts in runs}
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_html_has_furniture_around_the_article_and_the_passages_within(examples):
    parser = ArticleParser()
    parser.feed((examples / "documents" / NAMES[2]).read_text(encoding="utf-8"))

    assert {"nav", "article", "figure", "figcaption", "aside", "footer", "cookie-banner"} <= parser.seen
    article = squeeze("".join(parser.article))
    for _, text in read_passages(examples / "sources" / "news-2025.md"):
        assert squeeze(text) in article


def test_readme_counts_the_passages_of_each_framing(examples):
    readme = (examples / "README.md").read_text(encoding="utf-8")
    passages = [read_passages(examples / "sources" / f"{Path(name).stem}.md") for name in NAMES]

    for framing in ("securitized", "governance", "partnership", "none"):
        counts = [sum(framings.split(", ")[0] == framing for framings, _ in document) for document in passages]
        assert f"| {framing} | {' | '.join(map(str, counts))} |" in readme
    assert f"| passages | {' | '.join(str(len(document)) for document in passages)} |" in readme
