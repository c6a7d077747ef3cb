"""What travels with every message: the id of the request that led to it."""

import msgspec
import pytest

from rca_core.foundation import logs
from rca_core.foundation.queues import MAX_MESSAGE_BYTES, fits, receive, request_id_of, written
from rca_core.tickets.announce import LiveUpdate
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.sync import SyncMessage

FAILURE = FailureMessage(
    sender="airflow",
    ticket_id="ARF-20261120T120000-abc123",
    run_hash="0" * 64,
    report_key="load",
    claimed_at="2026-11-20T12:00:00.000Z",
    received_at="2026-11-20T12:00:00.000Z",
    body="{}",
    last=("1" * 64, "load"),
)
MESSAGES = [FAILURE, SyncMessage("ARF-20261120T120000-abc123", by="Ann", tries=3), LiveUpdate("ARF-1", 2, "open")]
# The host copies a message's fields over the trigger's own metadata of these names.
TAKEN = {"id", "dequeuecount", "popreceipt", "insertiontime", "expirationtime", "nextvisibletime", "queuetrigger"}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_bears_the_id_of_its_request_and_is_read_as_it_was(message: msgspec.Struct) -> None:
    with logs.request("4f1c"):
        body = written(message)
    assert request_id_of(body) == "4f1c"
    assert receive(body, type(message)) == message
    assert not TAKEN & {name.lower() for name in msgspec.json.decode(body)}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_of_an_earlier_version_is_read_and_bears_none(message: msgspec.Struct) -> None:
    body = msgspec.json.encode(message)
    assert receive(body, type(message)) == message
    assert request_id_of(body) == ""


@pytest.mark.parametrize("body", [b"\xff", b"nonsense", b"[]", b'{"request_id": 7}'])
def test_what_is_none_of_ours_bears_no_id(body: bytes) -> None:
    assert request_id_of(body) == ""


def test_the_id_counts_towards_what_fits() -> None:
    room = MAX_MESSAGE_BYTES - len(written(SyncMessage("")))
    largest = SyncMessage("x" * room)
    assert fits(largest)
    with logs.request("4f1c"):
        assert not fits(largest)


def test_a_value_cannot_pass_for_another_field(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "rca"), logs.request("4f1c"):
        logs.info("call-refused", reason="no\nticket_id=ADF-1 request_id=0000")
    assert caplog.messages == ["call-refused reason=no ticket_id:ADF-1 request_id:0000 request_id=4f1c"]
