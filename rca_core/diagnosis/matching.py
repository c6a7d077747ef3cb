"""The one door to RE2: text that a sender wrote is only ever searched in linear time.

google-re2 ships no type stubs, so its objects are typed here and nowhere else.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, NamedTuple


class Span(NamedTuple):
    """Where a pattern matched, as character offsets, and what its groups held (`""` for one that took no part)."""

    start: int
    end: int
    groups: tuple[str, ...]


@cache
def _re2() -> Any:
    """The RE2 module, loaded at the first search: importing this package must stay cheap."""
    from importlib import import_module

    return import_module("re2")


def _options(*, ignore_case: bool, capture: bool = True) -> Any:
    options = _re2().Options()
    options.case_sensitive = not ignore_case
    options.never_capture = not capture
    options.log_errors = False
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
            self._compiled = _re2().compile(self.source, _options(ignore_case=self._ignore_case))
        return self._compiled

    def search(self, text: str) -> Span | None:
        """The first match in the text."""
        return next(self.spans(text, limit=1), None)

    def matches(self, text: str) -> bool:
        """Whether the pattern occurs in the text."""
        return self._regexp().search(_as_searched(text)) is not None

    def spans(self, text: str, limit: int = 1000) -> Iterator[Span]:
        """Every match in order, at most `limit` of them."""
        regexp = self._regexp()
        groups = range(1, regexp.groups + 1)
        for match in islice(regexp.finditer(_as_searched(text)), limit):
            yield _span(text, match, groups)


def searchable(text: str) -> str:
    """The text as RE2 takes it, character for character: lone surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _as_searched(text: str) -> str | bytes:
    """Of ASCII the bytes, whose offsets are those of the characters: RE2's module need not translate them."""
    return text.encode() if text.isascii() else text


def _span(text: str, match: Any, groups: range) -> Span:
    start, end = match.span()
    # A group that took no part lies at (-1, -1), where every text has "".
    return Span(start, end, tuple([text[first:last] for first, last in map(match.span, groups)]))


class PatternSet:
    """Many patterns searched at once: which of them occur in a text.

    One pass finds the words that each pattern needs, and only patterns whose words are all there are run. To build
    quickly, counted repetitions (`.{0,60}`) are searched here without their upper bound.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = patterns
        self._filter: Any = _re2().Filter()
        options = _options(ignore_case=True, capture=False)
        for pattern in patterns:
            self._filter.Add(_unbounded(pattern.source), options)
        if patterns:
            self._filter.Compile()

    def candidates(self, text: str) -> list[int]:
        """Indexes of the patterns that may occur in the text, ascending; the pattern itself tells whether it does."""
        if not self._patterns or not text:
            return []
        return sorted(self._filter.Match(text) or [])


def _unbounded(source: str) -> str:
    """The pattern with every counted repetition turned into `*`: it matches all that the pattern matches, and more."""
    head, *rest = source.split("{")
    return head + "".join("*" + part.split("}", 1)[1] if part[:1].isdigit() else "{" + part for part in rest)
