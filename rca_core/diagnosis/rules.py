"""The diagnosis that rules alone can give: at once, offline, and without a name that the payload does not contain."""

from collections.abc import Iterator, Sequence

import msgspec

from rca_core.diagnosis.classifier import Classification
from rca_core.diagnosis.diagnosis import Diagnosis, DocumentNote, Evidence
from rca_core.diagnosis.documents import Document, Excerpt
from rca_core.diagnosis.entries import Entry, catalogue
from rca_core.diagnosis.fingerprint import says_more_than_failed
from rca_core.diagnosis.quotes import Located, find
from rca_core.diagnosis.steps import steps
from rca_core.diagnosis.texts import quote
from rca_core.foundation.failure import Failure

# Confidence, by how the category was decided. An exact vendor code means one thing; a phrase nearly so; a name, an
# exception class or a status less; a wrapper says little, and nothing found says nothing.
_BASE = {
    "code": (0.90, "an exact vendor code decided"),
    "pattern": (0.80, "a known phrase decided"),
    "structure": (0.55, "the shape of a name decided"),
    "status": (0.45, "a status alone decided"),
    "wrapper": (0.30, "only a wrapper was recognised, not what it wraps"),
    "none": (0.10, "nothing was recognised"),
}
_FROM_LOG = (-0.15, "it stands in the log, which is full of warnings that did not stop the run")
_AGREEING = (0.05, "something else in the text says the same category")
_OPPOSING = (-0.15, "something else of no less weight says another category")
_LEAST = 0.05
_UNKNOWN = 0.20  # the most that Unknown can have
_MOST = 0.95


def analyse(failure: Failure, classification: Classification, documents: Sequence[Document] = ()) -> Diagnosis:
    """The rule-based diagnosis of a failure that has been classified. Pure; never raises.

    `confidence` = what `how` the category was decided gives (`_BASE`), corrected by the place it was found, by
    agreement and by contradiction; at most 0.95, and at most 0.20 for Unknown. With `documents`, evidence names the
    document and the lines where it stands, and what stands in none of them is left out.
    """
    entry = catalogue().entries.get(classification.entry or "")
    evidence = tuple(_evidence(failure, classification, documents))
    confidence, why = _confidence(classification)
    return Diagnosis(
        cause=f"{_subject(failure)}: {_why(failure, entry, evidence, documents)}",
        recommendations=steps(failure, classification, entry),
        confidence=confidence,
        confidence_why=why,
        engine="rules",
        engine_reason=_engine_reason(failure, classification, entry),
        category=classification.category,
        retryable=classification.retryable,
        reason=classification.reason,
        entry=classification.entry,
        evidence=evidence,
        documents=tuple(map(_note, documents)),
        docs=(entry.docs,) if entry is not None and entry.docs and _concerns(entry.docs, failure) else (),
    )


def _note(document: Document) -> DocumentNote:
    return DocumentNote(
        id=document.id,
        kind=document.kind,
        archived=document.archived,
        lines=Excerpt(document, ()).total_lines,
        truncated=document.truncated,
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


def _confidence(classification: Classification) -> tuple[float, tuple[str, ...]]:
    """From 0.05 to 0.95, and a line for each thing it was made of."""
    terms = [_BASE[classification.how]]
    terms += [_FROM_LOG] if classification.where == "log" else []
    terms += [_AGREEING] if classification.agreeing else []
    terms += [_OPPOSING] if classification.opposing else []
    why = [f"{value:+.2f} {what}" for value, what in terms]
    most, when = (_UNKNOWN, "for Unknown") if classification.category == "Unknown" else (_MOST, "in any case")
    value = round(sum(value for value, _ in terms), 2)
    if value > most:
        why.append(f"at most {most:.2f} {when}")
    return max(_LEAST, min(value, most)), tuple(why)


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


def _why(failure: Failure, entry: Entry | None, evidence: tuple[Evidence, ...], documents: Sequence[Document]) -> str:
    if _is_bare_alert(failure) and (entry is None or entry.category == "Unknown"):
        return f"the alert fired; it carries no error text. {failure.title}"
    told = next((item for item in evidence if item.where != "error_code"), None)
    said = _readable(told.quote, _text_of(told, failure, documents)) if told is not None else ""
    known_code = failure.error_code or ""
    telling = says_more_than_failed(known_code) and known_code not in said
    code = f" (code {known_code})" if telling else ""
    cause = entry.cause if entry is not None else "The text names no cause that the catalogue knows."
    if not cause[1:2].isupper() and not cause.startswith(_NAMES):
        cause = f"{cause[:1].lower()}{cause[1:]}"
    if said:
        return f"{cause} The error{code} says: “{said}”"
    if failure.message.strip() or (failure.log or "").strip():
        return cause
    if failure.error_code:
        return f"{cause} The sender gave no error text, only the code {failure.error_code}."
    return "the notification carries no error text, so the cause is not known yet."


def _is_bare_alert(failure: Failure) -> bool:
    """Whether all that the sender says is that a rule of the operator's fired, and the rule's own description."""
    described = str(failure.entity.get("alert_description", ""))
    return failure.source == "azure-monitor" or (failure.source == "adf" and failure.message.strip() == described != "")


def _text_of(told: Evidence, failure: Failure, documents: Sequence[Document]) -> str:
    """The text that a quote was taken from."""
    named = (document.text for document in documents if document.id == told.document)
    return next(named, f"{failure.message}\n{failure.log or ''}")


def _readable(quoted: str, text: str) -> str:
    """The quote with dots where the sentence goes on."""
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


def _evidence(failure: Failure, classification: Classification, documents: Sequence[Document]) -> Iterator[Evidence]:
    quotes = _quotes(failure, classification)
    placed = (_placed(text, where, documents) for text, where in quotes) if documents else _unplaced(quotes)
    kept = (item for item in placed if item is not None)
    for number, item in enumerate(kept, 1):
        yield msgspec.structs.replace(item, id=f"E{number}")


def _unplaced(quotes: Iterator[tuple[str, str]]) -> Iterator[Evidence]:
    return (Evidence(quote=text, where=where) for text, where in quotes)


def _placed(text: str, where: str, documents: Sequence[Document]) -> Evidence | None:
    """The quote with its document and lines; None where it stands in none of them."""
    found = _code_in(text, documents) if where == "error_code" else find(text, documents, last=where == "log")
    if found is None:
        return None
    return Evidence(
        quote=found.quote,
        where=where if where == "error_code" or found.document.kind == "report" else found.document.kind,
        document=found.document.id,
        line_start=found.line_start,
        line_end=found.line_end,
    )


def _code_in(code: str, documents: Sequence[Document]) -> Located | None:
    """Where a document names the code as one; a bare number elsewhere may be anything."""
    named = find(f"Error code: {code}", documents)
    return named if named is not None or code.isdigit() else find(code, documents)


def _quotes(failure: Failure, classification: Classification) -> Iterator[tuple[str, str]]:
    """The quote that decided first, then the vendor's code, the start of the message and the end of the log."""
    given: set[str] = set()

    def new(text: str, where: str) -> Iterator[tuple[str, str]]:
        if text and not any(text in earlier for earlier in given):
            given.add(text)
            yield text, where

    if classification.quote:
        yield from new(classification.quote, classification.where)
    code = (failure.error_code or "").strip()
    yield from new(quote(code, 0, 1) if code else "", "error_code")
    message = failure.message
    start = len(message) - len(message.lstrip())
    yield from new(quote(message, start, start + 1) if message.strip() else "", "message")
    log = (failure.log or "").rstrip()
    yield from new(quote(log, len(log) - 1, len(log)) if log else "", "log")
