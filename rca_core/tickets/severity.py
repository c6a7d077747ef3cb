"""How bad it is: rules on the alert's own severity, the category and the environment; never a model.

Azure Monitor's scale is Sev0 critical, Sev1 error, Sev2 warning, Sev3 informational, Sev4 verbose
("Azure Monitor alerts overview", Azure documentation).
"""

from collections.abc import Iterator

from rca_core.foundation.failure import Failure
from rca_core.tickets.ticket import SEVERITIES, Severity

_OF_ALERT: dict[str, Severity] = {
    "sev0": "Critical",
    "sev1": "High",
    "sev2": "Medium",
    "sev3": "Low",
    "sev4": "Low",
}
# A bad credential or a used-up quota stops everything that uses it, not one run, and does not pass by itself.
_OF_CATEGORY: dict[str, Severity] = {"AuthenticationError": "High", "ResourceExhaustion": "High"}
_PRODUCTION = frozenset({"prod", "prd", "production"})
_NOT_PRODUCTION = frozenset({"dev", "development", "test", "tst", "qa", "uat", "sandbox", "staging", "stg"})
_ENVIRONMENT_LABELS = frozenset({"environment", "env", "stage"})
# Names that people give to places; what they call a pipeline or a table ("ab test results") says nothing about where.
_PLACES = ("factory", "resource_id", "deployment", "cluster_name")


def severity_of(failure: Failure, category: str) -> tuple[Severity, str]:
    """The severity and the sentence that says why."""
    environment = environment_of(failure)
    stated = _OF_ALERT.get((failure.alert_severity or "").lower())
    if stated:
        severity, reason = stated, f"the alert says {failure.alert_severity}"
    else:
        severity = _OF_CATEGORY.get(category, "Medium")
        reason = f"{category} is {severity}"
        if environment in _PRODUCTION:
            severity, reason = _shift(severity, -1), f"{reason}, one higher in '{environment}'"
    if environment in _NOT_PRODUCTION:
        severity, reason = _shift(severity, +1), f"{reason}, one lower in '{environment}'"
    return severity, reason


def environment_of(failure: Failure) -> str | None:
    """The environment that a label states, else one that the name of a place contains as a word; else None."""
    for name, value in failure.labels.items():
        if name.lower() in _ENVIRONMENT_LABELS and value.strip():
            return value.strip().lower()
    known = _PRODUCTION | _NOT_PRODUCTION
    return next((word for word in _words_in_names(failure) if word in known), None)


def _words_in_names(failure: Failure) -> Iterator[str]:
    for place in _PLACES:
        name = str(failure.entity.get(place, "")).lower()
        separated = "".join(character if character.isalnum() else " " for character in name)
        yield from separated.split()


def _shift(severity: Severity, steps: int) -> Severity:
    return SEVERITIES[max(0, min(len(SEVERITIES) - 1, SEVERITIES.index(severity) + steps))]
