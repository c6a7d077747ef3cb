"""docs/costs.md holds the estimate that `python -m bench costs` prints, and that is made of what was counted."""

import re
from collections import Counter

from bench import costs
from tests.infra.templates import INFRA, ROOT, parsed
from tests.support.functions import functions

PAGE = (ROOT / "docs" / "costs.md").read_text()


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|") and not re.match(r"\|[-|: ]+\|$", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_holds_what_the_program_computes() -> None:
    found = rows(PAGE)
    for row in [*costs.usage_table(), *costs.table()]:
        assert row in found, row


def test_the_page_names_each_price_and_where_to_check_it() -> None:
    found = rows(PAGE)
    for what, price in costs.PRICES.items():
        assert [what, f"{price.dollars:g}", f"{price.units:,.0f}", f"{price.free:,.0f}", price.page] in found, what


def test_requests_are_those_that_were_counted() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    section = page.partition("## requests")[2].partition("\n## ")[0]
    counted = Counter(row[1] for row in rows(section) if row[1] in costs.REQUESTS_OF_A_FAILURE)
    assert counted == costs.REQUESTS_OF_A_FAILURE


def test_executions_are_those_of_the_functions_that_a_failure_passes_through() -> None:
    passed = {"azure_monitor", "triage_failure", "send_live_update"}
    assert passed <= set(functions())
    assert len(passed) == costs.EXECUTIONS_OF_A_FAILURE
    triggers = Counter(function.get_trigger().type for function in functions().values())
    assert triggers["queueTrigger"] == costs.TRIGGERING_QUEUES


def test_each_timer_is_counted() -> None:
    """A timer that is added must be added to the estimate as well."""
    schedules = {
        name: function.get_trigger().schedule
        for name, function in functions().items()
        if function.get_trigger().type == "timerTrigger"
    }
    assert schedules == {"watch_sla": "0 * * * * *", "remove_old": "0 30 0-5 * * *"}
    assert len(range(0, 5 + 1)) == costs.RETENTION_RUNS_OF_A_NIGHT


def test_the_instance_is_the_one_of_the_template() -> None:
    memory = parsed(INFRA / "main.bicep")["parameters"]["instanceMemoryMB"]["default"]
    assert memory == costs.INSTANCE_GB * 1024


def test_no_bill_goes_below_nothing_and_the_model_keeps_its_budget() -> None:
    assert costs.cost("executions", 10) == 0
    assert costs.model_calls(1_000_000) == 15_000
    assert costs.signalr_units(10_000) == 0
    assert costs.signalr_units(2_000_000) == 2
