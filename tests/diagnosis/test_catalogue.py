"""The catalogue holds what it promises: every entry is complete, unique, and found by its own example."""

import subprocess
import sys
import time
from collections import Counter
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
import re2

from rca_core.diagnosis import CATEGORIES, classify
from rca_core.diagnosis.codes import words_of
from rca_core.diagnosis.entries import Entry, catalogue

ENTRIES = list(catalogue().entries.values())
SOURCES = {"adf": "adf", "databricks": "databricks", "spark": "databricks", "airflow": "airflow", "python": "airflow"}


def _named(entry: Entry) -> str:
    return entry.id


def test_it_is_large_enough_to_be_worth_its_name() -> None:
    assert len(ENTRIES) >= 150
    assert sum(len(entry.codes) for entry in ENTRIES) >= 1000


def test_codes_are_unique_within_a_vendor() -> None:
    codes = Counter((entry.vendor, code.upper()) for entry in ENTRIES for code in entry.codes)
    assert [code for code, times in codes.items() if times > 1] == []


def test_every_file_reads_alone() -> None:
    for resource in (files("rca_core.diagnosis") / "catalogue").iterdir():
        assert set(msgspec.json.decode(resource.read_bytes())) == {"vendor", "docs", "entries"}, resource.name


@pytest.mark.parametrize("entry", ENTRIES, ids=_named)
def test_entry_is_complete(entry: Entry) -> None:
    assert entry.category in CATEGORIES
    assert entry.cause.endswith(".") and len(entry.cause) < 300
    assert 2 <= len(entry.recommendations) <= 4
    assert all(text.endswith((".", "?")) for text in entry.recommendations)
    assert entry.codes or entry.patterns or entry.names
    assert entry.docs == "" or entry.docs.startswith("https://")
    never = {"AuthenticationError", "DataError", "ConfigurationError", "CodeError"}
    assert not (entry.retryable and entry.category in never)


@pytest.mark.parametrize("entry", ENTRIES, ids=_named)
def test_patterns_compile_and_are_not_trivial(entry: Entry) -> None:
    for source in (*entry.patterns, *entry.names):
        compiled = re2.compile(source)
        assert compiled.search("") is None, source
        assert compiled.search("the job ran at 10:15 on node 3") is None, source


@pytest.mark.parametrize("entry", ENTRIES, ids=_named)
def test_example_is_classified_by_its_entry(entry: Entry) -> None:
    if entry.names:
        found = catalogue().in_name(words_of(entry.example))
        assert found is not None and found.id == entry.id
        return
    code = entry.codes[0] if entry.codes and not entry.patterns else None
    result = classify(SOURCES.get(entry.vendor, "generic"), code, entry.example)
    assert (result.category, result.retryable) == (entry.category, entry.retryable), result
    assert result.entry == entry.id, result


@pytest.mark.parametrize("entry", ENTRIES, ids=_named)
def test_each_code_alone_gives_the_category_of_an_entry_that_lists_it(entry: Entry) -> None:
    for code in entry.codes:
        listing = [other for other in ENTRIES if code.upper() in map(str.upper, other.codes)]
        result = classify(SOURCES.get(entry.vendor, "generic"), code, None)
        if not code.isdigit():
            assert result.category in {other.category for other in listing}, (code, result)


def test_importing_the_package_loads_neither_re2_nor_the_catalogue() -> None:
    code = (
        "import sys, rca_core.diagnosis as d; from rca_core.diagnosis.entries import catalogue; "
        "assert 're2' not in sys.modules; assert catalogue.cache_info().currsize == 0; "
        "d.classify('adf', None, 'x'); assert catalogue.cache_info().currsize == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_the_catalogue_loads_quickly() -> None:
    best = 9.0
    for _ in range(3):
        catalogue.cache_clear()
        start = time.perf_counter()
        catalogue()
        best = min(best, time.perf_counter() - start)
    assert best < 0.5  # about 0.05 on a quiet machine
