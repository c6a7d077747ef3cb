"""The shape that the model's answer must have, as JSON schema, made from the draft itself so that both stay alike.

It is sent as `responseJsonSchema`: unlike the older `responseSchema` it takes plain JSON schema, `["string", "null"]`
included, and the SDK passes it on as it is. Gemini writes fields in the order of `required` and `propertyOrdering`. It
refuses schemas with too many states and ignores keywords that it does not know, so limits are told in words, and
`draft_reading` is what holds them. (https://ai.google.dev/api/generate-content#generationconfig and
https://ai.google.dev/gemini-api/docs/structured-output)
"""

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from rca_core.diagnosis.draft import (
    Draft,
    DraftEvidence,
    FailurePoint,
    Hypothesis,
    ProposedAction,
    SimilarIncident,
)
from rca_core.diagnosis.draft_reading import ITEM, LIMITS, Limit

_MEANING: dict[type[msgspec.Struct], dict[str, str]] = {
    Draft: {
        "verdict": "inconclusive if the documents do not tell",
        "summary": "what failed and why",
        "next_checks": "what to look at next",
        "missing": "what was not in the documents and would have told more",
        "self_confidence": "how sure you are, in percent",
    },
    FailurePoint: {
        "entity": "pipeline, job or DAG, by the name that the documents give it",
        "step": "activity or task, if they name one",
        "attempt": "the attempt's number, if they name one",
    },
    DraftEvidence: {
        "id": "E1, E2, ...",
        "doc": "the document's id",
        "line_start": "number of the quote's first line",
        "line_end": "number of its last line",
        "quote": "verbatim, without the line number, no ellipsis",
        "shows": "what it shows",
    },
    Hypothesis: {
        "statement": "the cause in one sentence",
        "mechanism": "how the evidence leads to the failure",
        "supports": "ids of evidence",
        "contradicts": "ids of evidence that speaks against it",
        "would_be_wrong_if": "what would show that this is not the cause",
    },
    ProposedAction: {
        "action_id": "an id from ACTIONS",
        "target_id": "an id from TARGETS",
        "why": "why this helps",
        "supports": "ids of evidence",
        "permanent": "true if it keeps the failure from coming back",
    },
    SimilarIncident: {"incident_id": "an id from SIMILAR", "why": "what is alike"},
}
_PRIMITIVE = {str: "string", int: "integer", bool: "boolean"}


def response_schema() -> dict[str, Any]:
    """The JSON schema of a draft."""
    return _object(Draft)


def _object(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Every field is required, even one that a draft may lack: only required fields come in their order."""
    fields = msgspec.structs.fields(kind)
    names = [field.name for field in fields]
    properties = {field.name: _described(kind, field.name, _shape(field.type)) for field in fields}
    return {"type": "object", "properties": properties, "required": names, "propertyOrdering": list(names)}


def _shape(kind: Any) -> dict[str, Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _object(kind)
    if get_origin(kind) is Literal:
        return {"type": "string", "enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _shape(get_args(kind)[0])}
    if get_origin(kind) in (Union, UnionType):
        (inner,) = (each for each in get_args(kind) if each is not type(None))
        return {"type": [_PRIMITIVE[inner], "null"]}
    return {"type": _PRIMITIVE[kind]}


def _described(kind: type[msgspec.Struct], name: str, shape: dict[str, Any]) -> dict[str, Any]:
    said = [_MEANING[kind].get(name, ""), _limit(shape, LIMITS[kind].get(name))]
    if shape.get("items") == {"type": "string"}:
        said.append(_limit(shape["items"], ITEM.get(name), "each "))
    description = "; ".join(part for part in said if part)
    return {**shape, "description": description} if description else shape


def _limit(shape: dict[str, Any], limit: Limit | None, whose: str = "") -> str:
    """The limit in words; a number needs none but the one that its meaning tells."""
    units = {"string": "characters", "array": "items"}
    first = shape["type"] if isinstance(shape["type"], str) else shape["type"][0]
    if limit is None or first not in units:
        return ""
    return f"{whose}{limit.least} to {limit.most} {units[first]}"
