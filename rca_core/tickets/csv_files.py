"""Rows as a CSV file (RFC 4180) that spreadsheets show as they are, and run nothing of."""

import csv
import io
from collections.abc import Iterable

import msgspec

# Excel reads a file as UTF-8 only if it begins with this mark.
_BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet takes a cell that begins so for a formula ("CSV Injection", OWASP); the last four are the full-width
# forms, which some take for the same.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_file(kind: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> bytes:
    """The rows, which are of this `kind`, below a line with the names of its fields. Text that a spreadsheet would take
    for a formula stands behind an apostrophe.
    """
    text = io.StringIO(newline="")
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(kind.__struct_fields__)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in kind.__struct_fields__])
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_BEGINS):
        return f"'{value}"
    return value
