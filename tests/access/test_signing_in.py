"""Accounts as people meet them: over HTTP, in the real host."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from devhost.azurite import Azurite
from tests.access.conftest import OTHER
from tests.support.app import ADMIN_EMAIL, PASSWORD, App


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with Azurite() as emulator, App(emulator.connection_string, tmp_path_factory.mktemp("people")) as running:
        yield running


@pytest.fixture
def person(app: App) -> str:
    """The address of an operator."""
    email = f"{uuid4().hex[:8]}@example.com"
    app.make_account(email, role="operator")
    return email


def browser(app: App, **headers: str) -> httpx.Client:
    """A page of our own in a browser: it keeps cookies."""
    return app.stranger(headers={"Origin": app.url, **headers})


@contextmanager
def signed_in(app: App, email: str, password: str = PASSWORD, **headers: str) -> Iterator[httpx.Client]:
    with browser(app, **headers) as page:
        answer = login(page, email, password)
        assert answer.status_code == 200, answer.text
        yield page


def login(client: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/api/login", json={"email": email, "password": password})


def trail(app: App, **asked: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = app.get("/api/audit", limit=200, **asked)["items"]
    return items


def test_somebody_registers_is_approved_signs_in_and_out(app: App) -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    with browser(app) as page:
        asked = page.post("/api/register", json={"email": email, "password": PASSWORD, "name": "Ann"})
        assert asked.status_code == 202
        waiting = login(page, email)
        assert waiting.status_code == 401
        assert waiting.json()["detail"] == login(page, email, OTHER).json()["detail"]
        app.make_account(email, role="operator")  # registers once more, in vain, and approves
        answer = login(page, email)
        assert answer.status_code == 200
        assert answer.json()["user"] | {"id": ""} == {
            "id": "",
            "email": email,
            "name": "Ann",
            "role": "operator",
            "kind": "session",
            "permissions": ["own_account", "read", "change_tickets"],
        }
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
        assert page.get("/api/me").json()["email"] == email
        kept = page.cookies["session"]
        assert page.post("/api/logout").status_code == 204
        assert "session" not in page.cookies
        assert page.get("/api/me").status_code == 401
    with app.stranger(headers={"Cookie": f"session={kept}"}) as thief:
        assert thief.get("/api/me").status_code == 401
    actions = [one["action"] for one in reversed(trail(app, user=email))]
    assert actions == ["Account Registered", "Sign-in Refused", "Sign-in Refused", "Signed In", "Signed Out"]


def test_on_https_the_cookie_is_bound_to_the_host(app: App, person: str) -> None:
    with browser(app, **{"X-Forwarded-Proto": "https"}) as page:
        page.headers["Origin"] = app.url.replace("http://", "https://")
        cookie = login(page, person).headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert cookie.endswith("; Secure")


def test_known_and_unknown_addresses_are_answered_alike(app: App, person: str) -> None:
    nobody = f"{uuid4().hex[:8]}@example.com"
    with browser(app) as page:
        wrong = [login(page, email, OTHER) for email in (person, nobody)]
        asked = [page.post("/api/register", json={"email": email, "password": OTHER}) for email in (person, nobody)]
    for first, second in (wrong, asked):
        assert first.status_code == second.status_code
        one, other = first.json(), second.json()
        assert {**one, "request_id": ""} == {**other, "request_id": ""}
        assert first.headers.keys() == second.headers.keys()
    with browser(app) as page:
        assert login(page, person).status_code == 200, "nothing changed for who was there"


def test_a_session_given_before_signing_in_is_not_the_one_after(app: App, person: str) -> None:
    with signed_in(app, person) as page:
        before = page.cookies["session"]
        assert login(page, person).status_code == 200
        assert page.cookies["session"] != before
    with app.stranger(headers={"Cookie": f"session={before}"}) as attacker:
        assert attacker.get("/api/me").status_code == 401
    with browser(app, Cookie="session=chosen-by-somebody") as page:
        assert "chosen-by-somebody" not in login(page, person).headers["set-cookie"]


def test_a_changed_password_signs_out_everywhere_else(app: App, person: str) -> None:
    with signed_in(app, person) as here, signed_in(app, person) as there:
        wrong = here.post("/api/password", json={"old": OTHER, "new": OTHER})
        assert (wrong.status_code, wrong.json()["field"]) == (403, "old")
        weak = here.post("/api/password", json={"old": PASSWORD, "new": "password1234"})
        assert (weak.status_code, weak.json()["field"]) == (400, "password")
        assert here.post("/api/password", json={"old": PASSWORD, "new": OTHER}).status_code == 200
        assert here.get("/api/me").status_code == 200
        assert there.get("/api/me").status_code == 401
        assert login(there, person).status_code == 401
        assert login(there, person, OTHER).status_code == 200


def test_an_admin_changes_disables_and_signs_out_somebody(app: App, person: str) -> None:
    identifier = app.make_account(person, role="operator")
    with app.client() as admin, signed_in(app, person) as page:
        changed = admin.patch(f"/api/users/{identifier}", json={"role": "viewer"})
        assert (changed.status_code, changed.json()["role"]) == (200, "viewer")
        assert page.get("/api/me").status_code == 401, "a new role begins with a new session"
        assert login(page, person).json()["user"]["role"] == "viewer"
        assert admin.delete(f"/api/users/{identifier}/sessions").status_code == 204
        assert page.get("/api/me").status_code == 401
        assert login(page, person).status_code == 200
        assert admin.patch(f"/api/users/{identifier}", json={"status": "disabled"}).status_code == 200
        assert page.get("/api/me").status_code == 401
        assert login(page, person).status_code == 403
        assert login(page, person, OTHER).status_code == 401
    noted = [one for one in trail(app, user=ADMIN_EMAIL) if person in one["details"]]
    assert [(one["action"], one.get("old"), one.get("new")) for one in noted[:3]] == [
        ("Account Changed", "viewer, active", "viewer, disabled"),
        ("Sessions Ended", None, None),
        ("Account Changed", "operator, active", "viewer, active"),
    ]


def test_the_last_admin_cannot_leave_nobody(app: App) -> None:
    with app.client() as admin:
        me = admin.get("/api/me").json()["id"]
        for change in ({"role": "viewer"}, {"status": "disabled"}, {"status": "waiting"}):
            assert admin.patch(f"/api/users/{me}", json=change).status_code == 409
        assert admin.get("/api/me").status_code == 200


def test_an_invitation_over_http(app: App) -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    with app.client() as admin, browser(app) as page:
        made = admin.post("/api/invitations", json={"email": email, "role": "operator"})
        assert made.status_code == 201
        assert email in [one["email"] for one in admin.get("/api/invitations").json()["items"]]
        body = {"email": email, "password": PASSWORD, "invitation": made.json()["invitation"]}
        assert page.post("/api/register", json={**body, "email": f"x{email}"}).status_code == 403
        assert page.post("/api/register", json=body).status_code == 202
        assert login(page, email).json()["user"]["role"] == "operator"
        again = admin.post("/api/invitations", json={"email": email}).json()["details"]["id"]
        assert admin.delete(f"/api/invitations/{again}").status_code == 204
        assert admin.delete(f"/api/invitations/{again}").status_code == 404


def test_a_token_reads_and_does_nothing_else(app: App, person: str) -> None:
    with signed_in(app, person) as page:
        made = page.post("/api/tokens", json={"name": "report", "days": 7, "role": "operator"})
        assert made.status_code == 201
        token, details = made.json()["token"], made.json()["details"]
        assert page.post("/api/tokens", json={"name": "x", "role": "admin"}).status_code == 403
        with app.stranger(headers={"Authorization": f"Bearer {token}"}) as script:
            assert script.get("/api/tickets").status_code == 200
            assert script.get("/api/me").json()["kind"] == "token"
            for method, path in [("POST", "/api/tokens"), ("POST", "/api/logout"), ("PATCH", "/api/tickets/x")]:
                assert script.request(method, path, json={"name": "x"}).status_code == 403
            listed = page.get("/api/tokens")
            assert listed.json()["items"][0]["prefix"] == token[:12]
            assert token not in listed.text
            assert page.delete(f"/api/tokens/{details['id']}").status_code == 200
            assert script.get("/api/tickets").status_code == 401


def test_a_guesser_over_http_is_answered_429_with_the_wait_and_others_come_in(app: App, person: str) -> None:
    from_there = {"X-Forwarded-For": "1.2.3.4, 192.0.2.66:4711"}
    with signed_in(app, person, **{"X-Forwarded-For": "203.0.113.5:1"}):
        pass

    def guess(number: int) -> httpx.Response:
        forged = {"X-Forwarded-For": f"10.0.0.{number % 250}, 192.0.2.66:{1_024 + number}"}
        with browser(app, **forged) as page:
            return login(page, person, f"guess-number-{number}")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(200)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 10
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert "Try again in" in refused.json()["detail"]
    with browser(app, **from_there) as page:
        assert login(page, ADMIN_EMAIL).status_code == 200, "others from the same address"
    with browser(app, **{"X-Forwarded-For": "203.0.113.5:2"}) as page:
        assert login(page, person).status_code == 200, "the owner from where they were before"
    refusals = [one for one in trail(app, user=person) if one["action"] == "Sign-in Refused"]
    assert len(refusals) == statuses.count(401)
    assert {one["origin"] for one in refusals} == {"192.0.2.66"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/login", {"email": "x"}),
        ("/api/login", {"email": "x", "password": 7}),
        ("/api/login", {"email": "x" * 2_000, "password": "y"}),
        ("/api/login", {"email": "x", "password": "y", "role": "admin"}),
        ("/api/register", {"email": "x", "password": PASSWORD}),
        ("/api/register", {"email": "x@example.com", "password": "password1234"}),
        ("/api/register", {"email": "x@example.com", "password": PASSWORD, "role": "admin"}),
        ("/api/register", {"email": "x@example.com", "password": PASSWORD, "name": "a\nb"}),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_echoed(app: App, path: str, body: dict[str, Any]) -> None:
    with browser(app) as page:
        answer = page.post(path, json=body)
    assert answer.status_code == 400, answer.text
    assert PASSWORD not in answer.text


def test_filters_in_what_is_typed_find_nobody(app: App) -> None:
    with browser(app) as page:
        for text in ("' or 1 eq 1 or '", "x@example.com' or PartitionKey ne '", "../../x", "%00", "ünï@example.com"):
            assert login(page, text).status_code == 401
    with app.client() as admin:
        for cursor in ("' or 1 eq 1", "u|~", "/"):
            assert admin.get("/api/users", params={"cursor": cursor}).status_code == 400
        assert admin.patch("/api/users/x'%20or%201%20eq%201", json={"role": "admin"}).status_code == 404


def test_the_trail_counts_what_people_do_like_everything_else_and_shows_no_secret(app: App, person: str) -> None:
    with signed_in(app, person) as page:
        login(page, OTHER, PASSWORD)  # the password typed where the address belongs
        token = page.post("/api/tokens", json={"name": "x"}).json()["token"]
        page.post("/api/password", json={"old": PASSWORD, "new": OTHER})
        session = page.cookies["session"]
    entries, cursor = [], None
    while True:
        page_of_them = app.get("/api/audit", limit=50, **({"cursor": cursor} if cursor else {}))
        entries += page_of_them["items"]
        cursor = page_of_them["next_cursor"]
        if cursor is None:
            break
    assert len({one["id"] for one in entries}) == len(entries)
    assert app.get("/api/summary")["total_audits"] == len(entries)
    text, log = json.dumps(entries), app.log.read_text()
    for secret in (PASSWORD, OTHER, token, session):
        assert secret not in text
        assert secret not in log


def test_who_signs_in_from_where_is_for_admins_alone(app: App) -> None:
    with app.client(role="viewer") as viewer:
        seen = viewer.get("/api/audit", params={"limit": 200}).json()["items"]
    assert all(entry["ticket_id"] for entry in seen)
    assert any(not entry["ticket_id"] for entry in trail(app))


@pytest.mark.parametrize("path", ["/api/owners/{}", "/api/invitations/{}", "/api/dead-letters/{}/replay"])
@pytest.mark.parametrize("id", ["a%2Fb", "%23x", "x%3Fy", "a%5Cb", "%00", "x" * 2_000, "%C2%85"])
def test_an_id_that_no_row_can_have_is_not_found(app: App, path: str, id: str) -> None:
    method = "POST" if "replay" in path else "DELETE"
    with app.client() as admin:
        answer = admin.request(method, path.format(id) + ("?version=1" if "owners" in path else ""))
    assert answer.status_code in (400, 404), answer.text


def test_a_new_password_ends_the_tokens_that_the_old_one_made(app: App, person: str) -> None:
    with signed_in(app, person) as page:
        token = page.post("/api/tokens", json={"name": "thief", "days": 300, "role": "viewer"}).json()["token"]
        assert page.post("/api/password", json={"old": PASSWORD, "new": OTHER}).status_code in (200, 204)
    with app.stranger(headers={"Authorization": f"Bearer {token}"}) as script:
        assert script.get("/api/tickets").status_code == 401
