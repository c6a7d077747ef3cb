"""Finds the function for a request path, with the route templates of ASP.NET Core.

Source: "Routing in ASP.NET Core" (route templates, constraints, precedence).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from devhost.errors import StartError

T = TypeVar("T")

_CONSTRAINTS = {
    "int": r"[+-]?\d{1,10}",
    "long": r"[+-]?\d{1,19}",
    "bool": r"(?:true|false)",
    "alpha": r"[A-Za-z]*",
    "guid": r"\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?",
    "decimal": r"[+-]?\d+(?:\.\d+)?",
    "double": r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    "float": r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    "required": r".+",
}
_PARAMETER = re.compile(
    r"\{(?P<rest>\*{0,2})(?P<name>\w+)(?::(?P<constraint>\w+))?(?:=(?P<default>[^{}?]*))?(?P<optional>\?)?\}"
)
# Precedence of one segment: a smaller number wins.
_LITERAL, _CONSTRAINED, _PLAIN, _REST_CONSTRAINED, _REST = range(1, 6)


@dataclass(frozen=True)
class Route:
    """One route template: `pattern` matches a path without its first slash."""

    text: str
    pattern: re.Pattern[str]
    precedence: tuple[int, ...]
    defaults: dict[str, str]

    @property
    def literal(self) -> bool:
        """True when the template has no parameter."""
        return all(kind == _LITERAL for kind in self.precedence)

    def match(self, path: str) -> dict[str, str] | None:
        """The route parameters, or None when the path does not match."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = self.defaults | {name: text for name, text in found.groupdict().items() if text}
        return values


def parse_route(text: str, where: str) -> Route:
    """Compile a route template; StartError names `where` when it cannot be understood."""
    segments = [segment for segment in text.strip("/").split("/") if segment]
    pattern, precedence, names, defaults = "", [], set(), {}
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        parameters = list(_PARAMETER.finditer(segment))
        outside = _PARAMETER.sub("", segment)
        if "{" in outside or "}" in outside:
            raise StartError(f"{where}: route '{text}': '{segment}' is not a route segment this host understands")
        kind, part, at, optional = _LITERAL, "", 0, False
        for parameter in parameters:
            name, constraint = parameter["name"], parameter["constraint"]
            if name.lower() in names:
                raise StartError(f"{where}: route '{text}': parameter '{name}' appears twice")
            names.add(name.lower())
            if constraint is not None and constraint not in _CONSTRAINTS:
                known = ", ".join(sorted(_CONSTRAINTS))
                raise StartError(f"{where}: route '{text}': unknown constraint '{constraint}' (known: {known})")
            whole = parameter[0] == segment
            if (parameter["rest"] or parameter["optional"]) and not (last and whole):
                raise StartError(f"{where}: route '{text}': '{parameter[0]}' must be the whole last segment")
            body = _CONSTRAINTS[constraint] if constraint else "[^/]+"
            if parameter["rest"]:
                kind, body, optional = (
                    (_REST_CONSTRAINED if constraint else _REST),
                    body if constraint else ".*",
                    True,
                )
            else:
                kind = max(kind, _CONSTRAINED if constraint or not whole else _PLAIN)
            if parameter["default"] is not None:
                defaults[name] = parameter["default"]
            optional = optional or bool(parameter["optional"]) or (last and parameter["default"] is not None)
            part += re.escape(segment[at : parameter.start()]) + f"(?P<{name}>{body})"
            at = parameter.end()
        part += re.escape(segment[at:])
        slash = "/" if index else ""
        pattern += f"(?:{slash}{part})?" if optional else slash + part
        precedence.append(kind)
    return Route(text, re.compile(pattern, re.IGNORECASE | re.DOTALL), tuple(precedence), defaults)


class Router(Generic[T]):
    """Maps (method, path) to a target. Matching ignores case; a literal segment beats a parameter."""

    def __init__(self) -> None:
        self._literal: dict[str, list[tuple[frozenset[str] | None, T]]] = {}
        self._patterns: list[tuple[Route, frozenset[str] | None, T]] = []

    def add(self, route: Route, methods: frozenset[str] | None, target: T) -> None:
        """Add a route; `methods` in capitals, None for every method. StartError when it exists already."""
        shape = _shape(route)
        for other, other_methods, _ in self._patterns:
            overlap = methods is None or other_methods is None or methods & other_methods
            if _shape(other) == shape and overlap:
                raise StartError(f"route '{route.text}' is used twice (also as '{other.text}') for the same method")
        self._patterns.append((route, methods, target))
        self._patterns.sort(key=lambda item: item[0].precedence)
        if route.literal:
            self._literal.setdefault(route.text.strip("/").lower(), []).append((methods, target))

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """The target and its route parameters, or None: a wrong method is a path that does not exist."""
        path = path.strip("/")
        for methods, target in self._literal.get(path.lower(), ()):
            if methods is None or method in methods:
                return target, {}
        for route, methods, target in self._patterns:
            if methods is None or method in methods:
                values = route.match(path)
                if values is not None:
                    return target, values
        return None

    def knows(self, path: str) -> bool:
        """Whether the path is somebody's, by whatever method."""
        return any(route.match(path.strip("/")) is not None for route, _, _ in self._patterns)


def request_path(raw_path: bytes) -> str:
    """Decode a request path as ASP.NET Core does: everything but an encoded slash."""
    text = raw_path.decode("latin-1")
    if "%" not in text:
        return text
    return "%2F".join(unquote(part) for part in re.split("%2[fF]", text))


def _shape(route: Route) -> str:
    """The template with its parameter names taken out: two routes of one shape match the same paths."""
    return _PARAMETER.sub(lambda m: f"{{{m['rest']}:{m['constraint']}:{m['optional']}}}", route.text.strip("/")).lower()
