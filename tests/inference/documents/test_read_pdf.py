import io

import pytest
from conversion import RUNNING_HEAD, write_pdf
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from policyframes.documents import Limits, read_document
from policyframes.errors import EmptyDocumentError, LimitExceededError, ScannedDocumentError

FILLER = "The council shall meet each spring so that the towns can settle what the river costs them."


def draw(path, pages, *, size=11, leading=14, title=None):
    """Draw each page's lines: text alone goes below the last line, (x, y, text, font, size) anywhere."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    if title:
        canvas.setTitle(title)
    for lines in pages:
        y = A4[1] - 100
        for line in lines:
            below = isinstance(line, str)
            y -= leading * below
            x, place, text, font, points = (72, y, line, "Times-Roman", size) if below else line
            canvas.setFont(font, points)
            canvas.drawString(x, place, text)
        canvas.showPage()
    canvas.save()
    return path


def test_lines_become_paragraphs_and_heads_go(tmp_path, blocks_of):
    paragraphs = [f"{FILLER} " * 6 + f"This was paragraph {word}." for word in ("one", "two", "three", "four")] * 6
    document = read_document(write_pdf("\n\n".join(["The Plan", *paragraphs]), tmp_path / "a.pdf"))
    assert [text for kind, text in blocks_of(document) if kind == "paragraph"] == paragraphs
    assert blocks_of(document)[0] == ("heading", "The Plan")
    count = len(document.page_starts)
    assert count > 2
    assert RUNNING_HEAD not in document.text
    assert [(p.text, p.page) for p in document.dropped if p.reason == "page number"] == [
        (str(number), number) for number in range(1, count + 1)
    ]
    assert sum(piece.reason == "running head" for piece in document.dropped) == count


def test_a_paragraph_goes_on_over_the_page_at_the_exact_character(tmp_path):
    pages = [
        ["The first page ends in the middle of a long sentence that goes", "on and tells of the secu-"],
        ["rity of the river and of the towns beside it, to the very end."],
    ]
    document = read_document(draw(tmp_path / "a.pdf", pages))
    assert document.text == (
        "The first page ends in the middle of a long sentence that goes on and tells of the security of the "
        "river and of the towns beside it, to the very end."
    )
    assert document.page_starts == (0, document.text.index("rity of"))
    assert document.page_at(document.text.index("secu")) == 1
    assert document.page_at(document.text.index("rity of the river")) == 2


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("the towns and their infra-", "structure are old and need care", "infrastructure are"),
        ("a plan of self-", "government for the towns of the river", "self-government"),
        ("a state-of-the-", "art plant was built beside the water", "state-of-the-art"),
        ("talks between the US-", "Mexico teams were held in the spring", "US-Mexico"),
        ("the years 2019-", "2021 were dry ones for both of the towns", "2019-2021"),
        ("a cross-border plan. It is a cross-", "border plan that both of the towns like", "a cross-border plan that"),
    ],
)
def test_hyphens_at_line_ends(tmp_path, first, second, joined):
    document = read_document(draw(tmp_path / "a.pdf", [[f"It is about {first}", f"{second} and love."]]))
    assert joined in document.text


def test_the_document_is_the_dictionary_of_its_hyphens(tmp_path):
    lines = [
        "We like re-entry as a word, and so the re-entry plan is what we call our re-",
        "entry plan, while the cooperation of towns is a good cooperation and no co-",
        "operation at all, as all of the people who live here would say of it.",
    ]
    text = read_document(draw(tmp_path / "a.pdf", [lines])).text
    assert "our re-entry plan" in text
    assert "no cooperation at all" in text


def test_two_columns_are_read_one_after_the_other(tmp_path, blocks_of):
    left = [f"left line {number} runs along the whole column," for number in range(20)]
    right = [f"right line {number} runs along the whole column," for number in range(20)]
    rows = [(72, 800, "A Heading Over Both of the Columns of This Page", "Times-Bold", 16)]
    for number, (first, second) in enumerate(zip(left, right, strict=True)):
        y = 760 - 14 * number
        rows += [(72, y, first, "Times-Roman", 11), (320, y, second, "Times-Roman", 11)]
    document = read_document(draw(tmp_path / "a.pdf", [rows]))
    assert blocks_of(document) == [
        ("heading", "A Heading Over Both of the Columns of This Page"),
        ("paragraph", " ".join(left + right)),
    ]


def test_headings_items_tables_contents_and_notes_are_told_apart(tmp_path, blocks_of):
    body = [f"{FILLER[:84]} {number}" for number in range(6)]
    rows = [
        (72, 780, "Money and the River", "Helvetica-Bold", 16),
        *((72, 750 - 14 * n, line, "Times-Roman", 11) for n, line in enumerate(body)),
        (72, 650, "• The first point of the list goes", "Times-Roman", 11),
        (82, 636, "on for a second line.", "Times-Roman", 11),
        (72, 622, "• The second point.", "Times-Roman", 11),
        (72, 590, "Year", "Times-Roman", 11),
        (200, 590, "Cost", "Times-Roman", 11),
        (300, 590, "Share", "Times-Roman", 11),
        (72, 576, "2024", "Times-Roman", 11),
        (200, 576, "10", "Times-Roman", 11),
        (300, 576, "50", "Times-Roman", 11),
        (72, 540, "Introduction ................... 4", "Times-Roman", 11),
        (72, 526, "The river ..................... 12", "Times-Roman", 11),
        (72, 490, "A bold line by itself", "Times-Bold", 11),
        (72, 460, "Text with a mark", "Times-Roman", 11),
        (149, 465, "1", "Times-Roman", 6),
        (154, 460, " of a note ends here.", "Times-Roman", 11),
        (72, 100, "1 See the council's report of last year, which says it all", "Times-Roman", 8),
        (72, 90, "on its second page.", "Times-Roman", 8),
    ]
    blocks = blocks_of(read_document(draw(tmp_path / "a.pdf", [rows])))
    assert blocks == [
        ("heading", "Money and the River"),
        ("paragraph", " ".join(body)),
        ("list-item", "The first point of the list goes on for a second line."),
        ("list-item", "The second point."),
        ("table", "Year\tCost\tShare\n2024\t10\t50"),
        ("contents", "Introduction ................... 4\nThe river ..................... 12"),
        ("heading", "A bold line by itself"),
        ("paragraph", "Text with a mark of a note ends here."),
        ("reference", "1 See the council's report of last year, which says it all on its second page."),
    ]


def test_notes_do_not_break_the_paragraph_that_goes_on(tmp_path, blocks_of):
    foot = [(72, 100, "1 A note at the foot of the first page.", "Times-Roman", 8)]
    pages = [
        ["The sentence of the first page is not", "at its end but goes on", *foot],
        ["to the second page, and stops."],
    ]
    document = read_document(draw(tmp_path / "a.pdf", pages))
    assert blocks_of(document) == [
        ("reference", "1 A note at the foot of the first page."),
        ("paragraph", "The sentence of the first page is not at its end but goes on to the second page, and stops."),
    ]
    assert document.page_starts == (0, document.text.index("to the second page"))


def test_first_lines_that_do_not_repeat_stay(tmp_path):
    pages = [
        [(72, 800, f"Body line {word} at the very top of its page.", "Times-Roman", 11), "More of the text below."]
        for word in ("alpha", "beta", "gamma", "delta")
    ]
    text = read_document(draw(tmp_path / "a.pdf", pages)).text
    assert all(word in text for word in ("alpha", "beta", "gamma", "delta"))


def test_roman_numbers_and_numbers_in_heads_are_furniture(tmp_path):
    pages = [
        [
            (72, 800, f"The Plan | {n}", "Times-Roman", 9),
            f"Text of page {w} stands here alone.",
            (300, 40, r, "Times-Roman", 9),
        ]
        for n, r, w in zip((5, 6, 7), ("v", "vi", "vii"), ("one", "two", "three"), strict=True)
    ]
    document = read_document(draw(tmp_path / "a.pdf", pages))
    assert "The Plan" not in document.text
    assert [piece.text for piece in document.dropped if piece.reason == "page number"] == ["v", "vi", "vii"]
    assert document.text.count("stands here alone.") == 3


def test_indented_first_lines_start_paragraphs(tmp_path, blocks_of):
    lines = []
    for word in ("alpha", "beta", "gamma"):
        y = 780 - 14 * len(lines)
        lines.append(
            (90, y, f"Paragraph {word} begins with an indent and fills the line up to there", "Times-Roman", 11)
        )
        lines.append(
            (72, y - 14, "and has a second line that is as long as the line before it, nearly so.", "Times-Roman", 11)
        )
    blocks = blocks_of(read_document(draw(tmp_path / "a.pdf", [lines])))
    assert [text.split()[1] for _, text in blocks] == ["alpha", "beta", "gamma"]


@pytest.mark.parametrize(
    "title",
    [
        *("untitled", "Untitled-1", "(anonymous)", "(unspecified)", "Untitled Document", "Document1", "Print"),
        *("Microsoft Word - plan.doc", "Microsoft PowerPoint - Talk", "PowerPoint Presentation", "Word Document"),
        *("plan_final.docx", "plan.indd", "slides.odt", "https://example.org/plan", "Slide 1", "(null)"),
    ],
)
def test_titles_that_programs_make_up_are_no_titles(tmp_path, title):
    assert read_document(draw(tmp_path / "a.pdf", [["Words."]], title=title)).title == ""


@pytest.mark.parametrize(
    "title", ["The River Plan", "Anonymous Donors and the Law", "Document of Accession", "Print Media in the Provinces"]
)
def test_a_title_that_an_author_wrote_stands(tmp_path, title):
    assert read_document(draw(tmp_path / "a.pdf", [["Words."]], title=title)).title == title


def picture_page(canvas):
    buffer = io.BytesIO()
    Image.new("L", (60, 80), 200).save(buffer, "PNG")
    buffer.seek(0)
    canvas.drawImage(ImageReader(buffer), 0, 0, *A4)
    canvas.showPage()


def test_a_scan_is_named_with_what_to_do(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4, invariant=1)
    for _ in range(3):
        picture_page(canvas)
    canvas.save()
    with pytest.raises(ScannedDocumentError, match="ocrmypdf"):
        read_document(tmp_path / "a.pdf")


def test_pages_without_text_are_named_and_keep_the_numbers_right(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4, invariant=1)
    picture_page(canvas)
    canvas.drawString(72, 700, "Words of the second page.")
    canvas.showPage()
    picture_page(canvas)
    canvas.save()
    document = read_document(tmp_path / "a.pdf")
    assert "1, 3" in document.warnings[0]
    assert document.page_starts == (0, 0, len(document.text))
    assert document.page_at(0) == 2


def test_a_blank_pdf_is_empty(tmp_path):
    with pytest.raises(EmptyDocumentError, match="no text"):
        read_document(draw(tmp_path / "a.pdf", [[], []]))


def test_turned_pages_are_read_as_seen(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4, invariant=1)
    canvas.setPageRotation(90)
    canvas.translate(A4[0], 0)
    canvas.rotate(90)
    for number, line in enumerate(("The first line of a page that lies", "on its side and is read from there.")):
        canvas.drawString(72, 400 - 14 * number, line)
    canvas.showPage()
    canvas.save()
    document = read_document(tmp_path / "a.pdf")
    assert document.text == "The first line of a page that lies on its side and is read from there."


def test_too_many_pages_are_refused(tmp_path):
    path = draw(tmp_path / "a.pdf", [["Words."]] * 4)
    with pytest.raises(LimitExceededError, match=r"has 4 pages.*Limits\(pages"):
        read_document(path, limits=Limits(pages=3))


def test_heads_of_chapters_of_one_page_go_with_their_page_numbers(tmp_path):
    pages = [
        [
            (72, 800, f"Chapter on {word}", "Times-Roman", 9),
            (500, 800, str(number), "Times-Roman", 9),
            f"Text {word} stands.",
        ]
        for number, word in enumerate(("water", "bridges", "money", "towns"), start=1)
    ]
    document = read_document(draw(tmp_path / "a.pdf", pages))
    assert "Chapter on" not in document.text
    assert [piece.text for piece in document.dropped if piece.reason == "running head"] == [
        "Chapter on water",
        "Chapter on bridges",
        "Chapter on money",
        "Chapter on towns",
    ]


def test_a_number_that_is_no_page_number_stays(tmp_path):
    pages = [[(72, 100, "1997", "Times-Roman", 11), "Some text."], [(72, 100, "2003", "Times-Roman", 11), "More text."]]
    text = read_document(draw(tmp_path / "a.pdf", pages)).text
    assert "1997" in text
    assert "2003" in text


def test_text_beyond_the_edge_and_across_the_page_is_dropped(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4, invariant=1)
    canvas.drawString(72, 700, "These words can be seen by those who read.")
    canvas.drawString(2000, 700, "Beyond.")
    canvas.rotate(90)
    canvas.drawString(100, -30, "Downloaded")
    canvas.save()
    document = read_document(tmp_path / "a.pdf")
    assert document.text == "These words can be seen by those who read."
    assert {word for piece in document.dropped for word in piece.text.split()} == {"Beyond.", "Downloaded"}
