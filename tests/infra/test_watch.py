"""What watches the app asks for log lines that the code really writes, in a language that Kusto understands."""

import json
import re
import subprocess
from fnmatch import fnmatch
from typing import Any, get_args

import pytest
import re2
from pycep import BicepParser

from infra.watch.fill_workbook import WORKBOOK, filled
from rca_core.access.roles import CALLERS
from rca_core.foundation import logs
from rca_core.foundation.queues import Queue
from rca_core.tickets.outbox import Outcome
from tests.infra.log_lines import ROOT, events

WATCH = ROOT / "infra" / "watch"
QUERIES = {path.stem: path.read_text() for path in sorted((WATCH / "queries").glob("*.kql"))}
BICEP = sorted((ROOT / "infra" / "watch").glob("*.bicep")) + sorted((ROOT / "infra" / "senders").glob("*.bicep"))
RULES = ("dead-letters", "failed-executions", "refused-callers", "model-errors", "log-stopped", "sender-silent")

asking_our_log = pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if "startswith_cs" in query])


def asked(query: str) -> list[str]:
    return re.findall(r'message startswith_cs "([^"]+) "', query)


def extracts(query: str) -> dict[str, str]:
    """The pattern by which a query takes each field out of a line."""
    patterns: list[str] = re.findall(r'extract\(@"( [^"]+)"', query)
    return {re.split("[ =]", pattern)[1]: pattern for pattern in patterns}


def fields(event: str) -> frozenset[str]:
    return frozenset().union(*(known for name, known in events().items() if fnmatch(event, name)))


@asking_our_log
def test_a_query_asks_for_events_and_fields_that_the_code_writes(name: str) -> None:
    query = QUERIES[name]
    assert asked(query)
    for event in asked(query):
        assert fields(event), f"{name}.kql asks for the event {event}, which nothing writes"
    written = frozenset().union(*map(fields, asked(query)))
    assert set(extracts(query)) <= written, f"{name}.kql"


@asking_our_log
def test_its_patterns_find_the_values_in_a_line(name: str, caplog: pytest.LogCaptureFixture) -> None:
    patterns = extracts(QUERIES[name])
    values = {field: _sample(pattern) for field, pattern in patterns.items()}
    for event in asked(QUERIES[name]):
        mine = {field: value for field, value in values.items() if field in fields(event) - {"request_id"}}
        caplog.clear()
        with caplog.at_level("INFO", "rca"), logs.request(values.get("request_id", "4f1c")):
            logs.info(event, **mine)
        for field in mine:
            # Kusto's regular expressions are those of RE2.
            match = re2.search(patterns[field], caplog.messages[0])
            assert match and match.group(1) == values[field], (field, caplog.messages[0])


def _sample(pattern: str) -> str:
    if r"\d" in pattern:
        return "1234"
    return "two words" if ".*" in pattern else "word"


def test_the_names_in_queries_are_those_of_the_code() -> None:
    everything = "\n".join(QUERIES.values())
    named = re.findall(r"name in \(([^)]+)\)", everything)
    functions = {function for names in named for function in re.findall(r'"(\w+)"', names)}
    assert functions and functions <= set(CALLERS)
    outcomes = set(re.findall(r'outcome == "([^"]+)"', everything))
    assert outcomes and outcomes <= {*get_args(Outcome), "failed", "off"}
    queues = {
        queue for names in re.findall(r"queue in \(([^)]+)\)", everything) for queue in re.findall(r'"([^"]+)"', names)
    }
    assert queues and queues <= set(Queue)
    for job in re.findall(r'function=[^"]*", 1, message\) == "(\w+)"', everything):
        assert f"def {job}(" in (ROOT / "rca_core" / "triggers" / "workers.py").read_text()


def test_the_kusto_language_service_finds_nothing_wrong_in_any_query_and_a_misspelled_column_it_would_find() -> None:
    queries = {**QUERIES, "failed-activities": (ROOT / "infra" / "senders" / "failed-activities.kql").read_text()}
    found = diagnostics({**queries, "misspelled": "traces | where mesage == 'x'"})
    assert "mesage" in found.pop("misspelled")[0]
    assert found == {name: [] for name in queries}


def diagnostics(queries: dict[str, str]) -> dict[str, list[str]]:
    script = ROOT / "tests" / "infra" / "kql.mjs"
    done = subprocess.run(
        ["node", script], input=json.dumps(queries), capture_output=True, text=True, check=True, cwd=ROOT
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_the_workbook_holds_the_queries_of_the_files() -> None:
    assert filled(WORKBOOK.read_text()) == WORKBOOK.read_text(), "run: python infra/watch/fill_workbook.py"
    content = json.loads(WORKBOOK.read_text())
    assert content["version"] == "Notebook/1.0"
    assert len({item["name"] for item in content["items"]}) == len(content["items"])


@pytest.mark.parametrize("path", BICEP, ids=lambda path: path.name)
def test_bicep_parses_and_loads_files_that_are_there(path: Any) -> None:
    text = path.read_text()
    assert BicepParser().parse(text=text)["resources"]
    for loaded in re.findall(r"loadTextContent\('([^']+)'\)", text):
        assert (path.parent / loaded).is_file(), loaded
    for module in re.findall(r"^module \w+ '([^']+)'", text, re.MULTILINE):
        assert (path.parent / module).is_file(), module


@pytest.mark.parametrize("name", QUERIES)
def test_each_query_is_used_and_explained(name: str) -> None:
    deployed = [path.read_text() for path in BICEP]
    panels = {item["name"] for item in json.loads(WORKBOOK.read_text())["items"]}
    assert name in panels or any(f"queries/{name}.kql" in text for text in deployed)
    assert QUERIES[name].startswith("// ")
    assert f"`{name}`" in (ROOT / "docs" / "watch.md").read_text()


def test_alerts_split_and_measure_by_columns_of_their_queries() -> None:
    text = (WATCH / "main.bicep").read_text()
    rules = re.findall(r"queries/([\w-]+)\.kql'\).*?dimension: '(\w*)'", text, re.DOTALL)
    assert len(rules) == len(RULES) - 1
    for query, column in rules:
        assert not column or re.search(rf"\b{column} =", QUERIES[query]), (query, column)
    for column in ("sender", "silent_hours"):
        assert f"'{column}'" in text and re.search(rf"\b{column}\b", QUERIES["silent-senders"].splitlines()[-1])


@pytest.mark.parametrize("rule", RULES)
def test_each_alert_says_what_to_do_and_where_to_read_on(rule: str) -> None:
    text = (WATCH / "main.bicep").read_text()
    assert "#${rule.name}" in text
    assert f"name: '{rule}'" in text or f"#{rule}'" in text
    assert f"| `{rule}` |" in (ROOT / "docs" / "watch.md").read_text()
