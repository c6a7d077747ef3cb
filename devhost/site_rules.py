"""`staticwebapp.config.json`: how files are served, by the part of Azure Static Web Apps' rules that is imitated.

Source: "Configure Azure Static Web Apps".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from devhost.errors import StartError

# A path, a beginning (`/assets/*`), or a beginning and endings (`/images/*.{png,svg}`).
_PATTERN = re.compile(r"(?P<start>/[^*{}]*)(?:\*(?P<rest>\.(?P<endings>\w+|\{\w+(?:,\w+)*\}))?)?")


@dataclass(frozen=True)
class SiteRules:
    """What is said of paths; a path begins with a slash."""

    global_headers: Mapping[str, str] = field(default_factory=dict)
    routes: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = ()
    fallback: str | None = None
    without_fallback: tuple[re.Pattern[str], ...] = ()
    mime_types: Mapping[str, str] = field(default_factory=dict)

    def headers(self, path: str) -> dict[str, str]:
        """The headers of a file that was asked for by `path`: of the first route that matches, then of all."""
        for pattern, headers in self.routes:
            # The file that a folder answers with is matched by its own name as well.
            if pattern.fullmatch(path) or (path.endswith("/") and pattern.fullmatch(path + "index.html")):
                return {**self.global_headers, **headers}
        return dict(self.global_headers)

    def fallback_of(self, path: str) -> str | None:
        """The file that answers for `path`, which is none itself; None when nothing does."""
        return None if any(pattern.fullmatch(path) for pattern in self.without_fallback) else self.fallback

    def mime_type(self, file: str) -> str | None:
        """The type that is given for the file's ending."""
        return self.mime_types.get(PurePosixPath(file).suffix)


@lru_cache(maxsize=8)
def parse_rules(text: str, where: str) -> SiteRules:
    """Read the file's text; raises StartError, which names `where`, for what is wrong or not imitated."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise StartError(f"{where}: not valid JSON: {error}") from None
    given = _fields(content, where, "globalHeaders", "routes", "navigationFallback", "mimeTypes")
    fallback = _fields(given.get("navigationFallback", {}), f"{where}: navigationFallback", "rewrite", "exclude")
    rewrite = fallback.get("rewrite")
    return SiteRules(
        global_headers=_texts(given.get("globalHeaders", {}), f"{where}: globalHeaders"),
        routes=tuple(_routes(given.get("routes", []), where)),
        fallback=None if rewrite is None else str(rewrite),
        without_fallback=tuple(
            _pattern(text, f"{where}: navigationFallback.exclude") for text in fallback.get("exclude", ())
        ),
        mime_types=_texts(given.get("mimeTypes", {}), f"{where}: mimeTypes"),
    )


def _routes(routes: list[Any], where: str) -> Iterator[tuple[re.Pattern[str], dict[str, str]]]:
    for number, route in enumerate(routes):
        place = f"{where}: routes[{number}]"
        given = _fields(route, place, "route", "headers")
        yield _pattern(given.get("route"), place), _texts(given.get("headers", {}), place)


def _pattern(text: object, where: str) -> re.Pattern[str]:
    found = _PATTERN.fullmatch(str(text))
    if found is None:
        raise StartError(f"{where}: '{text}' is no path with one * at its end, or one *.ending or *.{{ending,ending}}")
    pattern = re.escape(found["start"])
    if "*" in found[0]:
        pattern += ".*"
    if found["rest"]:
        pattern += rf"\.(?:{found['endings'].strip('{}').replace(',', '|')})"
    return re.compile(pattern, re.DOTALL)


def _fields(value: object, where: str, *known: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise StartError(f"{where} must be a JSON object")
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise StartError(f"{where}: {', '.join(unknown)}: not imitated by the development host")
    return value


def _texts(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise StartError(f"{where}: must be a JSON object of texts")
    return value
