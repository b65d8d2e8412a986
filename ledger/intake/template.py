"""An empty import file: the headings of a file kind, explained where the form has room for it."""

from __future__ import annotations

import csv
from pathlib import Path

from schemas.fields import SHAPES, Field, Type, optional_of
from schemas.kinds import FileKind

_FORMS = {
    Type.TEXT: "text",
    Type.PARTY: "a party's name, always spelt the same way",
    Type.DATE: "a day, YYYY-MM-DD",
    Type.COUNT: "a whole number from 1, digits only",
    Type.AMOUNT: "a plain decimal with at most 3 places",
    Type.MONEY: "a plain decimal with at most 2 places",
    Type.PERCENT: "a plain decimal, without the % sign",
    Type.COUNTRY: "a country: ISO code or name",
    Type.CHIP: "a chip or system of the catalogue",
    Type.AUTHORIZATION: "an authorization of the regime",
    Type.KIND: "one of the kinds listed",
}


def template(file_kind: FileKind, target: Path | str) -> bytes:
    """The bytes of an empty import file of that kind: "csv", "xlsx", or a path so named.

    The CSV holds the file's own headings alone. The workbook has a second sheet that says what
    each heading means, the optional ones included. Written to the path where one is given.
    Raises ValueError for another form.
    """
    form = target if isinstance(target, str) else target.suffix.lstrip(".").lower()
    if form not in ("csv", "xlsx"):
        raise ValueError(f'a template is "csv" or "xlsx", not "{form}"')
    written = _csv(file_kind) if form == "csv" else _xlsx(file_kind)
    if isinstance(target, Path):
        target.write_bytes(written)
    return written


def _csv(file_kind: FileKind) -> bytes:
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(f.name for f in SHAPES[file_kind].fields)
    return out.getvalue().encode()


def _xlsx(file_kind: FileKind) -> bytes:
    import io

    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        # Text, so that no sheet turns a document number or a day into something else.
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(file_kind.value)
        sheet.freeze_panes(1, 0)
        for column, field in enumerate(SHAPES[file_kind].fields):
            sheet.write_string(0, column, field.name, bold)
            sheet.set_column(column, column, max(12, len(field.name) + 2), text)
        _explain(book.add_worksheet("headings"), file_kind, bold)
    return out.getvalue()


def _explain(sheet: object, file_kind: FileKind, bold: object) -> None:
    from typing import Any, cast

    page = cast(Any, sheet)
    rows = [("heading", "must be filled", "how it is written", "meaning")]
    rows += [_line(field) for field in (*SHAPES[file_kind].fields, *optional_of(file_kind))]
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            page.write_string(number, column, cell, *([bold] if number == 0 else []))
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 16)
    page.set_column(2, 3, 60)


def _line(field: Field) -> tuple[str, str, str, str]:
    return field.name, "yes" if field.required else "", _FORMS[field.type], field.meaning
