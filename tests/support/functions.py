"""The functions of the app, as the host reads them; it can be asked for them once in a process."""

from functools import cache
from typing import Any

from azure.functions.decorators.constants import HTTP_TRIGGER


@cache
def http_functions() -> dict[str, Any]:
    """The HTTP functions by name."""
    from function_app import app

    found = {function.get_function_name(): function for function in app.get_functions()}
    return {name: function for name, function in found.items() if function.get_trigger().type == HTTP_TRIGGER}
