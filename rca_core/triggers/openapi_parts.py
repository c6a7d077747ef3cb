"""The pieces that the OpenAPI document is put together from."""

from typing import Any

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
    responses = {str(success): content("OK", schema(answer) if answer else {})}
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
