import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hostile import body_xml, docx_with_body

from policyframes.documents import read_document
from policyframes.errors import EmptyDocumentError


def save(document, path):
    document.save(str(path))
    return path


def test_structure_in_the_order_of_the_body(tmp_path, blocks_of):
    source = docx.Document()
    source.core_properties.title = "River Plan"
    source.add_heading("The plan", 0)
    source.add_heading("Money", 1)
    source.add_paragraph("Each town pays half.")
    source.add_paragraph("First point", style="List Bullet")
    table = source.add_table(2, 2)
    for place, text in enumerate(("Year", "Cost", "2024", "10")):
        table.cell(place // 2, place % 2).text = text
    source.add_paragraph("Table 1: costs by year", style="Caption")
    source.add_paragraph().add_run("A heading by hand").bold = True
    source.add_paragraph("After the table.")
    source.sections[0].header.paragraphs[0].text = "Running head"
    source.sections[0].footer.paragraphs[0].text = "Page foot"
    document = read_document(save(source, tmp_path / "plan.docx"))
    assert blocks_of(document) == [
        ("heading", "The plan"),
        ("heading", "Money"),
        ("paragraph", "Each town pays half."),
        ("list-item", "First point"),
        ("table", "Year\tCost\n2024\t10"),
        ("caption", "Table 1: costs by year"),
        ("heading", "A heading by hand"),
        ("paragraph", "After the table."),
    ]
    assert document.title == "River Plan"
    assert {(piece.text, piece.reason) for piece in document.dropped} == {
        ("Running head", "header"),
        ("Page foot", "footer"),
    }


def test_changes_fields_boxes_and_controls(read_bytes, blocks_of):
    box = "<w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent>"
    inner = (
        "<w:p><w:r><w:t>Kept </w:t></w:r><w:ins><w:r><w:t>inserted</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del><w:r><w:t>.</w:t></w:r></w:p>"
        "<w:p><w:hyperlink><w:r><w:t>A link</w:t></w:r></w:hyperlink><w:r><w:tab/><w:t>after</w:t><w:br/>"
        "<w:t>it</w:t><w:noBreakHyphen/><w:t>self</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        f"<w:p><w:r><w:t>Beside.</w:t></w:r><w:r><w:pict>{box}</w:pict></w:r></w:p>"
    )
    assert blocks_of(read_bytes("a.docx", docx_with_body(body_xml(inner)))) == [
        ("paragraph", "Kept inserted."),
        ("paragraph", "A link after it-self"),
        ("paragraph", "In a control."),
        ("paragraph", "Beside."),
        ("paragraph", "In a box."),
    ]


def test_a_box_that_word_writes_twice_is_read_once(tmp_path, blocks_of):
    source = docx.Document()
    box = "<w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent>"
    source.add_paragraph("Beside.")._p.append(
        parse_xml(
            f'<w:r {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
            f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
            "</mc:AlternateContent></w:r>"
        )
    )
    document = read_document(save(source, tmp_path / "a.docx"))
    assert [text for _, text in blocks_of(document)] == ["Beside.", "Boxed."]


def test_contents_and_numbering_by_style(tmp_path, blocks_of):
    source = docx.Document()
    source.styles.add_style("toc 1", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    source.add_paragraph("Money\t4", style="toc 1")
    numbered = source.add_paragraph("A numbered clause.")
    numbered._p.get_or_add_pPr().append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>')
    )
    kinds = [kind for kind, _ in blocks_of(read_document(save(source, tmp_path / "a.docx")))]
    assert kinds == ["contents", "list-item"]


def test_a_document_without_text_is_empty(tmp_path):
    with pytest.raises(EmptyDocumentError, match="no text"):
        read_document(save(docx.Document(), tmp_path / "a.docx"))
