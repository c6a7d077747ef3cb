"""Finds vendor codes in text, and says which vendors a code can belong to."""

from collections.abc import Iterator
from typing import NamedTuple

from rca_core.diagnosis.matching import Pattern

# Vendors whose codes are looked up first for a source; the others follow in no order of importance.
_FIRST = {
    "adf": ("adf", "azure", "sqlserver"),
    "databricks": ("databricks", "spark", "azure"),
    "airflow": ("airflow", "python", "databricks"),
    "generic": ("azure", "databricks", "sqlserver", "cloud"),
}

# Vendors whose codes are bare numbers, in the order they are asked for the `error_code` of a source.
_NUMERIC = {
    "adf": ("adf", "sqlserver", "http"),
    "databricks": ("http", "sqlserver"),
    "airflow": ("http", "mysql", "sqlserver"),
    "generic": ("sqlserver", "snowflake", "http", "mysql"),
}

# Turns everything that cannot be part of a code into blanks.
_WORDS = str.maketrans(
    dict.fromkeys("\t\n\r\v\f!\"#$%&'()*+,./:;<=>?@[\\]^`{|}~\u2018\u2019\u201c\u201d\u00ab\u00bb\u2026\u00a0", " ")
)

# Numbers that are codes because of what stands beside them.
_NUMBERS: tuple[tuple[tuple[str, ...], Pattern], ...] = (
    (("sqlserver",), Pattern(r"\b(?:SqlErrorNumber|Number|SqlNumber)=(-?\d{1,6})\b")),
    (
        ("sqlserver",),
        Pattern(r"\b(?:Msg|SQL Server Error|SqlException \(0x80131904\):? Error Number:?) (\d{3,6})\b"),
    ),
    (("sqlserver",), Pattern(r"\((\d{3,6})\) \(SQL[A-Za-z]+\)")),
    (
        ("sqlserver",),
        Pattern(r"\b(4\d{4}|10928|10929|10936)\b[^\n]{0,3}(?:The service|Database|Cannot|Resource)"),
    ),
    (("mysql",), Pattern(r"""\((\d{4}), ["']""")),
    (("mysql",), Pattern(r"\bERROR (\d{4}) \(")),
    (("snowflake",), Pattern(r"\b(\d{6}) \([0-9A-Z]{5}\)", ignore_case=False)),
)
_SQLSTATES = (
    Pattern(r"(?i:SQLSTATE|SQL state)[ =:\[('\"]{0,4}([0-9A-Z]{5})\b", ignore_case=False),
    Pattern(r"\(['\"]([0-9]{2}[0-9A-Z][0-9]{2}|HYT0[01]|HY[0-9]{3}|IM[0-9]{3})['\"],", ignore_case=False),
    Pattern(r"\b\d{6} \(([0-9A-Z]{5})\)", ignore_case=False),
    Pattern(r"\[([0-9]{2}[0-9A-Z][0-9]{2}|08S01|HYT0[01])\]", ignore_case=False),
)
_STATUSES = (
    Pattern(
        r"(?:\bHTTP(?:/[\d.]+)?|\bstatus(?:[ _-]?code)?|\bhttp error|\berror code|\bresponse code|\bstatus is|\bcode)"
        r"(?: ?(?:is|was|of|=|:|-|\x{2013}))?[ '\"(\[]{0,3}([45]\d\d)\b"
    ),
    Pattern(r"\(([45]\d\d)\)"),
    Pattern(
        r"\b([45]\d\d)[ :,\-]{1,3}(?:client error|server error|bad request|unauthori[sz]ed|forbidden|not found|"
        r"conflict|gone|method not allowed|request timeout|too many requests|internal server error|bad gateway|"
        r"service unavailable|gateway time-?out|payload too large|[a-z]+ http)"
    ),
    Pattern(
        r"\b(?:error|exception|failed with|responded with|returned|got|received|rejected with)(?: an?)?:? ([45]\d\d)\b"
    ),
    Pattern(r"^\s*([45]\d\d)\b[ :]"),
    Pattern(r"exceptions?\.[A-Za-z]+: ([45]\d\d) "),
)


class Found(NamedTuple):
    """A code found in a text, the vendors it can belong to (`()`: any), and its place."""

    code: str
    vendors: tuple[str, ...]
    start: int
    end: int


def vendors_of(source: str, code: str) -> tuple[tuple[str, ...], bool]:
    """The vendors to ask for the `error_code` of a source, and whether no other may answer."""
    if code.isdigit():
        return _NUMERIC.get(source, _NUMERIC["generic"]), True
    return _FIRST.get(source, _FIRST["generic"]), False


def spellings(code: str) -> Iterator[str]:
    """The ways in which one code is written: as sent, without sub-condition, without Data Factory's prefixes."""
    code = code.strip().strip("[](){}'\"`:;,. ")
    if not code:
        return
    yield code
    for mark in (".", ":", " "):
        if mark in code:
            yield code.split(mark, 1)[0]
    if "." in code:
        yield code.rsplit(".", 1)[1]
    folded = code.lower()
    for prefix in ("usererror", "systemerror", "http ", "http", "sqlstate ", "sqlstate"):
        if folded.startswith(prefix) and len(code) > len(prefix):
            yield code[len(prefix) :].strip(" :=")
    if folded.endswith("exception") and len(code) > len("exception"):
        yield code[: -len("exception")]


def names_in(text: str) -> Iterator[Found]:
    """Every word of the text that is shaped like a code or an exception name, at the place where it first occurs."""
    for word in dict.fromkeys(text.translate(_WORDS).split()):
        name = word.strip("-_")
        if not 4 <= len(name) <= 80 or not name[0].isalpha():
            continue
        if "_" in name or "-" in name or not (name.islower() or name.istitle()):
            start = text.find(name)
            yield Found(name, (), start, start + len(name))


def numbers_in(text: str) -> Iterator[Found]:
    """Every number of the text that its surroundings mark as a code of a database."""
    for vendors, pattern in _NUMBERS:
        for span in pattern.spans(text, limit=50):
            yield Found(span.groups[0], vendors, span.start, span.end)


def sqlstates_in(text: str) -> Iterator[Found]:
    """Every SQLSTATE that the text marks as one."""
    for pattern in _SQLSTATES:
        for span in pattern.spans(text, limit=50):
            yield Found(span.groups[0], ("sqlstate",), span.start, span.end)


def statuses_in(text: str) -> Iterator[Found]:
    """Every number of the text that is an HTTP status of 400 or more."""
    for pattern in _STATUSES:
        for span in pattern.spans(text, limit=50):
            yield Found(span.groups[0], ("http",), span.start, span.end)


def words_of(name: str) -> str:
    """A code or exception name as lower-case words: `DF-MSSQL-InvalidCloudType` -> `df mssql invalid cloud type`."""
    name = name[:200]
    words: list[str] = []
    start = 0
    for place in range(1, len(name) + 1):
        before, here, after = name[place - 1], name[place : place + 1], name[place + 1 : place + 2]
        camel = here.isupper() and (before.islower() or (before.isupper() and after.islower()))
        if not here or not here.isalnum() or camel or before.isdigit() != here.isdigit():
            words += [name[start:place].strip("_-.: ").lower()]
            start = place
    return " ".join(word for word in words if word)
