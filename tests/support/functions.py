"""The functions of the app, as the host reads them; it can be asked for them once in a process."""

from functools import cache
from typing import Any

from azure.functions.decorators.constants import HTTP_TRIGGER


@cache
def functions() -> dict[str, Any]:
    """All functions by name."""
    from function_app import app

    return {function.get_function_name(): function for function in app.get_functions()}


def http_functions() -> dict[str, Any]:
    """The HTTP functions by name."""
    return {name: function for name, function in functions().items() if function.get_trigger().type == HTTP_TRIGGER}
