"""The rules of the classifier, one text each, and what a hostile text must not do."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rca_core.diagnosis import CATEGORIES, classify


def category(message: str, code: str | None = None, *, source: str = "generic", log: str | None = None) -> str:
    return classify(source, code, message, log).category


@pytest.mark.parametrize(
    ("message", "expected", "retryable"),
    [
        # Texts that the original system got wrong.
        ("airflow.exceptions.AirflowSensorTimeout: Sensor has timed out", "ExternalServiceError", True),
        ("ValueError: bedroom count must be positive", "CodeError", False),
        ("AssertionError: room_id 12 has no headroom", "CodeError", False),
        ("Task exited with return code Negsignal.SIGKILL", "ResourceExhaustion", False),
        ("Temporary failure in name resolution", "NetworkError", True),
        ("java.net.UnknownHostException: db.corp.example", "NetworkError", False),
        ("The spark driver has stopped unexpectedly and is restarting.", "ResourceExhaustion", True),
        ("Driver is up but is not responsive, likely due to GC.", "ResourceExhaustion", True),
        ("requests.exceptions.ReadTimeout: HTTPSConnectionPool: Read timed out.", "NetworkError", True),
        ("Cluster terminated. Reason: SPOT_INSTANCE_TERMINATION", "ResourceExhaustion", True),
        ("Azure Quota Exceeded: exceeding approved standardDSv2Family Cores quota", "ResourceExhaustion", False),
        # Words inside other words.
        ("TypeError: zoom level must be int", "CodeError", False),
        # Text beats status.
        ("503 Service Unavailable: DNS resolution failed for api.example.com", "NetworkError", True),
        ("403 Forbidden: the quota has been exceeded, rateLimitExceeded", "ResourceExhaustion", True),
        # A status decides when nothing else does.
        ("HTTP 503", "ExternalServiceError", True),
        ("request failed with status code 401", "AuthenticationError", False),
        ("The remote server returned an error: (404) Not Found.", "ConfigurationError", False),
        ("status code: 408", "NetworkError", True),
        ("status 429", "ResourceExhaustion", True),
        # The innermost cause.
        (
            "Operation on target Copy failed: ErrorCode=SqlOperationFailed,'Type=A,Message=A database operation "
            "failed.,Source=,''Type=System.Data.SqlClient.SqlException,Message=Login failed for user 'etl'.,Source=x'",
            "AuthenticationError",
            False,
        ),
        (
            "org.apache.spark.SparkException: Job aborted.\nCaused by: java.lang.OutOfMemoryError: Java heap space",
            "ResourceExhaustion",
            False,
        ),
        # Nothing named.
        ("Job execution failed.", "Unknown", False),
        ("", "Unknown", False),
        ("The run failed.", "Unknown", False),
    ],
)
def test_texts(message: str, expected: str, retryable: bool) -> None:
    result = classify("generic", None, message)
    assert (result.category, result.retryable) == (expected, retryable), result


def test_of_two_causes_the_one_named_first() -> None:
    assert category("The executor ran out of memory, or the network failed") == "ResourceExhaustion"


def test_missing_or_not_allowed() -> None:
    text = "The object does not exist or you do not have permission to see it"
    assert category(text) == "ConfigurationError"
    assert category(f"403 Forbidden: {text}") == "AuthenticationError"


def test_a_code_in_any_spelling() -> None:
    for code in (
        "UserErrorInvalidDataValue",
        "InvalidDataValue",
        "usererrorinvaliddatavalue",
        " UserErrorInvalidDataValue ",
    ):
        assert category("Failure happened on 'Sink' side.", code, source="adf") == "DataError", code
    assert category("", "UNRESOLVED_COLUMN.WITH_SUGGESTION", source="databricks") == "CodeError"


def test_a_code_that_nobody_listed_is_read_by_its_words() -> None:
    result = classify("adf", "DF-Teradata-InvalidAuthConfiguration", "See the details.")
    assert result.category == "ConfigurationError"
    assert result.how == "structure"


def test_a_number_means_what_its_vendor_means() -> None:
    assert category("", "1205", source="generic") == "DatabaseError"
    assert category("", "2103", source="adf") == "ConfigurationError"
    assert category("", "503", source="airflow") == "ExternalServiceError"


def test_advice_is_no_cause() -> None:
    assert category("Copy failed. Please check that the password is invalid or expired.") != "DataError"
    text = "Request failed with status code 500. Make sure the file is not corrupt."
    assert category(text) == "ExternalServiceError"


def test_the_log_decides_when_the_message_says_nothing() -> None:
    log = (
        "INFO start\nTraceback (most recent call last):\n  File 'a.py'\nModuleNotFoundError: No module named 'pandas'\n"
    )
    result = classify("airflow", None, "Task failed with exception", log)
    assert (result.category, result.where) == ("ConfigurationError", "log")
    assert result.quote == "ModuleNotFoundError: No module named 'pandas'"


def test_the_message_is_believed_before_the_log() -> None:
    log = "WARNING connection timed out, retrying\nWARNING connection timed out, retrying\n"
    assert category("NameError: name 'pd' is not defined", log=log) == "CodeError"


def test_sources_of_other_names_are_taken() -> None:
    for source in ("azure-monitor", "generic", "", "something-new"):
        assert category("Connection refused", source=source) == "NetworkError"


def test_nothing_at_all() -> None:
    assert classify("adf", None, None, None).category == "Unknown"


@given(
    source=st.sampled_from(["adf", "databricks", "airflow", "generic"]),
    code=st.none() | st.text(max_size=60),
    message=st.none() | st.text(max_size=300),
    log=st.none() | st.text(max_size=300),
)
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_gives_one_of_nine(source: str, code: str | None, message: str | None, log: str | None) -> None:
    result = classify(source, code, message, log)
    assert result.category in CATEGORIES
    assert result.reason.endswith(".")
    assert len(result.quote) <= 300
    assert result.quote in (message or "") or result.quote in (log or "") or not (message or log or "").isascii()


def test_surrogates_and_controls() -> None:
    assert category("Connection refused \ud800\x00\x1b[31m") == "NetworkError"


def _seconds(text: str, *, log: bool) -> float:
    classify("databricks", None, None if log else text, text if log else None)
    best = 9.0
    for _ in range(3):
        start = time.perf_counter()
        classify("databricks", None, None if log else text, text if log else None)
        best = min(best, time.perf_counter() - start)
    return best


HOSTILE = [
    "Driver Driver ",
    "driver not responding failed start ",
    "cluster start timed out after connection error column missing not found invalid ",
    "Caused by: ",
    "a_b ",
    "('",
    "404 ",
    "éü€ ",
]


@pytest.mark.parametrize("log", [False, True], ids=["message", "log"])
@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_text_is_examined_in_bounded_time(word: str, log: bool) -> None:
    small = _seconds(word * (65_536 // len(word)), log=log)
    large = _seconds(word * (1_048_576 // len(word)), log=log)
    assert large < 1.0  # far below on a quiet machine: only windows of a text are examined
    assert large < 8 * small + 0.2
