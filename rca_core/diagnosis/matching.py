"""The one door to RE2: text that a sender wrote is only ever searched in linear time.

google-re2 ships no type stubs, so its objects are typed here and nowhere else.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import re2  # type: ignore[import-untyped]  # google-re2 ships no stubs

# Memory that one automaton may use for the states it has built, in bytes. A set of hundreds of patterns
# needs a few megabytes; RE2 drops states and goes on when the budget is used up.
_SET_MEMORY = 64 * 1024 * 1024


class Span(NamedTuple):
    """Where a pattern matched, as character offsets, and what its groups held (`""` for one that took no part)."""

    start: int
    end: int
    groups: tuple[str, ...]


def _options(*, ignore_case: bool, memory: int | None = None) -> Any:
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    if memory is not None:
        options.max_mem = memory
    return options


class Pattern:
    """One RE2 pattern; compiled when it is first used."""

    __slots__ = ("_compiled", "_ignore_case", "source")

    def __init__(self, source: str, *, ignore_case: bool = True) -> None:
        self.source = source
        self._ignore_case = ignore_case
        self._compiled: Any = None

    def _regexp(self) -> Any:
        if self._compiled is None:
            self._compiled = re2.compile(self.source, _options(ignore_case=self._ignore_case))
        return self._compiled

    def search(self, text: str) -> Span | None:
        """The first match in the text."""
        match = self._regexp().search(text)
        return None if match is None else _span(match)

    def matches(self, text: str) -> bool:
        """Whether the pattern occurs in the text."""
        return self._regexp().search(text) is not None

    def spans(self, text: str, limit: int = 1000) -> Iterator[Span]:
        """Every match in order, at most `limit` of them."""
        for count, match in enumerate(self._regexp().finditer(text)):
            if count >= limit:
                return
            yield _span(match)


def _span(match: Any) -> Span:
    return Span(match.start(), match.end(), tuple(group or "" for group in match.groups()))


class PatternSet:
    """Many patterns compiled into one automaton: a single pass tells which of them occur in a text."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._set: Any = re2.Set.SearchSet(_options(ignore_case=True, memory=_SET_MEMORY))
        self._empty = not sources
        for source in sources:
            self._set.Add(source)
        self._set.Compile()

    def matching(self, text: str) -> list[int]:
        """Indexes of the patterns that occur in the text, ascending."""
        if self._empty or not text:
            return []
        return sorted(self._set.Match(text))
