"""From the text that a model answered to a draft, or to the list of what is wrong with it."""

import json
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from rca_core.diagnosis.draft import (
    Draft,
    DraftEvidence,
    FailurePoint,
    Hypothesis,
    ProposedAction,
    SimilarIncident,
)

# The longest answer that is read, in characters; an answer within the limits below has less than 20,000.
LONGEST_ANSWER = 200_000
_MOST_PROBLEMS = 20
_JSON = json.JSONDecoder(strict=False)


class Limit(NamedTuple):
    """The least and the most of a field: characters of a text, items of a list, or the number itself."""

    least: int
    most: int


LIMITS: dict[type[msgspec.Struct], dict[str, Limit]] = {
    Draft: {
        "evidence": Limit(1, 6),
        "hypotheses": Limit(1, 3),
        "summary": Limit(1, 280),
        "actions": Limit(0, 4),
        "next_checks": Limit(0, 3),
        "similar": Limit(0, 3),
        "missing": Limit(0, 6),
        "self_confidence": Limit(0, 100),
    },
    FailurePoint: {"entity": Limit(0, 200), "step": Limit(0, 200), "attempt": Limit(0, 1_000_000)},
    DraftEvidence: {
        "id": Limit(1, 20),
        "doc": Limit(1, 20),
        "line_start": Limit(1, 100_000_000),
        "line_end": Limit(1, 100_000_000),
        "quote": Limit(12, 400),
        "shows": Limit(0, 160),
    },
    Hypothesis: {
        "statement": Limit(1, 240),
        "mechanism": Limit(0, 500),
        "supports": Limit(0, 6),
        "contradicts": Limit(0, 6),
        "would_be_wrong_if": Limit(0, 200),
    },
    ProposedAction: {
        "action_id": Limit(1, 100),
        "target_id": Limit(0, 200),
        "why": Limit(0, 200),
        "supports": Limit(0, 6),
    },
    SimilarIncident: {"incident_id": Limit(1, 100), "why": Limit(0, 160)},
}
"""What each field of a draft may hold, beside its type. The items of a list of texts have `ITEM`."""

ITEM = {"next_checks": Limit(1, 200), "missing": Limit(1, 160), "supports": Limit(1, 20), "contradicts": Limit(1, 20)}
"""The length of the texts in a list of texts, in characters."""

# An honest "the documents do not tell" needs neither evidence nor hypotheses.
_NOT_NEEDED_WHEN_INCONCLUSIVE = ("evidence", "hypotheses")


class DraftProblems(Exception):
    """The answer is no draft. `problems` says all that is wrong with it, in words that can be sent to its author."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def read_draft(text: str) -> Draft:
    """The draft in a model's answer: one JSON object, in a markdown fence or between prose if the model likes.

    Raises `DraftProblems` with everything that is wrong at once: no object or several, JSON that breaks off, fields
    that are missing, of another type, too long, too many or too few. Fields that a draft does not have are ignored.
    """
    answer = _one_object(text)
    problems: list[str] = []
    _check_object(answer, Draft, "", problems)
    _check_ids(answer, problems)
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        raise DraftProblems((*problems[:_MOST_PROBLEMS], *((f"and {more} more",) if more > 0 else ())))
    return msgspec.convert(answer, Draft)


# The object -----------------------------------------------------------------------------------------------------------


def _one_object(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_ANSWER:
        raise DraftProblems((f"the answer has {len(text)} characters; at most {LONGEST_ANSWER} are read",))
    objects, end = [], 0
    while (start := text.find("{", end)) >= 0:
        if text[start + 1 :].lstrip()[:1] not in ('"', "}"):
            end = start + 1  # a brace in prose
            continue
        found, end = _decoded(text, start)
        objects.append(found)
    if not objects:
        raise DraftProblems(("the answer holds no JSON object",))
    if len(objects) > 1:
        raise DraftProblems((f"the answer holds {len(objects)} JSON objects; send exactly one",))
    return objects[0]


def _decoded(text: str, start: int) -> tuple[dict[str, Any], int]:
    """The object that begins here, and where it ends. Half a surrogate pair, which no store takes, is replaced."""
    try:
        found, end = _JSON.raw_decode(text, start)
    except json.JSONDecodeError as error:
        around = " ".join(text[max(start, error.pos - 30) : error.pos + 50].split())
        place = f"line {error.lineno}, column {error.colno}"
        raise DraftProblems((f"the JSON breaks at {place}, at `{around}`: {error.msg}",)) from None
    except (ValueError, RecursionError):
        raise DraftProblems(("the JSON is nested too deeply or holds a number that is too long",)) from None
    if "\\u" in text or not text.isascii():
        found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    return found, end


# The shape ------------------------------------------------------------------------------------------------------------


def _check_object(value: Any, kind: type[msgspec.Struct], where: str, problems: list[str]) -> None:
    """Notes what is wrong with one object. A field that may be absent may as well be null, and is taken out then."""
    if not isinstance(value, dict):
        problems.append(f"{where or 'the answer'} must be an object")
        return
    for field in msgspec.structs.fields(kind):
        name = f"{where}.{field.name}" if where else field.name
        if not field.required and value.get(field.name, ()) is None:
            del value[field.name]
        if field.name in value:
            limit = LIMITS[kind].get(field.name)
            if limit and value.get("verdict") == "inconclusive" and field.name in _NOT_NEEDED_WHEN_INCONCLUSIVE:
                limit = Limit(0, limit.most)
            _check_field(value[field.name], field.type, limit, name, field.name, problems)
        elif field.required:
            problems.append(f"{name} is missing")


def _check_field(value: Any, kind: Any, limit: Limit | None, where: str, field: str, problems: list[str]) -> None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        _check_object(value, kind, where, problems)
    elif get_origin(kind) is tuple:
        _check_list(value, get_args(kind)[0], limit, where, field, problems)
    else:
        _check_value(value, kind, limit, where, problems)


def _check_list(value: Any, kind: Any, limit: Limit | None, where: str, field: str, problems: list[str]) -> None:
    if not isinstance(value, list):
        problems.append(f"{where} must be a list")
        return
    if limit is not None and not limit.least <= len(value) <= limit.most:
        problems.append(f"{where} has {len(value)} items; {limit.least} to {limit.most} are allowed")
        if not value and field == "evidence":
            problems[-1] += " (none only with the verdict inconclusive)"
    for number, item in enumerate(value[: limit.most if limit else None]):
        _check_field(item, kind, ITEM.get(field), f"{where}[{number}]", field, problems)


def _check_value(value: Any, kind: Any, limit: Limit | None, where: str, problems: list[str]) -> None:
    try:
        value = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        if get_origin(kind) is Literal:
            problems.append(f"{where} must be one of {', '.join(map(str, get_args(kind)))}")
        else:
            problems.append(f"{where}: {error}")
        return
    if limit is None or value is None:
        return
    if isinstance(value, str) and not limit.least <= len(value) <= limit.most:
        problems.append(f"{where} has {len(value)} characters; {limit.least} to {limit.most} are allowed")
    elif isinstance(value, int) and not limit.least <= value <= limit.most:
        problems.append(f"{where} must be a number from {limit.least} to {limit.most}")


def _check_ids(answer: dict[str, Any], problems: list[str]) -> None:
    """Evidence is named by its id, so no two may share one."""
    evidence = answer.get("evidence")
    items = evidence if isinstance(evidence, list) else []
    ids = [str(item.get("id")) for item in items if isinstance(item, dict)]
    for double in sorted({each for each in ids if ids.count(each) > 1}):
        problems.append(f"the evidence id {double[:20]} is used more than once")
