"""Loads `function_app.py` and checks it as the real host and worker do at indexing.

Source: "Azure Functions Python developer guide" (programming model v2); the checks are those of the official
Python worker's loader and of the host's function validation.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import traceback
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions.meta import get_binding_registry

from devhost.errors import StartError
from devhost.settings import is_disabled

TRIGGERS = {"httptrigger", "queuetrigger", "timertrigger"}
_INPUTS = {"signalrconnectioninfo"}
_OUTPUTS = {"http", "queue", "signalr"}


@dataclass(frozen=True)
class Binding:
    """One binding: `type` in small letters, `fields` as in function.json."""

    type: str
    name: str
    out: bool
    fields: dict[str, Any]


@dataclass(frozen=True)
class AppFunction:
    """One function of the app. `annotations` are its parameters' types, `returns` its `$return` binding."""

    name: str
    call: Callable[..., Any]
    is_async: bool
    directory: str
    trigger: Binding
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    returns: Binding | None
    annotations: dict[str, Any]
    wants_context: bool
    disabled: bool


def load_app(root: Path, script_file: str) -> list[AppFunction]:
    """Import the app and return its functions. Raises StartError with the reason when it is not valid."""
    script = root / script_file
    if not script.is_file():
        raise StartError(f"{script}: missing; the app's functions are defined there (--root names its folder)")
    sys.path.insert(0, str(root))
    try:
        module = importlib.import_module(script.stem)
    except Exception as error:  # noqa: BLE001 - whatever the app's import raises is its author's to read
        frames = "".join(traceback.format_exception(error)).rstrip()
        raise StartError(f"{script}: the import failed\n{frames}") from None
    apps = {id(value): value for value in vars(module).values() if isinstance(value, func.FunctionRegister)}
    if len(apps) != 1:
        found = "no FunctionApp" if not apps else f"{len(apps)} FunctionApps"
        raise StartError(f"{script}: {found} at the top level; there must be exactly one")
    try:
        # Once only: a second call finds every name taken.
        built = next(iter(apps.values())).get_functions()
        functions = [_index(item, root) for item in built]
    except (ValueError, TypeError, NameError) as error:
        raise StartError(f"{script}: {error}") from None
    if not functions:
        raise StartError(f"{script}: the app has no function; are its blueprints registered?")
    return functions


def _index(item: Any, root: Path) -> AppFunction:
    name = item.get_function_name()
    bindings = [_binding(name, json.loads(text)) for text in item.get_raw_bindings()]
    call = item.get_user_function()
    annotations = typing.get_type_hints(call)
    parameters = set(inspect.signature(call).parameters)
    returns = [b for b in bindings if b.name == "$return"]
    bound = {b.name for b in bindings} - {"$return"}
    if missing := bound - parameters:
        raise StartError(f"function {name}: binding '{sorted(missing)[0]}' has no parameter of that name")
    if loose := parameters - bound - {"context"}:
        raise StartError(f"function {name}: parameter '{sorted(loose)[0]}' belongs to no binding")
    for binding in bindings:
        if binding.name != "$return":
            _check_annotation(name, binding, annotations.get(binding.name))
    triggers = [b for b in bindings if b.type in TRIGGERS]
    if len(triggers) != 1:
        raise StartError(f"function {name}: must have exactly one trigger, has {len(triggers)}")
    return AppFunction(
        name=name,
        call=call,
        is_async=inspect.iscoroutinefunction(call),
        directory=str(root),
        trigger=triggers[0],
        inputs=tuple(b for b in bindings if not b.out and b is not triggers[0]),
        outputs=tuple(b for b in bindings if b.out and b.name != "$return"),
        returns=returns[0] if returns else None,
        annotations=annotations,
        wants_context="context" in parameters,
        disabled=is_disabled(name),
    )


def _binding(function: str, fields: dict[str, Any]) -> Binding:
    kind = str(fields.get("type"))
    out = str(fields.get("direction")).upper() == "OUT"
    if kind.lower() not in (_OUTPUTS if out else TRIGGERS | _INPUTS):
        known = ", ".join(("http", "queue", "signalR") if out else ("httpTrigger", "queueTrigger", "timerTrigger"))
        raise StartError(
            f"function {function}: {'output' if out else 'input'} binding type '{kind}' is not known to the "
            f"development host (known: {known}{'' if out else ', signalRConnectionInfo'})"
        )
    return Binding(kind.lower(), str(fields["name"]), out, fields)


def _check_annotation(function: str, binding: Binding, annotation: Any) -> None:
    where = f"function {function}: parameter '{binding.name}'"
    is_out = typing.get_origin(annotation) is func.Out or annotation is func.Out
    if annotation is not None and is_out != binding.out:
        wanted = "func.Out[...]" if binding.out else "its plain type, not func.Out"
        raise StartError(f"{where} of binding '{binding.fields['type']}' must be annotated with {wanted}")
    if binding.type == "queue" and typing.get_args(annotation):
        inner = typing.get_args(annotation)[0]
        if not get_binding_registry().get("queue").check_output_type_annotation(inner):
            raise StartError(
                f"{where}: func.Out[{inner}] cannot be written to a queue; use func.Out[str], func.Out[bytes]"
                " or func.Out[typing.List[str]] (typing.List, not list)"
            )
