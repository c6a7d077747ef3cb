"""The diagnosis that rules alone can give: at once, offline, and without a name that the payload does not contain."""

from collections.abc import Iterator

from rca_core.diagnosis.classifier import Classification
from rca_core.diagnosis.diagnosis import Diagnosis, Evidence
from rca_core.diagnosis.entries import Entry, catalogue
from rca_core.diagnosis.texts import quote
from rca_core.foundation.failure import Failure

# Confidence, by how the category was decided. An exact vendor code means one thing; a phrase nearly so; a name, an
# exception class or a status less; a wrapper says little, and nothing found says nothing.
_BASE = {"code": 0.90, "pattern": 0.80, "structure": 0.55, "status": 0.45, "wrapper": 0.30, "none": 0.10}
_FROM_LOG = -0.15  # a log is full of warnings that did not stop the run
_AGREEING = 0.05  # once, when another entry was found that says the same category
_OPPOSING = -0.15  # once, when another entry of no less weight says another category
_UNKNOWN = 0.20  # the most that Unknown can have
_MOST = 0.95

_LOOK = {
    "adf": (
        "Open the pipeline run in the Data Factory monitor and read the output of the failed activity.",
        "If the activity called other compute (Databricks, Batch, HDInsight, a child pipeline), follow its run link.",
    ),
    "databricks": (
        "Open the run page, then the failed task, and read its output and the driver's log4j and stderr.",
        "Look at the event log of the cluster for a restart, lost nodes or a termination at that time.",
    ),
    "airflow": (
        "Open the task's log in Airflow and read it upwards from its end to the first error that was raised.",
        "If the task started a job elsewhere, take that job's id from the log and open its log there.",
    ),
    "azure-monitor": (
        "Open the alert in the Azure portal and look at the affected resource's activity log and resource health.",
        "If the rule runs a query, run it for the time of the alert to see the rows behind it.",
    ),
}
_SAYS_ONLY_THAT_IT_FAILED = {"FAILED", "FAILURE", "ERROR", "TIMEDOUT", "INTERNAL_ERROR", "RUN_EXECUTION_ERROR"}
_AFTERWARDS = "Rerun only once the cause is known, or if the step is safe to repeat."


def analyse(failure: Failure, classification: Classification) -> Diagnosis:
    """The rule-based diagnosis of a failure that has been classified. Pure; never raises.

    `confidence` = what `how` the category was decided gives (`_BASE`), corrected by the place it was found, by
    agreement and by contradiction; at most 0.95, and at most 0.20 for Unknown.
    """
    entry = catalogue().entries.get(classification.entry or "")
    evidence = tuple(_evidence(failure, classification))
    return Diagnosis(
        cause=f"{_subject(failure)}: {_why(failure, entry, evidence)}",
        recommendations=_recommendations(failure, classification, entry),
        confidence=_confidence(classification),
        engine="rules",
        engine_reason=_engine_reason(failure, classification, entry),
        category=classification.category,
        retryable=classification.retryable,
        reason=classification.reason,
        entry=classification.entry,
        evidence=evidence,
        docs=(entry.docs,) if entry is not None and entry.docs and _concerns(entry.docs, failure) else (),
    )


def _concerns(docs: str, failure: Failure) -> bool:
    """Whether the page is about the system that failed: one on Data Factory helps nobody with Airflow."""
    return "/data-factory/" not in docs or failure.source == "adf"


def _engine_reason(failure: Failure, classification: Classification, entry: Entry | None) -> str:
    if entry is not None and classification.category != "Unknown":
        return "Answered by the catalogue of known errors."
    if not (failure.error_code or failure.message.strip() or failure.log):
        return "The notification carries no error text to look up."
    return "The catalogue of known errors has no entry that explains this text."


def _confidence(classification: Classification) -> float:
    value = _BASE[classification.how]
    if classification.where == "log":
        value += _FROM_LOG
    if classification.agreeing:
        value += _AGREEING
    if classification.opposing:
        value += _OPPOSING
    most = _UNKNOWN if classification.category == "Unknown" else _MOST
    return round(max(0.05, min(value, most)), 2)


def _subject(failure: Failure) -> str:
    """What failed, in the sender's own names."""
    named = failure.entity

    def of(*keys: str) -> str:
        return next((str(named[key]) for key in keys if named.get(key) not in (None, "")), "")

    if failure.source == "adf":
        parts = _parts(("Pipeline", of("pipeline") or failure.pipeline), ("activity", of("activity")))
    elif failure.source == "airflow":
        parts = _parts(("DAG", of("dag_id") or failure.pipeline), ("task", of("task_id")))
    elif failure.source == "databricks":
        cluster = of("cluster_name", "cluster_id")
        job = of("job_name") or ("" if failure.pipeline.startswith("cluster ") else failure.pipeline)
        job = job.removeprefix("job ") if job.startswith("job ") else job
        parts = _parts(("Job", job), ("task", of("task_key")), ("cluster", cluster if not job else ""))
    else:
        parts = _parts(("Alert", of("alert_rule") or failure.pipeline))
    return parts or failure.title or "The run"


def _parts(*pairs: tuple[str, str]) -> str:
    text = ", ".join(f"{kind} {value}" for kind, value in pairs if value)
    return text[:1].upper() + text[1:]


def _why(failure: Failure, entry: Entry | None, evidence: tuple[Evidence, ...]) -> str:
    if _is_bare_alert(failure) and (entry is None or entry.category == "Unknown"):
        return f"the alert fired; it carries no error text. {failure.title}"
    said = next((_readable(item.quote, failure) for item in evidence if item.where != "error_code"), "")
    known_code = failure.error_code or ""
    telling = known_code and known_code.upper() not in _SAYS_ONLY_THAT_IT_FAILED and known_code not in said
    code = f" (code {known_code})" if telling else ""
    cause = entry.cause if entry is not None else "The text names no cause that the catalogue knows."
    if not cause[1:2].isupper() and not cause.startswith(_NAMES):
        cause = f"{cause[:1].lower()}{cause[1:]}"
    if said:
        return f"{cause} The error{code} says: “{said}”"
    if failure.error_code:
        return f"{cause} The sender gave no error text, only the code {failure.error_code}."
    return "the notification carries no error text, so the cause is not known yet."


def _is_bare_alert(failure: Failure) -> bool:
    """Whether all that the sender says is that a rule of the operator's fired, and the rule's own description."""
    described = str(failure.entity.get("alert_description", ""))
    return failure.source == "azure-monitor" or (failure.source == "adf" and failure.message.strip() == described != "")


def _readable(quoted: str, failure: Failure) -> str:
    """The quote with dots where the sentence goes on."""
    text = f"{failure.message}\n{failure.log or ''}"
    at = text.find(quoted)
    if at < 0:
        return quoted
    before, after = text[at - 1 : at] if at else "", text[at + len(quoted) : at + len(quoted) + 1]
    return f"{'' if before in ('', chr(10)) else '…'}{quoted}{'' if after in ('', chr(10), chr(13)) else '…'}"


# Words that keep their capital inside a sentence.
_NAMES = (
    "Azure",
    "Databricks",
    "Data Factory",
    "Delta",
    "Microsoft",
    "MySQL",
    "Oracle",
    "Snowflake",
    "Spark",
    "SQL Server",
)


def _evidence(failure: Failure, classification: Classification) -> Iterator[Evidence]:
    """The quote that decided first, then the vendor's code, the start of the message and the end of the log."""
    given: set[str] = set()

    def new(text: str, where: str) -> Iterator[Evidence]:
        if text and not any(text in earlier for earlier in given):
            given.add(text)
            yield Evidence(text, where)

    if classification.quote:
        yield from new(classification.quote, classification.where)
    if (
        failure.error_code
        and failure.error_code.strip()
        and not any(failure.error_code in earlier for earlier in given)
    ):
        yield from new(quote(failure.error_code.strip(), 0, 1), "error_code")
    message = failure.message
    start = len(message) - len(message.lstrip())
    yield from new(quote(message, start, start + 1) if message.strip() else "", "message")
    log = (failure.log or "").rstrip()
    yield from new(quote(log, len(log) - 1, len(log)) if log else "", "log")


def _recommendations(failure: Failure, classification: Classification, entry: Entry | None) -> tuple[str, ...]:
    look = _LOOK.get(failure.source, _LOOK["azure-monitor"])
    if entry is None:
        return look if failure.source == "azure-monitor" else (*look, _AFTERWARDS)
    if classification.category == "Unknown":
        return (*look, *(text for text in entry.recommendations[-1:]))
    return entry.recommendations
