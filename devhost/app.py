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
# What to say when an annotation does not fit; "str or bytes" for the others.
_ANNOTATIONS = {
    "http": "func.HttpResponse or str",
    "httptrigger": "func.HttpRequest",
    "queuetrigger": "func.QueueMessage, str or bytes",
    "timertrigger": "func.TimerRequest",
}


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
        _check_annotation(name, binding, annotations)
    context = annotations.get("context", func.Context)
    if "context" not in bound and _name(context) != "Context":
        given = _name(context)
        raise StartError(f"function {name}: parameter 'context' must be annotated with func.Context, not {given}")
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


def _check_annotation(function: str, binding: Binding, annotations: dict[str, Any]) -> None:
    """Refuse what the official worker refuses; what is not annotated is not checked."""
    returned = binding.name == "$return"
    where = f"function {function}: " + ("return value" if returned else f"parameter '{binding.name}'")
    where += f" of binding '{binding.fields['type']}'"
    annotation = annotations.get("return" if returned else binding.name)
    if annotation is None:
        return
    is_out = func.Out in (annotation, typing.get_origin(annotation))
    if is_out != (binding.out and not returned):
        wanted = "its plain type, not func.Out" if is_out else "func.Out[...]"
        raise StartError(f"{where} must be annotated with {wanted}")
    inner = (typing.get_args(annotation) or (None,))[0] if is_out else annotation
    if not _fits(binding, inner):
        given = f"func.Out[{_name(inner)}]" if is_out else _name(inner)
        wanted = _ANNOTATIONS.get(binding.type, "str or bytes")
        if is_out:
            # Said so because the worker takes typing.List and not list.
            many = ", or typing.List[str] (typing.List, not list)" if binding.type == "queue" else ""
            wanted = f"{wanted}{many} inside func.Out[...]"
        raise StartError(f"{where} cannot be annotated with {given}; use {wanted}")


def _fits(binding: Binding, annotation: Any) -> bool:
    returned = binding.name == "$return"
    if returned and not isinstance(annotation, type):
        return False
    converter = get_binding_registry().get(binding.fields["type"])
    try:
        if converter is None:
            return issubclass(annotation, (str, bytes, bytearray) if binding.out else (str, bytes))
        if annotation in (str, bytes) and not returned:
            return True
        check = converter.check_output_type_annotation if binding.out else converter.check_input_type_annotation
        return bool(check(annotation))
    except TypeError:
        return False  # Not a class at all, such as `X | None`.


def _name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
