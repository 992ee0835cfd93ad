#!/usr/bin/env python3
"""Makes the workbooks beside this file.

    pip install openpyxl odfpy && python3 make.py

kitsu.xlsx and kitsu.ods hold the CSV files in kitsu/ as sheets, with numbers as numbers; people.xlsx is
what people make of sheets.
"""

import csv
import datetime
import pathlib

from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook

HERE = pathlib.Path(__file__).parent
FRAMES = {"Frames", "Frame In", "Frame Out"}
LONG_AGO = datetime.datetime(2026, 1, 1)

book = Workbook()
book.remove(book.active)
ods = OpenDocumentSpreadsheet()
for name in ["Shots", "Assets", "Casting", "Edits", "Tasks"]:
    rows = list(csv.reader((HERE / "kitsu" / f"{name.lower()}.csv").open(encoding="utf-8"), delimiter=";"))
    sheet, table = book.create_sheet(name), Table(name=name)
    for number, row in enumerate(rows):
        cells, line = [], TableRow()
        for header, value in zip(rows[0], row):
            is_frame = number > 0 and header in FRAMES and value
            cells.append(int(value) if is_frame else value or None)
            if is_frame:
                cell = TableCell(valuetype="float", value=value)
            else:
                cell = TableCell(valuetype="string") if value else TableCell()
            if value:
                cell.addElement(P(text=value))
            line.addElement(cell)
        sheet.append(cells)
        table.addElement(line)
    ods.spreadsheet.addElement(table)
book.properties.created = book.properties.modified = LONG_AGO
book.save(HERE / "kitsu.xlsx")
ods.save(str(HERE / "kitsu.ods"))

book = Workbook()
sheet = book.active
sheet.title = "Shot list"
for row in [
    ["The film, as of today"],
    [],
    ["Sequence", "Shot", "Frame in", "Frame out", "Progress", "Due"],
    ["010", 10, 0, 24.0, 0.5, datetime.date(2026, 3, 1)],
    [None, 20, 24, "1 048", 1, None],
    [None, 30, datetime.date(2026, 3, 1), 60, None, None],
    [],
    ["020", "40b", 1048, 1060.5, None, None],
    ["020", 50, "=1/0", 1100, None, None],
    ["020", 60, 1100, 1124, None, None],
    ["020", 70, "=D10", "=C11+24", None, None],
    ["020", "=A1/0", 1200, 1201, None, None],
]:
    sheet.append(row)
sheet.merge_cells("A4:A6")
sheet["C9"] = "#DIV/0!"
sheet["C9"].data_type = "e"
sheet["B12"] = "#REF!"
sheet["B12"].data_type = "e"
hidden = book.create_sheet("Shots old")
hidden.append(["Sequence", "Shot", "Frames"])
hidden.append(["999", "gone", 5])
hidden.sheet_state = "hidden"
book.properties.created = book.properties.modified = LONG_AGO
book.save(HERE / "people.xlsx")
