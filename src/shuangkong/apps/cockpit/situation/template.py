"""Makes the Word template of the situation report, laid out by GB/T 9704-2012.

``python -m shuangkong.apps.cockpit.situation.template`` writes ``situation.docx`` beside this module. A city may lay its own
document with the same placeholders over it. The layout is the standard's: A4, 37 mm above, 28 mm left, a text area of
156 × 225 mm with 22 lines; 小标宋 2号 for the title, 仿宋 3号 for the text; 黑体 一、 then 楷体 （一） then 仿宋 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

TEMPLATE = Path(__file__).parent / "situation.docx"

PAGE_MM = (210, 297)
MARGIN_TOP_MM, MARGIN_LEFT_MM, TEXT_WIDTH_MM, TEXT_HEIGHT_MM, LINES = 37, 28, 156, 225, 22
SIZE_2, SIZE_3, SIZE_4, SIZE_SMALL_4, SIZE_5 = Pt(22), Pt(16), Pt(14), Pt(12), Pt(10.5)
LINE = Pt(TEXT_HEIGHT_MM / 25.4 * 72 / LINES)

#: style name → (font, size, bold, first-line indent in characters, alignment)
STYLES: dict[str, tuple[str, Any, bool, int, Any]] = {
    "公文标题": ("方正小标宋简体", SIZE_2, False, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "公文一级": ("黑体", SIZE_3, False, 2, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "公文二级": ("楷体_GB2312", SIZE_3, False, 2, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "公文三级": ("仿宋_GB2312", SIZE_3, True, 2, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "公文正文": ("仿宋_GB2312", SIZE_3, False, 2, WD_ALIGN_PARAGRAPH.JUSTIFY),
    "公文题注": ("黑体", SIZE_SMALL_4, False, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "公文图": ("仿宋_GB2312", SIZE_SMALL_4, False, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "公文表字": ("仿宋_GB2312", SIZE_5, False, 0, WD_ALIGN_PARAGRAPH.CENTER),
    "公文注": ("仿宋_GB2312", SIZE_5, False, 0, WD_ALIGN_PARAGRAPH.LEFT),
    "公文落款": ("仿宋_GB2312", SIZE_3, False, 0, WD_ALIGN_PARAGRAPH.RIGHT),
}
#: Styles whose lines keep the standard's pitch of 22 lines a page.
PITCHED = ("公文标题", "公文一级", "公文二级", "公文三级", "公文正文", "公文落款")
#: Styles with air above and below.
ROOMY = {"公文题注": Pt(6), "公文表字": Pt(3), "公文注": Pt(3)}
LEVELS = {"公文一级": 0, "公文二级": 1, "公文三级": 2}


def _set_fonts(element: Any, font: str) -> None:
    fonts = element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(script), font if script == "w:eastAsia" else "Times New Roman")


def _outline(style: Any, level: int) -> None:
    node = OxmlElement("w:outlineLvl")
    node.set(qn("w:val"), str(level))
    style.element.get_or_add_pPr().append(node)


def _indent(style: Any, characters: int, size: Any) -> None:
    """In characters for Word, in points for programs that know no characters."""
    if characters:
        node = style.element.get_or_add_pPr().get_or_add_ind()
        node.set(qn("w:firstLineChars"), str(characters * 100))
        node.set(qn("w:firstLine"), str(int(characters * size.pt * 20)))


def _add_style(document: Any, name: str) -> None:
    font, size, bold, indent, alignment = STYLES[name]
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Normal"]
    style.font.size, style.font.bold = size, bold
    _set_fonts(style.element, font)
    style.paragraph_format.alignment = alignment
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)
    if name in PITCHED:
        style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        style.paragraph_format.line_spacing = LINE if name != "公文标题" else Pt(34)
    _indent(style, indent, size)
    if name in ROOMY:
        style.paragraph_format.space_before = style.paragraph_format.space_after = ROOMY[name]
    if name in LEVELS:
        style.paragraph_format.keep_with_next = True
        _outline(style, LEVELS[name])


def _lay_page(document: Any) -> None:
    section = document.sections[0]
    section.start_type = WD_SECTION.NEW_PAGE
    section.page_width, section.page_height = Mm(PAGE_MM[0]), Mm(PAGE_MM[1])
    section.top_margin, section.left_margin = Mm(MARGIN_TOP_MM), Mm(MARGIN_LEFT_MM)
    section.right_margin = Mm(PAGE_MM[0] - MARGIN_LEFT_MM - TEXT_WIDTH_MM)
    section.bottom_margin = Mm(PAGE_MM[1] - MARGIN_TOP_MM - TEXT_HEIGHT_MM)
    section.footer_distance = Mm(PAGE_MM[1] - MARGIN_TOP_MM - TEXT_HEIGHT_MM - 7 - 5)
    document.settings.odd_and_even_pages_header_footer = True
    _page_number(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)


def _page_number(footer: Any, alignment: Any) -> None:
    """— 1 — in 宋体 4号, outer edge, one character in."""
    paragraph = footer.paragraphs[0]
    paragraph.alignment = alignment
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = SIZE_4
    for kind, text in (("text", "— "), ("begin", ""), ("code", "PAGE"), ("end", ""), ("text", " —")):
        run = paragraph.add_run(text if kind == "text" else "")
        run.font.size = SIZE_4
        _set_fonts(run._element, "宋体")
        if kind in ("begin", "end"):
            node = OxmlElement("w:fldChar")
            node.set(qn("w:fldCharType"), kind)
            run._element.append(node)
        elif kind == "code":
            node = OxmlElement("w:instrText")
            node.text = text
            run._element.append(node)


def _table(document: Any) -> None:
    """One table that takes any number of columns and rows; its head repeats on each page."""
    table = document.add_table(rows=4, cols=3)
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    tags = (
        ("{%tc for c in b.columns %}", "{{ c }}", "{%tc endfor %}"),
        ("{%tr for r in b.rows %}", "", ""),
        ("{%tc for c in r %}", "{{ c }}", "{%tc endfor %}"),
        ("{%tr endfor %}", "", ""),
    )
    for row, cells in zip(table.rows, tags, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
            cell.paragraphs[0].style = document.styles["公文表字"]
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def build() -> Any:
    """The template as a document: blocks in a loop, each in the style of its kind."""
    document = Document()
    _set_fonts(document.styles["Normal"].element, "仿宋_GB2312")
    for name in STYLES:
        _add_style(document, name)
    _lay_page(document)

    def line(text: str, style: str = "公文正文") -> None:
        document.add_paragraph(text, style=style)

    line("{%p if mark %}")
    line("{{ mark }}", "公文注")
    line("{%p endif %}")
    line("{{ title }}", "公文标题")
    line("")
    line("{%p for b in blocks %}")
    for kind, style in (("h1", "公文一级"), ("h2", "公文二级"), ("h3", "公文三级"), ("text", "公文正文"), ("note", "公文注")):
        line("{%p if b.kind == '" + kind + "' %}")
        line("{{ b.text }}", style)
        line("{%p endif %}")
    line("{%p if b.kind == 'table' %}")
    line("{{ b.caption }}", "公文题注")
    _table(document)
    line("{%p endif %}")
    line("{%p if b.kind == 'chart' %}")
    line("{{ b.picture }}", "公文图")
    line("{{ b.caption }}", "公文题注")
    line("{%p endif %}")
    line("{%p endfor %}")
    line("")
    line("{{ issuer }}", "公文落款")
    line("{{ issued_on }}", "公文落款")
    line("{{ proof }}", "公文注")
    return document


if __name__ == "__main__":
    build().save(str(TEMPLATE))
