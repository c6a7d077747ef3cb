"""From what a sender says about a failure to one of nine categories.

The rules, in order: the innermost named cause wins; what the text says beats a status; of two causes offered the one
named first; a status decides when the text names no cause; Unknown when nothing does.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from rca_core.diagnosis import codes
from rca_core.diagnosis.categories import Category
from rca_core.diagnosis.entries import Catalogue, Entry, Strength, catalogue
from rca_core.diagnosis.matching import Pattern, Span
from rca_core.diagnosis.texts import LOG_HEAD, LOG_TAIL, MESSAGE_HEAD, MESSAGE_TAIL, Depths, is_advice, quote, window

How = Literal["code", "pattern", "structure", "status", "wrapper", "none"]
Where = Literal["error_code", "message", "log", "nowhere"]


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of failure it is, and how that was decided.

    `retryable`: running the very same thing again later has a fair chance. `reason` is one sentence for people.
    `entry` is the id of the catalogue entry that decided, `how` and `where` say by what means and in which text, and
    `quote` is the line that decided, verbatim (`""` when a bare code did). `agreeing` and `opposing` count the other
    entries that were found and say the same category, or another with no less weight.
    """

    category: Category
    retryable: bool
    reason: str
    entry: str | None = None
    how: How = "none"
    where: Where = "nowhere"
    quote: str = ""
    agreeing: int = 0
    opposing: int = 0


NOTHING = Classification(
    category="Unknown", retryable=False, reason="The text names no cause that the catalogue knows."
)

# How much each kind of finding counts; the highest decides. A log counts less than the message: it is full of
# warnings that did not stop the run.
_PATTERN: dict[Where, dict[Strength, int]] = {
    "message": {"strong": 60, "normal": 40, "common": 36, "weak": 20, "wrapper": 12},
    "log": {"strong": 34, "normal": 30, "common": 28, "weak": 16, "wrapper": 8},
}
_CODE: dict[Where, dict[Strength, int]] = {
    "error_code": {"strong": 50, "normal": 50, "common": 50, "weak": 24, "wrapper": 12},
    "message": {"strong": 60, "normal": 50, "common": 50, "weak": 22, "wrapper": 12},
    "log": {"strong": 34, "normal": 32, "common": 32, "weak": 18, "wrapper": 8},
}
_STATUS: dict[Where, int] = {"error_code": 14, "message": 14, "log": 10}
_WRAPPERS = {12, 8}
_ADVICE = 6

_MEANS: dict[Strength, How] = {"weak": "structure", "wrapper": "wrapper"}
_ENDINGS = ("Error", "Exception", "Failure", "Failed", "Timeout", "Fault")


class _Finding(NamedTuple):
    weight: int
    entry: Entry
    how: How
    what: str
    where: Where
    place: tuple[int, int] = (0, 0)


class _Text:
    """One examined text: its findings, and the depth and order of them."""

    def __init__(self, text: str, where: Where) -> None:
        self.text = text
        self.where: Where = where
        self._depths: Depths | None = None

    def place(self, pattern: Pattern) -> Span | None:
        """Where the pattern states something: its first match in a message, its last in a log, advice left out."""
        found = None
        for span in pattern.spans(self.text, limit=200):
            if not is_advice(self.text, span.start):
                if self.where != "log":
                    return span
                found = span
        return found

    def order(self, finding: _Finding) -> tuple[int, int, int, bool]:
        """Deeper first; then the earlier place (in a log and among wrappers the later), the longer match, a code."""
        if self._depths is None:
            self._depths = Depths(self.text)
        start, end = finding.place
        later = self.where == "log" or finding.weight in _WRAPPERS
        return self._depths.at(start), start if later else -start, end - start, finding.how == "code"


def classify(source: str, error_code: str | None, message: str | None, log: str | None = None) -> Classification:
    """The category of a failure. Pure; never raises, whatever the texts hold.

    `source` is `adf`, `databricks`, `airflow` or anything else (`azure-monitor`, `generic`).
    """
    known = catalogue()
    texts = {
        "message": _Text(window(message or "", MESSAGE_HEAD, MESSAGE_TAIL), "message"),
        "log": _Text(window(log or "", LOG_HEAD, LOG_TAIL), "log"),
    }
    findings = _in_code(known, source, window(error_code or "", 200, 0) if error_code else "")
    findings += _in_text(known, source, texts["message"])
    findings += _in_text(known, source, texts["log"])
    if not findings:
        return NOTHING
    best = max(finding.weight for finding in findings)
    rivals = [finding for finding in findings if finding.weight == best]
    winner = max(
        rivals,
        key=lambda finding: (-1, 0, 0, True) if finding.where == "error_code" else texts[finding.where].order(finding),
    )
    others = {finding.entry.id: finding for finding in findings if finding.entry.id != winner.entry.id}.values()
    line = ""
    if winner.where in texts:
        text = texts[winner.where]
        line = quote(text.text, *winner.place)
    return Classification(
        category=winner.entry.category,
        retryable=winner.entry.retryable,
        reason=_reason(winner),
        entry=winner.entry.id,
        how=winner.how,
        where=winner.where,
        quote=line,
        agreeing=sum(finding.entry.category == winner.entry.category for finding in others),
        opposing=sum(finding.entry.category != winner.entry.category and finding.weight >= best for finding in others),
    )


def _in_code(known: Catalogue, source: str, error_code: str) -> list[_Finding]:
    """What the vendor's own code says."""
    weights = _CODE["error_code"]
    for code in codes.spellings(error_code):
        vendors, only = codes.vendors_of(source, code)
        entry = known.with_code(code, vendors, only=only)
        if entry is None and len(code) == 5:
            entry = known.with_code(code, ("sqlstate",), only=True)
        if entry is not None and entry.vendor == "http":
            return [_Finding(_STATUS["error_code"], entry, "status", f"HTTP status {code}", "error_code")]
        if entry is not None:
            how = _MEANS.get(entry.strength, "code")
            return [_Finding(weights[entry.strength], entry, how, f"code {code}", "error_code")]
        if len(code) == 5 and (entry := known.with_code(code[:2], ("sqlstate",), only=True)) is not None:
            what = f"SQLSTATE class {code[:2].upper()}"
            return [_Finding(weights["weak"], entry, "structure", what, "error_code")]
    named = known.in_name(codes.words_of(error_code))
    return [_Finding(weights["weak"], named, "structure", f"the name {error_code}", "error_code")] if named else []


def _in_text(known: Catalogue, source: str, text: _Text) -> Iterator[_Finding]:
    """What a message or a log says."""
    if text.text:
        yield from _patterns(known, text)
        yield from _names(known, source, text)
        yield from _numbers(known, text)


def _patterns(known: Catalogue, text: _Text) -> Iterator[_Finding]:
    for pattern, entry in known.in_text(text.text):
        how = _MEANS.get(entry.strength, "pattern")
        span, weight = text.place(pattern), _PATTERN[text.where][entry.strength]
        if span is None:
            span, weight, how = pattern.search(text.text), _ADVICE, "structure"
        if span is not None:
            yield _Finding(weight, entry, how, entry.id, text.where, (span.start, span.end))


def _names(known: Catalogue, source: str, text: _Text) -> Iterator[_Finding]:
    weights = _CODE[text.where]
    exceptions: list[codes.Found] = []
    for code in codes.names_in(text.text):
        entry = _named(known, source, code.code)
        if entry is not None:
            how = _MEANS.get(entry.strength, "code")
            place = (code.start, code.end)
            yield _Finding(weights[entry.strength], entry, how, f"code {code.code}", text.where, place)
        elif code.code.endswith(_ENDINGS):
            exceptions.append(code)
    for code in sorted(exceptions, key=lambda item: -item.start)[:20]:
        if (entry := known.in_name(codes.words_of(code.code))) is not None:
            what, place = f"innermost exception {code.code}", (code.start, code.end)
            yield _Finding(weights["weak"], entry, "structure", what, text.where, place)
            break


def _numbers(known: Catalogue, text: _Text) -> Iterator[_Finding]:
    weights = _CODE[text.where]
    for code in (*codes.numbers_in(text.text), *codes.sqlstates_in(text.text)):
        place = (code.start, code.end)
        if (entry := known.with_code(code.code, code.vendors, only=True)) is not None:
            yield _Finding(weights[entry.strength], entry, "code", f"code {code.code}", text.where, place)
        elif len(code.code) == 5 and (entry := known.with_code(code.code[:2], code.vendors, only=True)) is not None:
            what = f"SQLSTATE class {code.code[:2]}"
            yield _Finding(weights["weak"], entry, "structure", what, text.where, place)
    for code in codes.statuses_in(text.text):
        if (entry := known.with_code(code.code, code.vendors, only=True)) is not None:
            what, place = f"HTTP status {code.code}", (code.start, code.end)
            yield _Finding(_STATUS[text.where], entry, "status", what, text.where, place)


def _named(known: Catalogue, source: str, name: str) -> Entry | None:
    """The entry of a name in a text, whatever prefix or ending it was written with."""
    vendors, _ = codes.vendors_of(source, name)
    entry = known.with_code(name, vendors)
    if entry is None and name.startswith(("UserError", "SystemError")):
        entry = known.with_code(name[9 if name.startswith("User") else 11 :], vendors)
    if entry is None and name.endswith("Exception"):
        entry = known.with_code(name[: -len("Exception")], vendors)
    return entry


def _reason(finding: _Finding) -> str:
    """One sentence for people."""
    place = {"message": "in the message", "log": "in the log"}.get(finding.where, "reported by the sender")
    if finding.what == finding.entry.id:
        return f"Pattern '{finding.what}' matched {place}."
    if finding.how == "status":
        return f"{finding.what} {place}; the text names no other cause."
    if finding.entry.strength == "wrapper":
        return f"{finding.what[:1].upper()}{finding.what[1:]} {place}; nothing it wraps names a cause."
    return f"{finding.what[:1].upper()}{finding.what[1:]} {place}."
