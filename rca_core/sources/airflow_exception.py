"""The exception of an Airflow callback: text, the repr of an exception, or an object with type and traceback."""

from typing import Any

import msgspec

from rca_core.sources.reading import Columns, columns, first, mapping, name, text, words

_LONGEST_TYPE = 200
_ENDINGS = ("Error", "Exception", "Timeout", "Exit", "Interrupt", "Warning", "Failure", "Failed", "Fail", "Terminated")
_TRACEBACK = "Traceback (most recent call last)"


class Problem(msgspec.Struct, frozen=True):
    """What went wrong: the text, the exception's type as given, and the traceback or log tail."""

    message: str = ""
    type: str = ""
    log: str = ""


def read_problem(element: dict[str, Any], values: Columns) -> Problem:
    """`exception` or `error` in any form, else the texts that a task instance may bring."""
    sent = element.get("exception") or element.get("error") or values.get("exception") or values.get("error")
    log = first(
        words(values.get("traceback")),
        words(values.get("log")),
        words(values.get("logtail")),
        words(values.get("logs")),
    )
    if inside := mapping(sent):
        named = columns(inside)
        kind = first(name(named.get("type")), name(named.get("class")))[:_LONGEST_TYPE]
        said = first(words(named.get("message")), words(named.get("error")), kind)
        return Problem(message=said, type=kind, log=first(words(named.get("traceback")), log))
    said = first(
        words(sent), text(values.get("errormessage")), text(values.get("statemessage")), text(values.get("message"))
    )
    if _TRACEBACK in said:
        last = said.rstrip().rpartition("\n")[2].strip()
        return Problem(message=last, type=exception_type(last), log=first(log, said))
    return Problem(message=said, type=exception_type(said), log=log)


def exception_type(said: str) -> str:
    """`ValueError` from `ValueError("...")` or `ValueError: ...`; `""` unless it looks like an exception's name."""
    start = said[:_LONGEST_TYPE]
    end = next((i for i, c in enumerate(start) if not (c.isalnum() or c in "._")), len(start))
    kind, follows = start[:end], start[end : end + 1]
    last = kind.rpartition(".")[2]
    is_a_name = last[:1].isupper() and (last.endswith(_ENDINGS) or "." in kind)
    return kind if is_a_name and follows in ("(", ":", "") else ""
