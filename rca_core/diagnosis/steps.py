"""What to do about a failure, in order: mend the cause, look further, rerun."""

from rca_core.diagnosis.categories import Category
from rca_core.diagnosis.classifier import Classification
from rca_core.diagnosis.entries import Entry
from rca_core.diagnosis.run_commands import look_commands, rerun_command
from rca_core.foundation.failure import Failure

_PAGE = {
    "adf": "Open the pipeline run in the Data Factory monitor and read the output of the failed activity",
    "databricks": "Open the run page, then the failed task, and read its output and the driver's log4j and stderr",
    "airflow": "Open the task's log in Airflow and read it upwards from its end to the first error that was raised",
    "azure-monitor": "Open the alert in the Azure portal and look at the affected resource's activity log and health",
}
_FURTHER = {
    "adf": "If the activity called other compute (Databricks, Batch, a child pipeline), follow its run link.",
    "databricks": "Look at the event log of the cluster for a restart, lost nodes or a termination at that time.",
    "airflow": "If the task started a job elsewhere, take that job's id from the log and open its log there.",
    "azure-monitor": "If the rule runs a query, run it for the time of the alert to see the rows behind it.",
}
_PAGE_KINDS = {"azure-monitor": ("alert", "resource")}
_LONGEST_URL = 500

_PASSES: dict[Category, str] = {
    "NetworkError": "a connection that was cut or not answered usually comes back",
    "DatabaseError": "locks, failovers and crowded databases pass",
    "ResourceExhaustion": "capacity comes back when others have finished",
    "ExternalServiceError": "the other side was busy or down, and recovers",
}
_STAYS: dict[Category, str] = {
    "NetworkError": "a name, a route or a firewall rule does not change by itself",
    "DatabaseError": "the database refuses the same statement again",
    "ResourceExhaustion": "the same work needs the same memory, disk or quota again",
    "AuthenticationError": "a credential or a missing right does not mend itself",
    "DataError": "the same data meets the same check again",
    "ExternalServiceError": "the other side refuses the same request again",
    "ConfigurationError": "a wrong setting stays wrong until somebody changes it",
    "CodeError": "the same code does the same again",
}
# Decided by what is only a hint.
_HINTS = ("structure", "status", "wrapper")
_SAYS_NO_MORE = ("Rerun.", "Rerun once.", "Rerun the activity.")
_SAFE = "if the step is safe to repeat (it may have written part of its output)"


def steps(failure: Failure, classification: Classification, entry: Entry | None) -> tuple[str, ...]:
    """What to do, the first thing first, each a sentence or two; never empty.

    `entry` is the catalogue's entry that decided, if one did. What mends the cause comes first, then where to look,
    then the rerun; where a rerun is likely to pass, the rerun comes first. Commands stand between backticks and are
    built of the sender's ids alone; nothing in a step is taken from a message or a log.
    """
    known = entry is not None and (classification.category != "Unknown" or classification.retryable)
    if not known or entry is None:
        return (*_where_to_look(failure, in_any_case=True), *_rerun_when_known(failure))
    if failure.source == "azure-monitor":
        return (*entry.recommendations, *_where_to_look(failure, in_any_case=False))
    own, mending = _own_rerun(entry, first=classification.retryable)
    looking = _where_to_look(failure, in_any_case=False)
    if classification.retryable:
        return (_rerun_now(failure, classification, own), *mending, *looking)
    return (*mending, *looking, _rerun_once_mended(failure, classification, own))


def _own_rerun(entry: Entry, *, first: bool) -> tuple[str, tuple[str, ...]]:
    """What the entry itself says about the rerun, if it begins or ends with that, and its other recommendations."""
    given = [text for text in entry.recommendations if text not in _SAYS_NO_MORE]
    at = 0 if first else -1
    own = given[at] if given and given[at].startswith("Rerun") else ""
    return own, tuple(text for text in given if text != own)


def _where_to_look(failure: Failure, *, in_any_case: bool) -> tuple[str, ...]:
    """The page of the run and the commands that show it; without either, in words, if that is wanted."""
    found = []
    page, commands = _page(failure), look_commands(failure)
    if page:
        found.append(f"{_PAGE[failure.source]}: {page}")
    elif in_any_case:
        found.append(f"{_PAGE[failure.source]}.")
    found += [f"{command.purpose}: `{command.line}`" for command in commands]
    shows_cluster = any("clusters events" in command.line for command in commands)
    return (*found, _FURTHER[failure.source]) if in_any_case and not shows_cluster else tuple(found)


def _page(failure: Failure) -> str:
    kinds = _PAGE_KINDS.get(failure.source, ("run", "log"))
    pages = (link.url for kind in kinds for link in failure.links if link.kind == kind)
    return next((url for url in pages if len(url) <= _LONGEST_URL), "")


def _rerun_now(failure: Failure, classification: Classification, own: str) -> str:
    why = _PASSES.get(classification.category, "trouble of this kind usually passes by itself")
    again = _only_if_safe(own) if own else f"Run it again {_SAFE}"
    return _with_command(f"Likely to pass on a rerun without a change: {why}. {again}", failure)


def _rerun_once_mended(failure: Failure, classification: Classification, own: str) -> str:
    why = _STAYS.get(classification.category, "what caused it is still there")
    will = "is likely to" if classification.how in _HINTS else "will"
    again = _only_if_safe(own) if own else f"Once the cause is mended, run again what failed {_SAFE}"
    return _with_command(f"A rerun without a change {will} fail again: {why}. {again}", failure)


def _rerun_when_known(failure: Failure) -> tuple[str, ...]:
    if failure.source == "azure-monitor":
        return ()  # an alert has no run
    unknown = "Whether a rerun will pass is not known, because the cause is not."
    return (_with_command(f"{unknown} Rerun only once it is known, or {_SAFE}", failure),)


def _only_if_safe(own: str) -> str:
    return f"{own} Do so only {_SAFE}"


def _with_command(text: str, failure: Failure) -> str:
    command = rerun_command(failure)
    if not command:
        return f"{text}."
    note = " (a run that was repaired before needs `--latest-repair-id` too)" if failure.source == "databricks" else ""
    return f"{text}. The command: `{command}`{note}"
