"""From what a sender says about a failure to one of nine categories.

The rules, in order: the innermost named cause wins; what the text says beats a status; of two causes offered the one
named first; a status decides when the text names no cause; Unknown when nothing does.
"""

from typing import Literal, NamedTuple

import msgspec

from rca_core.diagnosis import codes
from rca_core.diagnosis.categories import Category
from rca_core.diagnosis.entries import Catalogue, Entry, catalogue
from rca_core.diagnosis.matching import Pattern
from rca_core.diagnosis.texts import LOG_HEAD, LOG_TAIL, MESSAGE_HEAD, MESSAGE_TAIL, Depths, quote, window

How = Literal["code", "pattern", "structure", "status", "wrapper", "none"]
Where = Literal["error_code", "message", "log", "nowhere"]


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of failure it is, and how that was decided.

    `retryable`: running the very same thing again later has a fair chance. `reason` is one sentence for people.
    `entry` is the id of the catalogue entry that decided, `how` and `where` say by what means and in which text, and
    `quote` is the line that decided, verbatim (`""` when a bare code did).
    """

    category: Category
    retryable: bool
    reason: str
    entry: str | None = None
    how: How = "none"
    where: Where = "nowhere"
    quote: str = ""


NOTHING = Classification(
    category="Unknown", retryable=False, reason="The text names no cause that the catalogue knows."
)

# How much each kind of finding counts; the highest decides. A log counts less than the message: it is full of
# warnings that did not stop the run.
_STRONG, _CODE, _PATTERN = 60, 50, 40
_LOG_STRONG, _LOG_CODE, _LOG_PATTERN = 34, 32, 30
_NAME, _STRUCTURE, _WEAK, _LOG_STRUCTURE, _LOG_WEAK = 24, 22, 20, 18, 16
_STATUS, _WRAPPER, _LOG_STATUS, _LOG_WRAPPER = 14, 12, 10, 8


class _Finding(NamedTuple):
    weight: int
    entry: Entry
    how: How
    what: str
    where: Where
    place: Pattern | tuple[int, int] | None = None


class _Text:
    """One examined text: its findings, and the depth and order of them."""

    def __init__(self, text: str, where: Where) -> None:
        self.text = text
        self.where: Where = where
        self._depths: Depths | None = None

    def span(self, finding: _Finding) -> tuple[int, int]:
        if isinstance(finding.place, Pattern):
            found = finding.place.search(self.text)
            if found is None:
                return 0, 0
            if self.where == "log":
                for later in finding.place.spans(self.text):
                    found = later
            return found.start, found.end
        return finding.place or (0, 0)

    def order(self, finding: _Finding) -> tuple[int, int, int]:
        """Deeper first; in a message the earlier place, in a log and among wrappers the later; then the longer match."""
        if self._depths is None:
            self._depths = Depths(self.text)
        start, end = self.span(finding)
        later = self.where == "log" or finding.weight == _WRAPPER
        return self._depths.at(start), start if later else -start, end - start


def classify(
    source: str, error_code: str | None, message: str | None, log: str | None = None
) -> Classification:
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
        key=lambda finding: (
            (-1, 0, 0) if finding.where == "error_code" else texts[finding.where].order(finding)
        ),
    )
    line = ""
    if winner.where in texts:
        text = texts[winner.where]
        line = quote(text.text, *text.span(winner))
    return Classification(
        category=winner.entry.category,
        retryable=winner.entry.retryable,
        reason=_reason(winner),
        entry=winner.entry.id,
        how=winner.how,
        where=winner.where,
        quote=line,
    )


def _in_code(known: Catalogue, source: str, error_code: str) -> list[_Finding]:
    """What the vendor's own code says."""
    for code in codes.spellings(error_code):
        vendors, only = codes.vendors_of(source, code)
        entry = known.with_code(code, vendors, only=only)
        if entry is None and len(code) == 5:
            entry = known.with_code(code, ("sqlstate",), only=True)
        if entry is not None:
            status = entry.vendor == "http"
            weight = _STATUS if status else {"weak": _NAME, "wrapper": _WRAPPER}.get(entry.strength, _CODE)
            what = f"HTTP status {code}" if status else f"code {code}"
            return [_Finding(weight, entry, "status" if status else "code", what, "error_code")]
    for code in codes.spellings(error_code):
        if len(code) == 5 and code[0].isdigit():
            found = known.with_code(code[:2], ("sqlstate",), only=True)
            if found is not None:
                return [_Finding(_NAME, found, "structure", f"SQLSTATE class {code[:2]}", "error_code")]
    named = known.in_name(codes.words_of(error_code)) if not error_code.isdigit() else None
    return [_Finding(_NAME, named[1], "structure", f"the name {error_code}", "error_code")] if named else []


def _in_text(known: Catalogue, source: str, text: _Text) -> list[_Finding]:
    """What a message or a log says."""
    if not text.text:
        return []
    found = _patterns(known, text)
    found += _codes(known, source, text)
    return found


def _patterns(known: Catalogue, text: _Text) -> list[_Finding]:
    log = text.where == "log"
    weights = {
        "strong": _LOG_STRONG if log else _STRONG,
        "normal": _LOG_PATTERN if log else _PATTERN,
        "weak": _LOG_WEAK if log else _WEAK,
        "wrapper": _LOG_WRAPPER if log else _WRAPPER,
    }
    return [
        _Finding(weights[entry.strength], entry, "pattern", entry.id, text.where, pattern)
        for pattern, entry in known.in_text(text.text)
    ]


def _codes(known: Catalogue, source: str, text: _Text) -> list[_Finding]:
    log = text.where == "log"
    weights = {
        "strong": _LOG_STRONG if log else _STRONG,
        "normal": _LOG_CODE if log else _CODE,
        "weak": _LOG_STRUCTURE if log else _STRUCTURE,
        "wrapper": _LOG_WRAPPER if log else _WRAPPER,
    }
    found: list[_Finding] = []
    exceptions: list[codes.Found] = []
    for code in codes.names_in(text.text):
        entry = _named(known, source, code.code)
        if entry is not None:
            weight, place = weights[entry.strength], (code.start, code.end)
            found.append(_Finding(weight, entry, "code", f"code {code.code}", text.where, place))
        elif code.code.endswith(("Error", "Exception", "Failure", "Failed", "Timeout", "Fault")):
            exceptions.append(code)
    for code in (*codes.numbers_in(text.text), *codes.sqlstates_in(text.text)):
        entry = known.with_code(code.code, code.vendors, only=True)
        weight = weights[entry.strength] if entry else weights["weak"]
        entry = entry or (
            known.with_code(code.code[:2], code.vendors, only=True) if len(code.code) == 5 else None
        )
        if entry is not None:
            found.append(
                _Finding(weight, entry, "code", f"code {code.code}", text.where, (code.start, code.end))
            )
    for code in codes.statuses_in(text.text):
        entry = known.with_code(code.code, code.vendors, only=True)
        if entry is not None:
            weight, what = _LOG_STATUS if log else _STATUS, f"HTTP status {code.code}"
            found.append(_Finding(weight, entry, "status", what, text.where, (code.start, code.end)))
    for code in sorted(exceptions, key=lambda item: -item.start)[:20]:
        named = known.in_name(codes.words_of(code.code))
        if named is not None:
            weight, what = _LOG_STRUCTURE if log else _STRUCTURE, f"innermost exception {code.code}"
            found.append(_Finding(weight, named[1], "structure", what, text.where, (code.start, code.end)))
            break
    return found


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
    place = {"message": "in the message", "log": "in the log"}.get(finding.where, "reported by the sender")
    if finding.how == "pattern":
        return f"Pattern '{finding.what}' matched {place}."
    if finding.how == "status":
        return f"{finding.what} {place}; the text names no other cause."
    if finding.entry.strength == "wrapper":
        return f"{finding.what[:1].upper()}{finding.what[1:]} {place}; nothing it wraps names a cause."
    return f"{finding.what[:1].upper()}{finding.what[1:]} {place}."
