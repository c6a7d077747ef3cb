"""Jira's webhook, from the request to the message for the worker."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from rca_core import services
from rca_core.foundation.queues import Queue, receive
from rca_core.foundation.settings import settings
from rca_core.tickets.jira_issue import label
from rca_core.tickets.sync import SyncMessage
from rca_core.triggers import jira as door
from tests.jira.conftest import Desk
from tests.jira.server import ACCOUNT, PERSON, SECRET, Delivery, Jira, signed
from tests.support.app import free_port
from tests.support.people import signed_in

OLD_SECRET = "-".join(("old", SECRET))


@pytest.fixture(autouse=True)
def environment(desk: Desk, jira: Jira, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connection = desk.storage._settings.connection_string
    assert connection
    monkeypatch.setenv("AzureWebJobsStorage", connection)
    monkeypatch.setenv("JIRA_BASE_URL", jira.url)
    monkeypatch.setenv("JIRA_API_TOKEN", jira.settings.api_token)
    monkeypatch.setenv("JIRA_PROJECT_KEY", "OPS")
    monkeypatch.setenv("JIRA_WEBHOOK_SECRET", f"{SECRET} {OLD_SECRET}")
    _forget()
    while list(desk.storage.queue(Queue.JIRA_UPDATES).receive_messages(max_messages=32)):
        desk.storage.queue(Queue.JIRA_UPDATES).clear_messages()
    yield
    _forget()


def _forget() -> None:
    settings.cache_clear()
    services.storage.cache_clear()
    services.ticket_store.cache_clear()


def call(function: Any, method: str, body: bytes = b"", headers: Any = None, params: Any = None) -> tuple[int, Any]:
    request = func.HttpRequest(method, "http://localhost/x", headers=headers or {}, params=params or {}, body=body)
    response = function.build().get_user_function()(request)
    return response.status_code, json.loads(response.get_body())


def call_as_admin(function: Any, method: str, body: bytes = b"", params: Any = None) -> tuple[int, Any]:
    return call(function, method, body, signed_in(services.storage(), "admin"), params)


def post(delivery: Delivery) -> tuple[int, Any]:
    return call(door.jira_webhook, "POST", delivery.body, delivery.headers)


def said(document: Any, identifier: str = "", secret: str = SECRET) -> tuple[int, Any]:
    return post(signed(json.dumps(document).encode(), identifier, secret))


def queued(desk: Desk) -> list[SyncMessage]:
    queue = desk.storage.queue(Queue.JIRA_UPDATES)
    found = []
    for message in queue.receive_messages():
        found.append(receive(message.content.encode(), SyncMessage))
        queue.delete_message(message)
    return found


def test_a_move_in_jira_is_accepted_and_moves_the_ticket(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    jira.person_moves(jira.only_issue(), "Fertig")
    assert post(jira.deliveries[-1]) == (200, {"status": "accepted", "ticket_id": ticket.id})
    (message,) = queued(desk)
    assert (message.ticket_id, message.by) == (ticket.id, "Jordan Reyes")
    assert desk.look(ticket, by=message.by).ack_user == "Jordan Reyes"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "X-Hub-Signature must be"),
        ({"x-hub-signature": ""}, "X-Hub-Signature must be"),
        ({"x-hub-signature": "sha1=" + "0" * 40}, "X-Hub-Signature must be"),
        ({"x-hub-signature": "sha256="}, "does not fit"),
        ({"x-hub-signature": "sha256=" + "0" * 64}, "does not fit"),
        ({"x-hub-signature": "sha256=ü\ud800"}, "does not fit"),
    ],
)
def test_a_delivery_without_a_good_signature_is_refused(desk: Desk, headers: Any, words: str) -> None:
    status, problem = call(door.jira_webhook, "POST", b'{"issue": {"id": "1"}}', headers)
    assert status == 401
    assert words in problem["detail"]
    assert SECRET not in json.dumps(problem)


def test_a_tampered_body_and_a_foreign_secret_are_refused(desk: Desk, jira: Jira) -> None:
    delivery = signed(b'{"issue": {"id": "1"}}')
    assert post(Delivery(delivery.headers, b'{"issue": {"id": "2"}}'))[0] == 401
    assert said({"issue": {"id": "1"}}, secret="another")[0] == 401


def test_the_old_secret_is_good_while_both_are_set(desk: Desk) -> None:
    assert said({"issue": {"id": "1"}}, secret=OLD_SECRET)[0] == 200


@pytest.mark.parametrize("without", ["JIRA_WEBHOOK_SECRET", "Jira"])
def test_without_a_secret_everything_is_refused_and_the_answer_says_why(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    monkeypatch.delenv("JIRA_WEBHOOK_SECRET")
    if without == "Jira":
        for name in ("JIRA_BASE_URL", "JIRA_API_TOKEN", "JIRA_PROJECT_KEY"):
            monkeypatch.delenv(name)
    _forget()
    status, problem = said({"issue": {"id": "1"}}, secret="")
    assert status == 401
    assert "JIRA_WEBHOOK_SECRET is not set" in problem["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_answered_400(desk: Desk, body: bytes) -> None:
    assert post(signed(body))[0] == 400


def test_a_delivery_is_heard_once(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    jira.person_moves(jira.only_issue(), "Fertig")
    delivery = signed(jira.deliveries[-1].body, f"3f0a/..?#\\ {ticket.id}")
    assert [post(delivery)[1]["status"] for _ in range(3)] == ["accepted", "ignored", "ignored"]
    assert len(queued(desk)) == 1


def test_small_bodies_are_enough(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    issue = jira.only_issue()
    transition = {"transition": {"to_status": "Fertig"}, "issue": {"id": issue["id"], "key": issue["key"]}}
    labelled = {"issue": {"key": "UNHEARD-1", "fields": {"labels": ["x", label(ticket.id)]}}}
    for body in ({"issue": {"key": issue["key"]}}, {"issue": {"id": issue["id"]}}, transition, labelled):
        assert said(body) == (200, {"status": "accepted", "ticket_id": ticket.id}), body
    assert {message.ticket_id for message in queued(desk)} == {ticket.id}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"issue": None},
        {"issue": []},
        {"issue": {}},
        {"issue": {"id": None, "key": 7, "fields": []}},
        {"issue": {"id": {"a": 1}, "fields": {"labels": "rca"}}},
        {"issue": {"id": "x' or 1 eq 1", "key": "a/b?c#d\\"}},
        {"issue": {"id": "1" * 5_000}},
        {"webhookEvent": 5, "issue": {"id": "77"}, "changelog": {"items": [None, 3]}, "user": "jreyes"},
        {"webhookEvent": "comment_created", "issue": {"id": "77"}},
        {"webhookEvent": "jira:worklog_updated"},
    ],
)
def test_what_says_nothing_about_a_ticket_is_ignored_with_a_reason(desk: Desk, odd: Any) -> None:
    status, answer = said(odd)
    assert (status, answer["status"]) == (200, "ignored")
    assert answer["reason"]
    assert queued(desk) == []


def test_a_strange_time_or_name_does_no_harm(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    for stamp in (10**30, -(10**30), "soon", None, 1.5, True):
        body = {"timestamp": stamp, "issue": {"id": jira.only_issue()["id"]}, "user": {"displayName": "x" * 90_000}}
        assert said(body)[1]["status"] == "accepted"
    assert all(len(message.by) <= 200 for message in queued(desk))


def test_our_own_changes_are_ignored(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    desk.move(ticket, "acknowledged")
    desk.look(ticket)
    ours = [delivery for delivery in jira.deliveries if b"issue_updated" in delivery.body]
    assert ours
    assert {post(delivery)[1]["reason"] for delivery in ours} == {"The change is our own."}
    own = {"accountId": ACCOUNT} if jira.cloud else {"name": "bot"}
    issue = {"id": jira.only_issue()["id"]}
    assert said({"user": own, "issue": issue})[1]["status"] == "ignored"
    assert said({"user": PERSON, "issue": issue})[1]["status"] == "accepted"


def test_other_peoples_issues_are_ignored(desk: Desk, jira: Jira) -> None:
    desk.look(desk.ticket())
    body = {"webhookEvent": "jira:issue_updated", "user": PERSON, "issue": {"id": "555", "key": "OPS-555"}}
    assert said(body)[1] == {"status": "ignored", "reason": "The issue belongs to no ticket."}


def test_a_change_of_other_fields_is_ignored(desk: Desk, jira: Jira) -> None:
    desk.look(desk.ticket())
    jira.person_edits(jira.only_issue(), summary="Mine")
    assert post(jira.deliveries[-1])[1]["status"] == "ignored"


def test_a_deleted_and_a_moved_issue_are_heard_of(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    desk.look(ticket)
    issue = jira.only_issue()
    jira.person_moves_to_project(issue, "OTHER")
    assert post(jira.deliveries[-1])[1]["status"] == "accepted"
    assert desk.look(ticket).itsm_ticket_id == issue["key"]
    assert said({"issue": {"key": issue["key"]}})[1]["ticket_id"] == ticket.id
    jira.person_deletes(issue)
    assert post(jira.deliveries[-1])[1]["status"] == "accepted"
    desk.look(ticket)
    assert desk.actions(ticket)[-1] == "Jira Issue Deleted"


def test_real_bodies_of_jira_are_understood(desk: Desk, jira: Jira, cases: Path) -> None:
    """The issue in them becomes ours; whatever else they hold, they say at most: look."""
    ticket = desk.ticket()
    desk.look(ticket)
    verdicts = {}
    for path in sorted(cases.glob("payloads/jira_*.json")):
        event = json.loads(path.read_text())
        event["issue"]["id"] = jira.only_issue()["id"]
        verdicts[path.stem] = said(event, f"{path.stem} {ticket.id}")[1]["status"]
    assert verdicts.pop("jira_comment_created") == "ignored"
    assert set(verdicts.values()) == {"accepted"}
    assert len(verdicts) >= 5


def test_storage_trouble_is_answered_503(desk: Desk, jira: Jira, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    monkeypatch.setenv("AZURITE_TABLE_PORT", str(free_port()))
    _forget()
    assert said({"issue": {"id": "1"}})[0] == 503


def test_the_table_of_names_is_read_and_changed_over_http(desk: Desk) -> None:
    put = json.dumps({"name": "Wartet / Kunde?", "status": "acknowledged"}).encode()
    assert call_as_admin(door.put_jira_status, "PUT", put) == (
        200,
        {"name": "Wartet / Kunde?", "status": "acknowledged"},
    )
    listed = {"items": [{"name": "Wartet / Kunde?", "status": "acknowledged"}]}
    assert call_as_admin(door.list_jira_statuses, "GET") == (200, listed)
    for wrong in (
        {"name": "", "status": "open"},
        {"name": "x", "status": "shut"},
        {"name": "x" * 101, "status": "open"},
    ):
        assert call_as_admin(door.put_jira_status, "PUT", json.dumps(wrong).encode())[0] == 400
    gone = call_as_admin(door.remove_jira_status, "DELETE", params={"name": "WARTET / kunde?"})
    assert gone == (200, {"items": []})
    assert call_as_admin(door.remove_jira_status, "DELETE")[0] == 400
