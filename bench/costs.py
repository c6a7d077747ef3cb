"""What the assistant costs a month on Azure, from counted requests and list prices: docs/costs.md.

Nothing is measured here: what was counted is named, what is assumed is said to be, and every price must be checked on
the page that it names before anybody relies on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from bench.figures import show_table

FAILURES = (100, 10_000, 1_000_000)

DAYS = 30
MINUTES = DAYS * 24 * 60

# Counted in docs/benchmarks.md, "requests: storage requests for each failure".
REQUESTS_OF_A_FAILURE = {"table": 6, "queue": 6, "blob": 2}
# Webhook, triage, live update.
EXECUTIONS_OF_A_FAILURE = 3

# Assumed; docs/costs.md says why.
CALLS_OF_PEOPLE = 20_000
INSTANCE_GB = 2
SECONDS_OF_AN_EXECUTION = 1
TABLE_REQUESTS_OF_A_MINUTE = 13
BLOB_REQUESTS_OF_A_MINUTE = 5
TRIGGERING_QUEUES = 10
POLLS_OF_A_MINUTE = 6
TABLE_KB_OF_A_FAILURE = 10
BLOB_KB_OF_A_FAILURE = 5
LOG_KB_OF_AN_EXECUTION = 4.5
OPEN_PAGES = 10
HINTS_OF_A_FAILURE = 2
SECRETS = 9
READS_OF_A_SECRET = 330
TOKENS_IN, TOKENS_OUT = 8_000, 2_000
# What GEMINI_DAILY_BUDGET is unless it is set.
MODEL_CALLS_OF_A_DAY = 500

_KB_OF_A_GB = 1_000_000


class Price(NamedTuple):
    """Dollars for so many units; so many units a month are free. `page` is the price list to check it on."""

    dollars: float
    units: float
    page: str
    free: float = 0


PRICES = {
    "executions": Price(0.40, 1_000_000, "Azure Functions pricing: Flex Consumption, on demand", free=250_000),
    "GB-seconds": Price(26, 1_000_000, "Azure Functions pricing: Flex Consumption, on demand", free=100_000),
    "table requests": Price(0.00036, 10_000, "Azure Table Storage pricing"),
    "queue requests": Price(0.004, 10_000, "Azure Queue Storage pricing: general purpose v2"),
    "blob writes": Price(0.0625, 10_000, "Azure Blob Storage pricing: hot, ZRS"),
    "other blob requests": Price(0.0044, 10_000, "Azure Blob Storage pricing: hot, ZRS"),
    "GB in tables": Price(0.0563, 1, "Azure Table Storage pricing: ZRS"),
    "GB in blobs": Price(0.023, 1, "Azure Blob Storage pricing: hot, ZRS"),
    "GB of logs": Price(2.30, 1, "Azure Monitor pricing: Analytics Logs, pay as you go", free=5),
    "SignalR unit-days": Price(1.61, 1, "Azure SignalR Service pricing: Standard"),
    "Static Web Apps": Price(9.00, 1, "Azure Static Web Apps pricing: Standard"),
    "Key Vault operations": Price(0.03, 10_000, "Azure Key Vault pricing: Standard, secrets operations"),
}

# Dollars for a million tokens in and out: "Gemini Developer API pricing", paid tier.
MODELS = {"Gemini 2.5 Flash": (0.30, 2.50), "Gemini 3.5 Flash": (1.50, 9.00)}

RETENTION_RUNS_OF_A_NIGHT = 6

_FREE_MESSAGES_OF_A_DAY = 20_000
_MESSAGES_OF_A_UNIT = 1_000_000


def executions(failures: int) -> int:
    """Function executions a month: those of failures, the timers of the SLA and of retention, and people's pages."""
    return failures * EXECUTIONS_OF_A_FAILURE + MINUTES + DAYS * RETENTION_RUNS_OF_A_NIGHT + CALLS_OF_PEOPLE


def signalr_units(failures: int) -> int:
    """Units of SignalR Service; none while the free tier is enough."""
    messages_of_a_day = failures * HINTS_OF_A_FAILURE * OPEN_PAGES / DAYS
    return 0 if messages_of_a_day <= _FREE_MESSAGES_OF_A_DAY else 1 + int(messages_of_a_day // _MESSAGES_OF_A_UNIT)


def usage(failures: int) -> dict[str, float]:
    """Units a month of each price."""
    return {
        "executions": executions(failures),
        "GB-seconds": executions(failures) * SECONDS_OF_AN_EXECUTION * INSTANCE_GB,
        "table requests": failures * REQUESTS_OF_A_FAILURE["table"] + MINUTES * TABLE_REQUESTS_OF_A_MINUTE,
        "queue requests": failures * REQUESTS_OF_A_FAILURE["queue"] + MINUTES * TRIGGERING_QUEUES * POLLS_OF_A_MINUTE,
        "blob writes": failures * REQUESTS_OF_A_FAILURE["blob"] + MINUTES,
        "other blob requests": MINUTES * (BLOB_REQUESTS_OF_A_MINUTE - 1),
        "GB in tables": failures * TABLE_KB_OF_A_FAILURE / _KB_OF_A_GB,
        "GB in blobs": failures * BLOB_KB_OF_A_FAILURE / _KB_OF_A_GB,
        "GB of logs": executions(failures) * LOG_KB_OF_AN_EXECUTION / _KB_OF_A_GB,
        "SignalR unit-days": signalr_units(failures) * DAYS,
        "Static Web Apps": 1,
        "Key Vault operations": SECRETS * READS_OF_A_SECRET,
    }


def cost(what: str, units: float) -> float:
    """Dollars for so many units a month."""
    price = PRICES[what]
    return max(0.0, units - price.free) / price.units * price.dollars


def model_calls(failures: int) -> int:
    """Calls to the model a month: one a failure, within the daily budget."""
    return min(failures, MODEL_CALLS_OF_A_DAY * DAYS)


def model_cost(model: str, failures: int) -> float:
    """Dollars a month for the model."""
    of_input, of_output = MODELS[model]
    return model_calls(failures) * (TOKENS_IN * of_input + TOKENS_OUT * of_output) / 1_000_000


def table() -> list[list[str]]:
    """Header and rows of the estimate: dollars a month at each number of failures."""
    rows = [["dollars a month", *(f"{failures:,} failures" for failures in FAILURES)]]
    rows += [_row(what, lambda failures, what=what: cost(what, usage(failures)[what])) for what in PRICES]
    rows.append(_row("together", lambda failures: sum(cost(what, units) for what, units in usage(failures).items())))
    rows += [_row(f"{model}, if used", lambda failures, model=model: model_cost(model, failures)) for model in MODELS]
    return rows


def usage_table() -> list[list[str]]:
    """Header and rows of what is used a month."""
    rows = [["units a month", *(f"{failures:,} failures" for failures in FAILURES)]]
    for what in PRICES:
        rows.append([what, *(_amount(usage(failures)[what]) for failures in FAILURES)])
    return rows


def run() -> dict[str, Any]:
    """Prints the estimate and returns it as figures."""
    for header, *rows in (usage_table(), table()):
        show_table(header, rows)
        print()
    return {
        "usage": {str(failures): usage(failures) for failures in FAILURES},
        "dollars": {row[0]: dict(zip(map(str, FAILURES), row[1:], strict=True)) for row in table()[1:]},
    }


def _row(what: str, dollars: Callable[[int], float]) -> list[str]:
    return [what, *(f"{dollars(failures):,.2f}" for failures in FAILURES)]


def _amount(units: float) -> str:
    return f"{units:,.0f}" if units == int(units) else f"{units:,.2f}"
