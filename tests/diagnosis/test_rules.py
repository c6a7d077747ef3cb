"""What the rule-based diagnosis says to people."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rca_core.diagnosis import Diagnosis, analyse, classify
from rca_core.diagnosis.documents import Document, report_text
from rca_core.foundation.failure import Failure


def failure(**changes: object) -> Failure:
    base = Failure(
        source="adf",
        run_key=("adf", "adf-sales", "run-1"),
        report_key="0",
        pipeline="pl_load_sales_daily",
        title="Pipeline pl_load_sales_daily failed",
        message="",
        entity={"pipeline": "pl_load_sales_daily", "activity": "CopyOrdersToLake"},
    )
    return msgspec.structs.replace(base, **changes)


def diagnose(it: Failure) -> Diagnosis:
    return analyse(it, classify(it.source, it.error_code, it.message, it.log))


def test_it_reads_like_an_answer() -> None:
    text = "A network-related or instance-specific error occurred while establishing a connection to SQL Server."
    found = diagnose(failure(message=f"Cannot connect.\n{text}", error_code="SqlFailedToConnect"))
    assert found.cause.startswith("Pipeline pl_load_sales_daily, activity CopyOrdersToLake: the client could not")
    assert text in found.cause
    assert "SqlFailedToConnect" in found.cause
    assert found.category == "NetworkError" and found.retryable
    assert found.engine == "rules"
    assert found.evidence[0].quote == text and found.evidence[0].where == "message"
    assert found.docs[0].startswith("https://")


def test_only_a_code() -> None:
    found = diagnose(
        failure(source="databricks", error_code="DRIVER_EVICTION", entity={"job_name": "nightly", "task_key": "t"})
    )
    assert found.cause.startswith("Job nightly, task t: ")
    assert "no error text, only the code DRIVER_EVICTION" in found.cause


def test_no_text_and_no_code() -> None:
    found = diagnose(failure(source="azure-monitor", entity={}, pipeline="cpu too high"))
    assert found.cause.startswith("Alert cpu too high: ")
    assert "carries no error text" in found.cause
    assert "carries no error text" in found.engine_reason
    assert found.category == "Unknown"


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("adf", "Data Factory monitor"),
        ("databricks", "run page"),
        ("airflow", "task's log"),
        ("azure-monitor", "portal"),
    ],
)
def test_unknown_says_where_to_look(source: str, word: str) -> None:
    found = diagnose(failure(source=source, message="The run failed."))
    assert found.category == "Unknown"
    assert found.confidence <= 0.2
    assert any(word in text for text in found.recommendations)


def test_confidence_falls_with_the_means() -> None:
    by_code = diagnose(failure(error_code="ParquetInvalidFile", message="File is not a valid Parquet file."))
    by_pattern = diagnose(failure(message="connection refused"))
    by_status = diagnose(failure(message="HTTP 502"))
    unknown = diagnose(failure(message="it failed"))
    values = [found.confidence for found in (by_code, by_pattern, by_status, unknown)]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[1] > values[2] > values[3] > 0
    in_log = diagnose(failure(message="it failed", log="connection refused"))
    assert in_log.confidence < by_pattern.confidence


@given(message=st.text(max_size=400), code=st.none() | st.text(max_size=40), log=st.none() | st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_quotes_are_verbatim_and_short(message: str, code: str | None, log: str | None) -> None:
    found = diagnose(failure(message=message, error_code=code, log=log))
    said = f"{message}\0{code}\0{log}".encode("utf-8", "replace").decode()
    for item in found.evidence:
        assert item.quote in said
        assert 0 < len(item.quote) <= 300
    assert found.recommendations
    msgspec.json.encode(found)


def test_a_long_line_is_cut_around_what_decided() -> None:
    text = "x" * 5000 + " connection refused " + "y" * 5000
    found = diagnose(failure(message=text))
    assert "connection refused" in found.evidence[0].quote
    assert len(found.evidence[0].quote) <= 300


def document(number: int, kind: str, text: str) -> Document:
    return Document(id=f"D{number}", kind=kind, text=text, archived=f"blob-{number}", truncated=number > 1)


def with_documents(it: Failure, *documents: Document) -> Diagnosis:
    return analyse(it, classify(it.source, it.error_code, it.message, it.log), documents)


def test_evidence_names_the_document_and_the_lines_where_it_stands() -> None:
    message = "Cannot copy.\nconnection refused by orders-sql\nGood bye."
    log = "start\nconnection refused by orders-sql\nThe driver was lost."
    told = failure(message=message, error_code="2200")
    documents = (document(1, "report", report_text(told)), document(2, "databricks task output", log))
    found = with_documents(msgspec.structs.replace(told, log=log), *documents)
    placed = [
        (item.id, item.document, item.line_start, item.line_end, item.where, item.quote) for item in found.evidence
    ]
    assert placed == [
        ("E1", "D1", 3, 3, "message", "connection refused by orders-sql"),
        ("E2", "D1", 1, 1, "error_code", "Error code: 2200"),
        ("E3", "D1", 2, 2, "message", "Cannot copy."),
        ("E4", "D2", 3, 3, "databricks task output", "The driver was lost."),
    ]
    assert "“connection refused by orders-sql”" in found.cause
    assert [(note.id, note.kind, note.archived, note.lines, note.truncated) for note in found.documents] == [
        ("D1", "report", "blob-1", 4, False),
        ("D2", "databricks task output", "blob-2", 3, True),
    ]


def test_what_stands_in_no_document_is_no_evidence() -> None:
    it = failure(message="connection refused", error_code="2200")
    found = with_documents(it, document(1, "report", "Port 22001 was open."))
    assert found.evidence == ()
    assert found.category == "NetworkError"
    assert "“" not in found.cause


@given(message=st.text(max_size=300), code=st.none() | st.text(max_size=40), log=st.none() | st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_every_quote_stands_in_its_lines(message: str, code: str | None, log: str | None) -> None:
    it = failure(message=message, error_code=code, log=log)
    only = document(1, "report", report_text(it))
    for item in with_documents(it, only).evidence:
        lines = only.text.split("\n")[item.line_start - 1 : item.line_end]
        assert item.quote in "\n".join(lines)


def test_confidence_says_what_it_was_made_of() -> None:
    found = diagnose(failure(message="it failed", log="connection refused"))
    assert found.confidence_why[0] == "+0.80 a known phrase decided"
    assert found.confidence_why[1].startswith("-0.15 it stands in the log")
    assert found.confidence == 0.65
    unknown = diagnose(failure(message="Operation on target Copy failed"))
    assert unknown.category == "Unknown"
    assert unknown.confidence <= 0.2
    assert len(unknown.confidence_why) >= 1
