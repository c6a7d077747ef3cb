"""The catalogue of known errors: data files of one vendor each, read once, at first use.

Each file under `catalogue/` is `{"vendor": ..., "docs": ..., "entries": [...]}`; docs/catalogue.md explains the
fields of an entry and how to add one.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from rca_core.diagnosis.categories import Category
from rca_core.diagnosis.matching import Pattern, PatternSet

Strength = Literal["strong", "normal", "common", "weak", "wrapper"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One known error and what to do about it.

    `codes` are the vendor's own, exact, in any case. `patterns` are RE2, case-insensitive; a blank in one stands for
    any white space. `names` are RE2 on a code or exception name that no entry lists, broken into lower-case words
    (`SftpInvalidHostKey` -> `sftp invalid host key`).
    `strength` says how much a match counts: `strong` beats even an exact code (the text names the cause beyond
    doubt), `common` loses to a pattern that says something more particular, `weak` decides only when nothing better
    matches, `wrapper` is a broad code or phrase that wraps something else, used when its content names no cause.
    """

    id: str
    category: Category
    retryable: bool
    cause: str
    recommendations: tuple[str, ...]
    example: str
    docs: str = ""
    strength: Strength = "normal"
    codes: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    vendor: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vendor: str
    docs: str
    entries: list[Entry]


class Catalogue:
    """Every entry, with the indexes that the classifier searches."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = {entry.id: entry for entry in entries}
        if len(self.entries) != len(entries):
            raise ValueError("two entries of the catalogue have the same id")
        self._codes: dict[str, list[Entry]] = {}
        for entry in entries:
            for code in entry.codes:
                self._codes.setdefault(code.upper(), []).append(entry)
        self._patterned = [(_any_of(entry.patterns), entry) for entry in entries if entry.patterns]
        self._named = [(_any_of(entry.names), entry) for entry in entries if entry.names]
        self._pattern_set = PatternSet([pattern for pattern, _ in self._patterned])
        self._name_set = PatternSet([pattern for pattern, _ in self._named])

    def with_code(self, code: str, vendors: tuple[str, ...] = (), *, only: bool = False) -> Entry | None:
        """The entry that lists this code, from the first of `vendors` that does; `only` leaves others out."""
        found = self._codes.get(code.upper())
        if found is None:
            return None
        for vendor in vendors:
            for entry in found:
                if entry.vendor == vendor:
                    return entry
        return None if only else found[0]

    def in_text(self, text: str) -> Iterator[tuple[Pattern, Entry]]:
        """The entries of which a pattern occurs in the text, each with all its patterns as one."""
        for index in self._pattern_set.candidates(text):
            pattern, entry = self._patterned[index]
            if pattern.matches(text):
                yield pattern, entry

    def in_name(self, words: str) -> Entry | None:
        """The first entry, in the order of the files, whose names fit the words of a code."""
        for index in self._name_set.candidates(words):
            pattern, entry = self._named[index]
            if pattern.matches(words):
                return entry
        return None


def _any_of(sources: tuple[str, ...]) -> Pattern:
    return Pattern("|".join(sources).replace(" ?", r"\s*").replace(" ", r"\s+"))


@cache
def catalogue() -> Catalogue:
    """The catalogue of the package, read at the first call."""
    decoder = msgspec.json.Decoder(_File)
    entries: list[Entry] = []
    folder = files("rca_core.diagnosis") / "catalogue"
    for resource in sorted(folder.iterdir(), key=lambda item: item.name):
        if resource.name.endswith(".json"):
            read = decoder.decode(resource.read_bytes())
            entries += [
                msgspec.structs.replace(entry, vendor=read.vendor, docs=entry.docs or read.docs)
                for entry in read.entries
            ]
    return Catalogue(entries)
