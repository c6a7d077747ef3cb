"""The log lines that the code can write: each event with the fields of its lines, read from the source."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_CALLS = {"info", "warning", "failure"}


@cache
def events() -> dict[str, frozenset[str]]:
    """The fields of each event. What stands in braces in an event's name is any word, written `*`."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "rca_core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _is_log_call(node.func):
                fields = {keyword.arg for keyword in node.keywords if keyword.arg}
                found.setdefault(_name(node.args[0]), {"request_id"}).update(fields)
    return {event: frozenset(fields) for event, fields in found.items()}


def _is_log_call(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "logs"
        and function.attr in _CALLS
    )


def _name(event: ast.expr) -> str:
    if isinstance(event, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in event.values)
    assert isinstance(event, ast.Constant), ast.dump(event)
    return str(event.value)
