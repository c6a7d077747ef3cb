"""Every route of the app, tried by everybody there is."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.app import App
from tests.support.functions import http_functions

# Written out here once more, so that nobody gets a right by a slip in the app's own table.
ANYONE = {"get_health", "preflight", "register", "login"}
SENDERS = {"azure_monitor", "databricks_monitor", "airflow_monitor"}
PROVE_THEMSELVES = {"azure_monitor_secure", "databricks_monitor_basic", "jira_webhook", "slack_interactions"}
VIEWERS = {
    "change_password",
    "export_audit",
    "export_tickets",
    "get_analytics",
    "get_log",
    "get_openapi",
    "get_summary",
    "get_ticket",
    "list_audit",
    "list_jira_statuses",
    "list_open_tickets",
    "list_owners",
    "list_tickets",
    "list_tokens",
    "list_unknown_owners",
    "logout",
    "make_token",
    "me",
    "negotiate",
    "preview_owner",
    "revoke_token",
}
OPERATORS = {"change_ticket", "judge_diagnosis"}
ADMINS = {
    "add_owner",
    "change_owner",
    "change_user",
    "end_sessions",
    "invite",
    "list_dead_letters",
    "list_invitations",
    "list_users",
    "put_jira_status",
    "remove_jira_status",
    "remove_owner",
    "replay_dead_letter",
    "try_sender",
    "withdraw_invitation",
}
ALLOWED = {"viewer": VIEWERS, "operator": VIEWERS | OPERATORS, "admin": VIEWERS | OPERATORS | ADMINS}
PEOPLES = sorted(VIEWERS | OPERATORS | ADMINS)


def calls() -> list[tuple[str, str, str]]:
    """Function, method and path of every call that can be made; `logout` last, for it ends what the others need."""
    found = []
    for name, function in http_functions().items():
        trigger = function.get_trigger()
        path = "/" + trigger.route.replace("{id}", "none").replace("{*path}", "tickets")
        found += [(name, method.value, path) for method in trigger.methods]
    return sorted(found, key=lambda call: (call[0] == "logout", call))


def tried(client: httpx.Client, call: tuple[str, str, str]) -> httpx.Response:
    _, method, path = call
    return client.request(method, path, **({} if method in ("GET", "OPTIONS") else {"json": {}}))


@pytest.fixture(scope="module")
def emails(app: App) -> dict[str, str]:
    """An account for each role, and two that were let in and then shut out."""
    named = {who: f"{who}.{uuid4().hex[:8]}@example.com" for who in (*ALLOWED, "waiting", "disabled")}
    for who, email in named.items():
        app.make_account(email, role=who if who in ALLOWED else "admin")
    return named


def signed_in(app: App, email: str) -> httpx.Client:
    answer = app.sign_in(email)
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return app.stranger(headers={"Origin": app.url, "Cookie": cookie})


@pytest.fixture(scope="module")
def shut_out(app: App, emails: dict[str, str]) -> Iterator[dict[str, httpx.Client]]:
    """Those who were admins a moment ago, with the session they had."""
    clients = {who: signed_in(app, emails[who]) for who in ("waiting", "disabled")}
    for who, client in clients.items():
        assert client.get("/api/users").status_code == 200
        app.make_account(emails[who], status=who)
    yield clients
    for client in clients.values():
        client.close()


def test_this_test_knows_every_route_of_the_app() -> None:
    known = ANYONE | SENDERS | PROVE_THEMSELVES | set(PEOPLES)
    assert set(http_functions()) == known, "say in this test who may call it"


def test_nobody_gets_nowhere(app: App) -> None:
    with app.stranger(headers={"Origin": app.url}) as client:
        for call in calls():
            status = tried(client, call).status_code
            if call[0] in ANYONE:
                assert status not in (401, 403), call
            else:
                assert status == 401, call


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_may_do_what_is_its_own_and_is_refused_the_rest(app: App, emails: dict[str, str], role: str) -> None:
    with signed_in(app, emails[role]) as client:
        for call in calls():
            answer = tried(client, call)
            if call[0] in SENDERS | PROVE_THEMSELVES:
                assert answer.status_code == 401, call
            elif call[0] in ANYONE or call[0] in ALLOWED[role]:
                assert answer.status_code not in (401, 403) and answer.status_code < 500, (call, answer.text)
            else:
                assert answer.status_code == 403, (call, answer.text)
                assert f"yours is {role}" in answer.json()["detail"]


@pytest.mark.parametrize("who", ["waiting", "disabled"])
def test_whoever_was_shut_out_is_nobody_with_the_session_they_had_too(
    app: App, shut_out: dict[str, httpx.Client], emails: dict[str, str], who: str
) -> None:
    for call in calls():
        if call[0] not in ANYONE:
            assert tried(shut_out[who], call).status_code == 401, call
    # Who waits is answered as for a wrong password, so that nobody learns which addresses have an account.
    assert app.sign_in(emails[who]).status_code == {"waiting": 401, "disabled": 403}[who]


def test_a_key_of_a_sender_opens_no_door_for_people_and_a_session_none_for_senders(app: App) -> None:
    with app.stranger(headers={"x-functions-key": app.key, "Origin": app.url}) as client:
        for call in calls():
            status = tried(client, call).status_code
            assert (status == 401) == (call[0] not in ANYONE | SENDERS), call


@pytest.mark.parametrize("role", ALLOWED)
def test_a_token_reads_what_its_owner_may_read_and_changes_nothing(app: App, emails: dict[str, str], role: str) -> None:
    with signed_in(app, emails[role]) as client:
        made = client.post("/api/tokens", json={"name": "a script", "role": role}).json()
    with app.stranger(headers={"Authorization": f"Bearer {made['token']}"}) as script:
        for call in calls():
            if call[0] not in PEOPLES:
                continue
            answer = tried(script, call)
            if call[1] != "GET":
                assert answer.status_code == 403, call
                assert "only read" in answer.json()["detail"]
            else:
                assert (answer.status_code == 403) == (call[0] not in ALLOWED[role]), call
                assert answer.status_code != 401, call
    with signed_in(app, emails[role]) as client:
        assert client.delete(f"/api/tokens/{made['details']['id']}").status_code == 200
    with app.stranger(headers={"Authorization": f"Bearer {made['token']}"}) as script:
        assert script.get("/api/tickets").status_code == 401


def test_a_refusal_is_in_the_trail_once_a_minute(app: App, emails: dict[str, str]) -> None:
    with signed_in(app, emails["viewer"]) as client:
        for _ in range(3):
            assert client.get("/api/users").status_code == 403
    found: list[dict[str, Any]] = app.get("/api/audit", user=emails["viewer"], action="Access Refused")["items"]
    refused = [entry for entry in found if "list_users" in entry["details"]]
    assert len(refused) == 1
    assert "needs the role admin" in refused[0]["details"]
