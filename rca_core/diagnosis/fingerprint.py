"""Tells whether a failure is one that was seen before: the same step of the same system with the same error."""

import hashlib
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

from rca_core.diagnosis import codes
from rca_core.diagnosis.entries import catalogue
from rca_core.diagnosis.matching import Pattern, Span
from rca_core.foundation.evidence import words
from rca_core.foundation.failure import Failure

# Part of every fingerprint: raise it whenever what is masked or put together changes.
_VERSION = "1"

# Characters of a message that are examined, and characters of it that count once they are masked.
_MOST_EXAMINED, _MOST_COUNTED = 16_000, 4_000

# Codes that say no more than that something failed.
_SAYS_ONLY_THAT_IT_FAILED = {"FAILED", "FAILURE", "ERROR", "TIMEDOUT", "INTERNAL_ERROR", "RUN_EXECUTION_ERROR"}

_HIDDEN = "#"
# What differs from run to run, one named thing after the other, and at last any word at all. A word is letters and
# digits alone, so that what `_`, `-`, `=` and `.` glue to a name is looked at by itself.
_PIECES = Pattern(
    r"(?P<placeholder>\[[A-Z][A-Z_0-9]*#\d+\])"
    r"|(?P<container>//[A-Za-z0-9.$_-]{1,63}@)"
    r"|(?P<query>\?[A-Za-z0-9_.$%~-]{1,64}=[^\s'\"<>()]*)"
    r"|(?P<email>[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
    r"|(?P<guid>[0-9A-Fa-f]{8}(?:[-_][0-9A-Fa-f]{4}){3}[-_][0-9A-Fa-f]{12})"
    r"|(?P<cluster>[0-9]{4}-[0-9]{6}-[a-z0-9]+)"
    r"|(?P<object>@[0-9a-f]{5,8}\b)"
    r"|(?P<temporary>[/\\]tmp[a-z0-9_]{8}\b)"
    r"|(?P<day>(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? )?(?:[0-9]{1,2}[ -])?"
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)[ -][0-9]{1,4}\b)"
    r"|(?P<word>[\pL\pN]+)",
    ignore_case=False,
)
_CONTAINER, _WORD = 1, 9
# Times, dates, addresses, versions and lists are numbers with marks between them; a number may have a unit.
_NUMBER = (
    r"#(?:\s?(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|days?|bytes?|[KMGT]i?B|AM|PM|UTC|GMT)"
    r"\b|\s?%)?"
)
_NUMBERS = Pattern(rf"{_NUMBER}(?:[ ,;:/._|+-]*{_NUMBER})*", ignore_case=False)
_BLANKS = Pattern(r"\s+")
_HEX = frozenset("0123456789abcdefABCDEF")


def fingerprint(failure: Failure) -> str | None:
    """What equal failures of different runs have in common, as text of letters and digits; None when the failure
    says too little to be recognised.

    Made of the source, the step that failed in its sender's names, and the error: its code and its message without
    what differs from run to run (`masked`), together with the vendor codes that the message names. The log does not
    count: it differs too much. Two fingerprints that differ tell nothing about each other's cause.
    """
    step = [part.strip() for part in _step(failure)]
    message = _error_text(failure)
    code = (failure.error_code or "").strip().upper()
    if not any(step) or not (message or _names_a_cause(failure.source, code)):
        return None
    examined = message[:_MOST_EXAMINED]
    parts = [_VERSION, failure.source, *step, code, " ".join(_codes(examined)), masked(examined)[:_MOST_COUNTED]]
    digest = hashlib.sha256()
    for part in parts:
        told = part.encode("utf-8", "replace")
        digest.update(b"%d:%b" % (len(told), told))
    return f"v{_VERSION}-{digest.hexdigest()[:32]}"


def masked(text: str) -> str:
    """The text on one line with `#` for all that differs from run to run: numbers, ids, dates, durations, addresses,
    random names, the query of a URL, placeholders of masked secrets. Names of tables, columns, hosts and folders stay.

    Takes time in proportion to the length of the text.
    """
    text = text if text.isascii() else text.encode("utf-8", "replace").decode()
    line = _replaced(_BLANKS, text, lambda _: " ").strip()
    return _replaced(_NUMBERS, _pieces(line), lambda _: _HIDDEN)


def says_more_than_failed(code: str) -> bool:
    """Whether a vendor's code tells more than that something failed."""
    return bool(code) and code.upper() not in _SAYS_ONLY_THAT_IT_FAILED


def _step(failure: Failure) -> tuple[str, ...]:
    """What the sender calls the step that failed, whichever run it was."""
    named = {key: words(value) for key, value in failure.entity.items() if not isinstance(value, dict | list)}

    def of(key: str) -> str:
        return named.get(key, "")

    if failure.source == "adf":
        return of("factory").lower(), of("pipeline") or masked(failure.pipeline), of("activity")
    if failure.source == "airflow":
        return of("deployment"), of("dag_id"), of("task_id")
    if failure.source == "databricks":
        # A run that was submitted once has a job id of its own, and its name tells its caller.
        submitted = of("run_type").upper() == "SUBMIT_RUN"
        job = "" if submitted else of("job_id")
        job = job or masked(of("job_name") or of("cluster_name") or of("cluster_id") or failure.pipeline)
        return of("workspace_id"), job, of("task_key")
    return of("alert_rule") or failure.pipeline, of("resource_id").lower()


def _error_text(failure: Failure) -> str:
    """The message, unless it is what somebody wrote into an alert rule, or a reason that Airflow gives to every DAG."""
    said = failure.message.strip()
    if failure.source == "azure-monitor":
        return said
    not_an_error = (failure.entity.get(key) for key in ("alert_description", "condition", "reason"))
    return "" if any(said == words(text) for text in not_an_error) else said


def _names_a_cause(source: str, code: str) -> bool:
    """Whether a code says something by itself: not one that wraps whatever went wrong."""
    entry = catalogue().with_code(code, codes.vendors_of(source, code)[0])
    return says_more_than_failed(code) and (entry is None or entry.strength != "wrapper")


def _codes(text: str) -> list[str]:
    """The codes in a text that the catalogue knows, where `masked` would hide what tells them apart."""
    known = catalogue()
    numbers = (*codes.numbers_in(text), *codes.sqlstates_in(text), *codes.statuses_in(text))
    found = {code.code.upper() for code in numbers if known.with_code(code.code, code.vendors, only=True)}
    glued = (code.code for code in codes.names_in(text) if any(c.isdigit() for c in code.code))
    return sorted(found | {code.upper() for code in glued if known.with_code(code)})


def _pieces(text: str) -> str:
    return _replaced(_PIECES, text, lambda span: _without_what_varies(text[span.start : span.end], span))


def _without_what_varies(piece: str, span: Span) -> str:
    if span.groups[_CONTAINER]:  # `//container@account` is where something lies, not whom to write to
        return piece
    return _word(piece) if span.groups[_WORD] else _HIDDEN


def _word(word: str) -> str:
    """A word without its numbers: hidden if it is one or looks drawn at random; a short number at the end of a name
    (`int32`, `customer2`) belongs to it.
    """
    if not any(c.isdigit() for c in word):
        return word
    changes = sum(before.isdigit() != after.isdigit() for before, after in pairwise(word))
    if word[0].isdigit() or changes >= 3 or (len(word) >= 8 and _HEX.issuperset(word)):
        return _HIDDEN
    if sum(c.isdigit() for c in word) <= 2:
        return word
    return "".join(_HIDDEN if number else "".join(part) for number, part in groupby(word, str.isdigit))


def _replaced(pattern: Pattern, text: str, replace: Callable[[Span], str]) -> str:
    def parts() -> Iterator[str]:
        end = 0
        for span in pattern.spans(text, limit=len(text) + 1):
            yield text[end : span.start]
            yield replace(span)
            end = span.end
        yield text[end:]

    return "".join(parts())
