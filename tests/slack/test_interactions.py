"""Buttons: who proves to be Slack may move a ticket, in a person's name, once."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import azure.functions as func
import msgspec
import pytest
from azure.core.exceptions import ServiceRequestError

from rca_core import services
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket
from rca_core.triggers import guard
from rca_core.triggers import slack as module
from tests.slack.conftest import Desk, make_settings
from tests.slack.server import SIGNING_SECRET, Fault, Posted, signed
from tests.support.making import made

OLD_SECRET = "signing" + "-secret-old"

Deliver = Callable[..., func.HttpResponse]


@pytest.fixture(scope="module")
def function() -> Callable[[func.HttpRequest], func.HttpResponse]:
    app = func.FunctionApp()
    app.register_functions(module.blueprint)
    [only] = app.get_functions()
    bound: Callable[[func.HttpRequest], func.HttpResponse] = only.get_user_function()
    return bound


@pytest.fixture
def deliver(desk: Desk, function: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deliver]:
    """Delivers a request to the door, and what the door announces to the queue."""
    monkeypatch.setattr(services, "storage", lambda: desk.storage)
    monkeypatch.setattr(services, "ticket_store", lambda: desk.store)
    monkeypatch.setattr(module, "settings", lambda: desk.settings)
    monkeypatch.setattr(guard, "settings", lambda: desk.settings)

    def call(body: bytes, headers: dict[str, str]) -> func.HttpResponse:
        answered: func.HttpResponse = function(
            func.HttpRequest(method="POST", url="/slack/interactions", headers=headers, body=body)
        )
        return answered

    yield call


@pytest.fixture
def press(desk: Desk, deliver: Deliver) -> Callable[..., func.HttpResponse]:
    return lambda card, action, **more: deliver(*signed(desk.server.pressed(card, action, **more)))


def status(desk: Desk, ticket: Ticket) -> str:
    return desk.store.get(ticket.id).status


def moves(desk: Desk, ticket: Ticket) -> list[tuple[str, str, str]]:
    quiet = ("Ticket Created", "Slack Message Posted")
    entries = desk.store.audit_of(ticket.id)
    return [(entry.action, entry.user, entry.origin) for entry in entries if entry.action not in quiet]


def test_a_button_moves_the_ticket_in_the_persons_name_and_the_message_follows(desk: Desk, press: Any) -> None:
    ticket, card = desk.posted()
    assert press(card, "rca_in_progress").status_code == 200
    desk.announce(ticket)
    desk.run()
    assert "In progress" in card.shown
    assert press(card, "rca_acknowledge").status_code == 200
    desk.announce(ticket)
    desk.run()
    assert "Acknowledged by primary-owner (W111)" in card.shown
    assert press(card, "rca_reopen").status_code == 200
    assert status(desk, ticket) == "open"
    person = ("primary-owner (W111)", "slack")
    assert moves(desk, ticket) == [
        ("Ticket In Progress", *person),
        ("Ticket Acknowledged", *person),
        ("Ticket Reopened", *person),
    ]
    assert desk.server.whispers == []


def test_a_second_press_changes_nothing(desk: Desk, press: Any) -> None:
    ticket, card = desk.posted()
    for _ in range(3):
        assert press(card, "rca_acknowledge").status_code == 200
    assert len(moves(desk, ticket)) == 1
    assert desk.server.whispers == []


def test_who_presses_a_button_that_is_out_of_date_is_told_and_undoes_nothing(desk: Desk, press: Any) -> None:
    ticket, card = desk.posted()
    desk.move(ticket, "acknowledged", user="bob")
    assert press(card, "rca_in_progress").status_code == 200
    assert status(desk, ticket) == "acknowledged"
    [whisper] = desk.server.whispers
    assert whisper["text"] == f"Nothing was changed: {ticket.id} is acknowledged by bob by now."
    assert (whisper["response_type"], whisper["replace_original"]) == ("ephemeral", False)


def test_a_change_that_nobody_sees_does_not_get_in_the_way(
    desk: Desk, press: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, card = desk.posted()
    change = TicketStore.change
    busy = [True, True]

    def change_after_another(store: TicketStore, *given: Any, **options: Any) -> Ticket:
        if busy:
            busy.pop()
            change(store, ticket.id, lambda now: (with_next_version(now), made(now)))
        return change(store, *given, **options)

    monkeypatch.setattr(TicketStore, "change", change_after_another)
    assert press(card, "rca_acknowledge").status_code == 200
    assert status(desk, ticket) == "acknowledged"


def with_next_version(ticket: Ticket) -> Ticket:
    return msgspec.structs.replace(ticket, version=ticket.version + 1)


def test_a_ticket_that_is_not_here_is_answered_and_the_person_told(desk: Desk, deliver: Deliver) -> None:
    _, card = desk.posted()
    payload = desk.server.pressed(card, "rca_acknowledge")
    for wrong in ("ADF-20261120T120000-zzzzzz", "<!channel>", "../../x"):
        payload["actions"][0]["value"] = json.dumps({"ticket_id": wrong, "seen": "open"})
        assert deliver(*signed(payload)).status_code == 200
    assert [whisper["text"][:48] for whisper in desk.server.whispers] == [
        "Nothing was changed: there is no ticket ADF-2026",
        "Nothing was changed: there is no ticket &lt;!cha",
        "Nothing was changed: there is no ticket ../../x ",
    ]


def test_words_for_the_person_that_get_lost_lose_nothing_else(desk: Desk, deliver: Deliver, press: Any) -> None:
    ticket, card = desk.posted()
    desk.move(ticket, "acknowledged")
    for url in ("https://evil.example/actions", "http://127.0.0.1:9/actions", "", None):
        payload = desk.server.pressed(card, "rca_in_progress")
        payload["response_url"] = url
        assert deliver(*signed(payload)).status_code == 200
    for fault in (Fault.LOST_BEFORE, Fault.SERVER_ERROR, Fault.REDIRECT, Fault.SLOW):
        desk.server.fail("whisper", fault)
        assert press(card, "rca_in_progress").status_code == 200
    assert desk.server.whispers == []


@pytest.mark.parametrize(
    "actions",
    [
        [],
        [{"type": "button", "action_id": "rca_open_dashboard", "url": "https://rca.example.com"}],
        [{"type": "button", "action_id": "another_apps", "value": "click_me_123"}],
        [{"type": "button", "action_id": "rca_acknowledge", "value": "click_me_123"}],
        [{"type": "button", "action_id": "rca_acknowledge"}],
        [{"type": "static_select", "action_id": "status", "selected_option": {"value": "ack|TCK-1"}}],
    ],
)
def test_what_is_not_ours_is_answered_so_that_slack_shows_no_error(
    desk: Desk, deliver: Deliver, actions: list[Any]
) -> None:
    assert deliver(*signed({"type": "block_actions", "actions": actions})).status_code == 200
    assert desk.server.whispers == []


@pytest.mark.parametrize("kind", ["view_submission", "shortcut", "message_action"])
def test_so_are_other_interactions(deliver: Deliver, kind: str) -> None:
    assert deliver(*signed({"type": kind, "user": {"id": "W1"}})).status_code == 200


def test_the_payloads_of_the_documentation_are_answered(deliver: Deliver, cases: Path) -> None:
    for name in ("slack_block_actions_button.json", "slack_block_actions_select.json"):
        path = cases / "payloads" / name
        assert deliver(*signed(json.loads(path.read_text()))).status_code == 200
    raw = (cases / "payloads" / "slack_block_actions_raw_body.txt").read_bytes()
    assert deliver(*signed(raw)).status_code == 200


def pressed(desk: Desk) -> tuple[Ticket, dict[str, Any]]:
    ticket, card = desk.posted()
    return ticket, desk.server.pressed(card, "rca_acknowledge")


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "9" * 400},
        {"X-Slack-Request-Timestamp": "9" * 5_000},
        {"X-Slack-Request-Timestamp": "nan"},
    ],
)
def test_who_does_not_prove_to_be_slack_is_turned_away(desk: Desk, deliver: Deliver, changed: dict[str, str]) -> None:
    ticket, payload = pressed(desk)
    body, headers = signed(payload)
    answer = deliver(body, {**headers, **changed})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert status(desk, ticket) == "open"


def test_so_is_a_request_without_signature_with_another_body_or_another_secret(desk: Desk, deliver: Deliver) -> None:
    ticket, payload = pressed(desk)
    body, headers = signed(payload)
    assert deliver(body, {}).status_code == 401
    assert deliver(body.replace(b"W111", b"W666"), headers).status_code == 401
    assert deliver(b"\xff\xfe", headers).status_code == 401
    assert deliver(*signed(payload, secret="guessed")).status_code == 401
    assert status(desk, ticket) == "open"


@pytest.mark.parametrize(("age", "answer"), [(290, 200), (310, 401), (-290, 200), (-310, 401)])
def test_a_request_is_good_for_five_minutes(desk: Desk, deliver: Deliver, age: int, answer: int) -> None:
    _, payload = pressed(desk)
    assert deliver(*signed(payload, at=time.time() - age)).status_code == answer


@pytest.mark.parametrize("secret", [SIGNING_SECRET, OLD_SECRET])
def test_while_the_secret_is_exchanged_both_are_good(
    desk: Desk, deliver: Deliver, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    assert desk.settings.slack
    both = msgspec.structs.replace(desk.settings.slack, signing_secrets=(SIGNING_SECRET, OLD_SECRET))
    ticket, payload = pressed(desk)
    monkeypatch.setattr(module, "settings", lambda: msgspec.structs.replace(desk.settings, slack=both))
    assert deliver(*signed(payload, secret=secret)).status_code == 200
    assert status(desk, ticket) == "acknowledged"


def test_without_a_secret_nobody_gets_in_and_the_answer_says_why(
    desk: Desk, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, payload = pressed(desk)
    unset = msgspec.structs.replace(desk.settings.slack, signing_secrets=())  # type: ignore[type-var]
    for settings in (make_settings(None), msgspec.structs.replace(desk.settings, slack=unset)):
        monkeypatch.setattr(module, "settings", lambda settings=settings: settings)
        answer = deliver(*signed(payload, secret="x"))
        assert answer.status_code == 401
        assert "SLACK_SIGNING_SECRET is not set" in answer.get_body().decode()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no field 'payload'"),
        (b"other=1", "no field 'payload'"),
        (b"payload=", "no field 'payload'"),
        (b"payload=%7B", "no interaction"),
        (b"payload=%5B1%5D", "no interaction"),
        (b"payload=%FF", "no form"),
        (b"&".join(b"a=1" for _ in range(100)), "no form"),
        (b"payload=" + b"%5B" * 5_000, "no interaction"),
        (b'payload={"type":"block_actions","actions":7}', "no interaction"),
    ],
)
def test_a_request_that_cannot_be_read_is_told_so(deliver: Deliver, body: bytes, words: str) -> None:
    answer = deliver(*signed(body))
    assert answer.status_code == 400
    assert words in answer.get_body().decode()


def test_when_storage_is_in_trouble_slack_shows_the_person_that_nothing_happened(
    desk: Desk, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, payload = pressed(desk)

    def fail(*_: object, **__: object) -> Storage:
        raise ServiceRequestError("no connection")

    monkeypatch.setattr(TicketStore, "get", fail)
    assert deliver(*signed(payload)).status_code == 503


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"id": "W1", "name": "ada", "username": "x"}, "ada (W1)"),
        ({"id": "W1", "username": "ada.l"}, "ada.l (W1)"),
        ({"id": "W1"}, "W1"),
        ({"name": "a" * 500, "id": "W1"}, "a" * 79 + "… (W1)"),
        ({"name": "ada\n\x00lovelace"}, "ada lovelace"),
        ({}, "somebody in Slack"),
    ],
)
def test_the_audit_trail_names_the_person(desk: Desk, deliver: Deliver, user: dict[str, str], name: str) -> None:
    ticket, payload = pressed(desk)
    payload["user"] = user
    assert deliver(*signed(payload)).status_code == 200
    assert moves(desk, ticket) == [("Ticket Acknowledged", name, "slack")]


def test_the_card_that_the_fake_presses_is_the_real_one(desk: Desk) -> None:
    ticket, card = desk.posted()
    assert isinstance(card, Posted)
    assert json.loads(card.button("rca_acknowledge")["value"]) == {"ticket_id": ticket.id, "seen": "open"}
