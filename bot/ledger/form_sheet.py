"""The sheet 台账: the annex of the notice, line for line, ready to be printed and signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from bot.ledger.cell_xml import Setting, Value, cell, clean, row
from bot.ledger.pages import WIDTHS, Page, Paper, Part, plan_pages
from bot.ledger.printing import A4, landscape
from bot.ledger.rows import FormRow, LedgerHead
from bot.ledger.styles import Styles
from bot.ledger.text_metrics import lines_height, wrap
from bot.ledger.words import LedgerWords

LETTERS = "ABCDEFGHIJ"
COLUMNS = ("area", "", "section", "", "no", "text", "found", "measure", "result", "units")
TITLE_ROW, LINE_ROW, HEAD_ROW = 2, 3, 4
UNNAMED = "　　　　"  # room for a name to be written by hand

MAX_BREAKS = 1026  # Excel refuses more; what comes after breaks where the paper ends

# A4 landscape, in points. A few are kept back: printers round row heights.
PAPER_HEIGHT, SPARE = 595.0, 14.0
TOP, BOTTOM, SIDE = 42.0, 48.0, 34.0
ANNEX_HEIGHT, TITLE_LINE, LINE_HEIGHT, HEAD_HEIGHT, SIGN_HEIGHT = 26.0, 32.0, 24.0, 28.0, 30.0
TITLE_ROOM = 60  # halves in a line of the title
FOOT_SIZE, FOOT_ROOM = 9, 140


@dataclass(frozen=True, slots=True)
class Ink:
    """What every cell of the sheet is written with."""

    styles: Styles
    setting: Setting
    words: LedgerWords

    def line(self, number: int, values: Sequence[Value], styles: Sequence[int], height: float) -> str:
        """A row of the sheet from column A on."""
        return row(
            number,
            [
                cell(f"{letter}{number}", value, style, self.setting)
                for letter, value, style in zip(LETTERS, values, styles, strict=False)
            ],
            height,
        )


def form_sheet(
    sheet: Worksheet, styles: Styles, head: LedgerHead, rows: Sequence[FormRow], digest: str
) -> Iterator[str]:
    """Prepare the sheet for printing and return its rows. `digest` is the hash that is printed at the end."""
    title = title_lines(clean(head.title))
    foot = [clean(text) for text in _foot(head, digest)]
    feet = [lines_height(len(wrap(text, FOOT_ROOM)), FOOT_SIZE) for text in foot]
    body = PAPER_HEIGHT - SPARE - TOP - BOTTOM - HEAD_HEIGHT
    top = ANNEX_HEIGHT + TITLE_LINE * len(title) + LINE_HEIGHT
    pages = plan_pages(
        [_cleaned(r, head.words) for r in rows], Paper(body - top, body, SIGN_HEIGHT + sum(feet))
    )
    last = HEAD_ROW + sum(len(page.parts) for page in pages) + 1 + len(foot)
    _set_up(sheet, last, head)
    _merge(sheet, pages, last)
    ink = Ink(styles, head.setting, head.words)
    return _lines(ink, head, title, pages, list(zip(foot, feet, strict=True)))


def title_lines(title: str) -> list[str]:
    """The title as the lines it is set in: unbroken when short, else at a quotation mark nearest the middle."""
    if "\n" in title or len(title) * 2 <= TITLE_ROOM:
        return title.split("\n")
    breaks = [i for i, char in enumerate(title) if char == "“"] + [
        i + 1 for i, char in enumerate(title) if char == "”"
    ]
    fitting = [i for i in breaks if 0 < i < len(title) and max(i, len(title) - i) * 2 <= TITLE_ROOM]
    if not fitting:
        return [line for line in wrap(title, TITLE_ROOM) if line]
    at = min(fitting, key=lambda i: abs(len(title) - 2 * i))
    return [title[:at], title[at:]]


def _lines(
    ink: Ink, head: LedgerHead, title: list[str], pages: Sequence[Page], foot: list[tuple[str, float]]
) -> Iterator[str]:
    styles, words = ink.styles, ink.words
    day = words.say("ledger_date_line", day=words.day(head.cut_off.astimezone(head.zone)))
    yield ink.line(1, [words.say("ledger_annex")], [styles.annex], ANNEX_HEIGHT)
    yield ink.line(TITLE_ROW, ["\n".join(title)], [styles.title], TITLE_LINE * len(title))
    unit: list[Value] = [words.say("ledger_unit_line", scope=head.scope), *[None] * 6, day, None, None]
    yield ink.line(LINE_ROW, unit, [styles.line] * 7 + [styles.line_end] * 3, LINE_HEIGHT)
    headings = [words.say(f"ledger_form_{column}") if column else "" for column in COLUMNS]
    yield ink.line(HEAD_ROW, headings, [styles.head] * 10, HEAD_HEIGHT)
    number = HEAD_ROW
    for page in pages:
        for part in page.parts:
            number += 1
            yield _part(ink, number, part)
    number += 1
    signatures = words.say("ledger_signatures", name=head.filled_by or UNNAMED)
    yield ink.line(number, [signatures], [styles.line], SIGN_HEIGHT)
    for text, height in foot:
        number += 1
        yield ink.line(number, [text], [styles.foot], height)


def _part(ink: Ink, number: int, part: Part) -> str:
    """One printed line. Area and section stand in each; all but the first of a page lie under a merge."""
    it, styles, words = part.row, ink.styles, ink.words
    text = words.say("ledger_continued") if part.continued else it.text
    values: list[Value] = [words.numeral(it.area_no), it.area, it.section_no, it.section, it.no, text]
    looks = [styles.label] * 5 + [styles.body] * 5
    if it.finding_text.startswith(words.say("ledger_missing")):
        looks[6] = styles.missing
    for at, text in enumerate(part.texts, 6):
        if text == words.say("ledger_none"):
            looks[at] = styles.label
    return ink.line(number, [*values, *part.texts, it.units_text], looks, part.height)


def _cleaned(it: FormRow, words: LedgerWords) -> FormRow:
    """The row as it will be shown, so that what is measured is what is printed.

    Nothing stays blank: a blank in a signed form could be filled in later.
    """
    none = words.say("ledger_none")
    return FormRow(
        it.area_no,
        clean(it.area),
        it.section_no,
        clean(it.section),
        it.no,
        clean(it.text),
        clean(it.finding_text).strip() or words.say("ledger_missing"),
        clean(it.measure_text).strip() or none,
        clean(it.result_text).strip() or none,
        clean(it.units_text),
    )


def _foot(head: LedgerHead, digest: str) -> list[str]:
    local, words = head.cut_off.astimezone(head.zone), head.words
    when = {"day": words.day(local), "time": f"{local:%H:%M}"}
    lines = [
        words.say("ledger_foot", **when, version=head.version, document=head.document),
        words.say("ledger_foot_hash", digest=digest),
    ]
    if head.anchor:
        lines.append(head.anchor_text)
    return [*lines, words.say("ledger_foot_note", note=head.note)] if head.note else lines


def _set_up(sheet: Worksheet, last: int, head: LedgerHead) -> None:
    for letter, width in zip(LETTERS, WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = f"A{HEAD_ROW + 1}"
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.print_area = f"A1:J{last}"
    sheet.print_options.horizontalCentered = True
    landscape(sheet, A4, head)
    sheet.page_setup.scale = 100  # shrinking to fit would make Excel ignore the page ends that are set here
    margins = sheet.page_margins
    margins.top, margins.bottom = TOP / 72, BOTTOM / 72
    margins.left = margins.right = SIDE / 72
    margins.header = margins.footer = 20 / 72


def _merge(sheet: Worksheet, pages: Sequence[Page], last: int) -> None:
    """Merges and page ends. No merge crosses a page end."""
    merges = [f"A{TITLE_ROW}:J{TITLE_ROW}", f"A{LINE_ROW}:G{LINE_ROW}", f"H{LINE_ROW}:J{LINE_ROW}", "A1:J1"]
    merges += [f"A{HEAD_ROW}:B{HEAD_ROW}", f"C{HEAD_ROW}:D{HEAD_ROW}"]
    begin = HEAD_ROW + 1
    for page in pages:
        merges += [
            f"{letter}{begin + first}:{letter}{begin + end}"
            for first, end, letters in page.runs()
            for letter in letters
            if end > first
        ]
        begin += len(page.parts)
        if page is not pages[-1] and len(sheet.row_breaks.brk) < MAX_BREAKS:
            sheet.row_breaks.append(Break(id=begin - 1))
    merges += [f"A{number}:J{number}" for number in range(begin, last + 1)]
    for reference in merges:
        # Not merge_cells(): that would make cells of its own, and the cells are written by us.
        sheet.merged_cells.add(reference)
