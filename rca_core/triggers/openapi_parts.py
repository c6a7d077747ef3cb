"""The pieces that the OpenAPI document is put together from."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from rca_core.triggers.http import Problem


def operation(
    summary: str,
    answer: type | None,
    *,
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
    errors: tuple[int, ...] = (),
    success: int = 200,
) -> dict[str, Any]:
    """One call: what it answers, which errors it may, beside those of every call, and what it takes."""
    responses: dict[str, Any] = {str(success): {"description": "OK"}}
    if success != 204:
        responses[str(success)] = content("OK", schema(answer) if answer else {})
    for status in (400, 401, 403, *errors, 503):
        responses[str(status)] = content("See detail", schema(Problem), "application/problem+json")
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if parameters:
        operation["parameters"] = parameters
    if body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def content(description: str, schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    """A body of this kind and schema."""
    return {"description": description, "content": {kind: {"schema": schema}}}


def query(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    """A parameter of the query."""
    parameter = {"name": name, "in": "query", "schema": schema}
    return {**parameter, "description": description} if description else parameter


def schema(kind: type) -> dict[str, Any]:
    """Where the schema of a type stands in the document."""
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def listed(name: str, values: Iterable[str]) -> dict[str, Any]:
    """A parameter of the query that takes several of `values`, separated by commas."""
    return several(name, {"type": "string", "enum": list(values)})


def several(name: str, each: dict[str, Any], description: str = "") -> dict[str, Any]:
    """A parameter of the query that takes several values, separated by commas."""
    parameter = query(name, {"type": "array", "items": each}, description)
    return {**parameter, "style": "form", "explode": False}


def name_operations(paths: dict[str, Any]) -> None:
    """Gives each call an operationId made of its method and path: `get_tickets_by_id`."""
    for path, item in paths.items():
        words = re.sub(r"[^a-zA-Z0-9]+", "_", path.replace("{", "by_")).strip("_").removeprefix("api_")
        for method, told in item.items():
            told["operationId"] = f"{method}_{words}"


def require_what_is_always_there(
    components: dict[str, Any], paths: dict[str, Any], types: Iterable[type[msgspec.Struct]]
) -> None:
    """Marks every field of an answer as required: a field that has a default is written all the same, but for structs
    that omit defaults. What can be sent to us keeps the fields that may be left out.
    """
    sent = set(_named_in([each.get("requestBody") for item in paths.values() for each in item.values()], components))
    for kind in _structs(inspect.multi_type_info(types)):
        described = components[kind.__name__]
        if kind.__name__ not in sent and not kind.__struct_config__.omit_defaults and described.get("properties"):
            described["required"] = list(described["properties"])


def _named_in(part: Any, components: dict[str, Any], known: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of the schemas that a part of the document refers to, and of those that these refer to."""
    if isinstance(part, dict) and "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        if name not in known:
            yield name
            yield from _named_in(components[name], components, known | {name})
    elif isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            yield from _named_in(each, components, known)


def _structs(nodes: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """The structs that types are made of, however deep."""
    found: set[type[msgspec.Struct]] = set()
    open_nodes = list(nodes)
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, tuple):
            open_nodes.extend(node)
        elif isinstance(node, inspect.StructType) and node.cls in found:
            continue
        elif isinstance(node, inspect.Type | inspect.Field):
            if isinstance(node, inspect.StructType):
                found.add(node.cls)
            open_nodes.extend(getattr(node, name) for name in node.__struct_fields__)
    return found
