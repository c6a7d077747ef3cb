"""What somebody with bad intentions tries, at the doors of the running app: each is refused, or does nothing."""

import csv
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from devhost.azurite import Azurite
from rca_core.triggers.http import MAX_BODY_BYTES
from tests.access.tokens_of_entra import Tenant, tenant
from tests.jira.server import signed as signed_by_jira
from tests.slack.server import SIGNING_SECRET
from tests.slack.server import signed as signed_by_slack
from tests.support.app import App, wait_for

PAYLOADS = Path(__file__).parents[1] / "fixtures/payloads"
GROUP = "0d7c1f6e-58a4-4a1f-9c43-5a2b7d9e1001"
SISTER = "https://dashboard.example.com"
BASIC_PASSWORD = "-".join(("bricks", "and", "mortar", "31"))
JIRA_SECRET = "-".join(("hub", "secret", "of", "tests"))
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def entra() -> Iterator[Tenant]:
    with tenant() as running:
        yield running


@pytest.fixture(scope="module")
def edge(azurite: Azurite, entra: Tenant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with every door open that a setting can open."""
    settings = {
        **entra.settings,
        "TRUST_PLATFORM_AUTH": "appservice",
        "ENTRA_ROLE_ADMIN": "RCA.Admin",
        "ENTRA_ROLE_VIEWER": GROUP,
        "ALLOWED_ORIGINS": SISTER,
        "DATABRICKS_WEBHOOK_USER": "databricks",
        "DATABRICKS_WEBHOOK_PASSWORD": BASIC_PASSWORD,
        "JIRA_BASE_URL": "http://127.0.0.1:9",
        "JIRA_API_TOKEN": "-".join(("jira", "token", "x")),
        "JIRA_PROJECT_KEY": "OPS",
        "JIRA_WEBHOOK_SECRET": JIRA_SECRET,
        "SLACK_BOT_TOKEN": "-".join(("xoxb", "of", "tests")),
        "SLACK_CHANNEL": "C1",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_BASE_URL": "http://127.0.0.1:9",
        # Nothing is sent to them: only their doors are tried.
        "AzureWebJobs.update_jira.Disabled": "true",
        "AzureWebJobs.update_slack.Disabled": "true",
        "AzureWebJobs.triage_failure.Disabled": "true",
    }
    with App(azurite.connection_string, tmp_path_factory.mktemp("edge"), **settings) as running:
        yield running


def principal(*roles: str) -> dict[str, str]:
    claims = [("oid", "77"), ("preferred_username", "ann@example.com"), *(("roles", role) for role in roles)]
    document = {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in claims]}
    return {"X-MS-CLIENT-PRINCIPAL": b64encode(json.dumps(document).encode()).decode()}


def failure(**more: Any) -> dict[str, Any]:
    return {"dag_id": "attacked", "task_id": "t", "run_id": uuid4().hex, "exception": "boom", **more}


# Forged principal headers


def test_a_forged_principal_header_is_ignored_where_no_platform_strips_it(app: App) -> None:
    with app.stranger(headers={**principal("RCA.Admin"), "Origin": app.url}) as client:
        assert client.get("/api/tickets").status_code == 401
        assert client.get("/api/users").status_code == 401
        assert client.post("/api/owners", json={"pattern": "x", "team": "y"}).status_code == 401


def test_behind_a_platform_that_strips_it_the_header_signs_in(edge: App) -> None:
    with edge.stranger(headers={**principal("RCA.Admin"), "Origin": edge.url}) as client:
        assert client.get("/api/users").status_code == 200
        me = client.get("/api/me").json()
        assert (me["email"], me["role"], me["kind"]) == ("ann@example.com", "admin", "entra")
        assert client.get("/api/me", headers={"Authorization": "Bearer a.token.of-entra"}).status_code == 200
        assert client.get("/api/me", headers={"Authorization": "Bearer rca_none_of_ours"}).status_code == 401
    with edge.stranger(headers={**principal("unmapped")}) as client:
        assert client.get("/api/tickets").status_code == 403
    with edge.stranger(headers={**principal("RCA.Admin"), "Origin": "https://evil.example.net"}) as client:
        assert client.post("/api/jira-statuses", json={}).status_code in (403, 404)
        assert client.put("/api/jira-statuses", json={"name": "x", "status": "open"}).status_code == 403


def test_a_token_that_a_proxy_puts_in_front_neither_signs_in_nor_shuts_out(app: App) -> None:
    """Static Web Apps sends one of its own in the header Authorization."""
    alien = {"Authorization": "Bearer a.token.of-theirs"}
    with app.client() as client:
        assert client.get("/api/me", headers=alien).status_code == 200
        foreign = {**alien, "Origin": "https://evil.example.net"}
        assert client.post("/api/owners", json={"pattern": "x", "team": "y"}, headers=foreign).status_code == 403
    with app.stranger(headers={**alien, "Origin": app.url}) as client:
        assert client.get("/api/tickets").status_code == 401
        assert client.post("/api/owners", json={"pattern": "x", "team": "y"}).status_code == 401


# Sessions


@pytest.mark.parametrize(
    "cookie",
    [
        "session=",
        "session=x",
        "session=a.b",
        "session=../admins.x",
        "session=admins.' or '1' eq '1",
        "session=" + "a" * 5_000,
        'session=""; session=null',
        "__Host-session=a.b",
        "=x; ;;; session",
    ],
)
def test_a_cookie_that_we_never_gave_signs_nobody_in(app: App, cookie: str) -> None:
    with app.stranger(headers={"Cookie": cookie}) as client:
        assert client.get("/api/tickets").status_code == 401


def test_a_session_that_was_signed_out_is_over_wherever_it_was_copied_to(app: App) -> None:
    app.make_account("leaver@example.com", role="viewer")
    cookie = app.sign_in("leaver@example.com").headers["set-cookie"].partition(";")[0]
    with app.stranger(headers={"Cookie": cookie, "Origin": app.url}) as client:
        assert client.get("/api/me").status_code == 200
        assert client.post("/api/logout").status_code == 204
    with app.stranger(headers={"Cookie": cookie}) as thief:
        answer = thief.get("/api/me")
    assert answer.status_code == 401
    assert "session is over" in answer.json()["detail"]


def test_a_session_planted_before_the_sign_in_is_not_the_one_after_it(app: App) -> None:
    app.make_account("victim@example.com", role="viewer")
    app.make_account("planter@example.com", role="viewer")
    planted = app.sign_in("planter@example.com").headers["set-cookie"].partition(";")[0]
    with app.stranger(headers={"Cookie": planted, "Origin": app.url}) as browser:
        answer = app.sign_in("victim@example.com")
        mine = browser.post("/api/login", json=json.loads(answer.request.content)).headers["set-cookie"]
    assert mine.partition(";")[0] != planted
    with app.stranger(headers={"Cookie": planted}) as planter:
        assert planter.get("/api/me").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: App) -> None:
    app.make_account("browser@example.com", role="viewer")
    assert "HttpOnly; SameSite=Lax" in app.sign_in("browser@example.com").headers["set-cookie"]
    with app.stranger(headers={"Origin": app.url.replace("http:", "https:"), "X-Forwarded-Proto": "https"}) as client:
        body = {"email": "browser@example.com", "password": "x" * 12}
        answer = client.post("/api/login", json=body)
    assert answer.headers["strict-transport-security"].startswith("max-age=")


# Calls from other pages


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.net"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-Host": "evil.example.net", "Origin": "https://evil.example.net"},
        {"Referer": "http://127.0.0.1/"},
        {},
    ],
)
def test_a_page_of_another_origin_cannot_use_somebodys_session(app: App, headers: dict[str, str]) -> None:
    with app.stranger(headers={"Cookie": app.cookie(), **headers}) as browser:
        for method, path in (("POST", "/api/owners"), ("DELETE", "/api/owners/x?version=1"), ("POST", "/api/logout")):
            answer = browser.request(method, path, json={"pattern": "csrf", "team": "evil"})
            assert answer.status_code == 403, (method, path)
            assert "does not come from our own page" in answer.json()["detail"]
            assert "access-control-allow-origin" not in answer.headers
    assert app.get("/api/me")["role"] == "admin"


def test_a_page_of_another_site_cannot_sign_somebody_in(app: App) -> None:
    with app.stranger(headers={"Origin": "https://evil.example.net"}) as browser:
        for path in ("/api/login", "/api/register"):
            body = {"email": "admin@example.com", "password": "x"}
            assert browser.post(path, json=body).status_code == 403


def test_a_dashboard_on_a_sister_domain_works_when_the_setting_names_it(edge: App) -> None:
    with edge.stranger(headers={"Origin": SISTER}) as browser:
        asked = browser.options("/api/tickets/x", headers={"Access-Control-Request-Method": "PATCH"})
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == SISTER
        assert asked.headers["access-control-allow-credentials"] == "true"
        assert "PATCH" in asked.headers["access-control-allow-methods"]
        read = browser.get("/api/me", headers={"Cookie": edge.cookie()})
        assert (read.status_code, read.headers["access-control-allow-origin"]) == (200, SISTER)
        assert read.headers["vary"] == "Origin"
        changed = browser.put(
            "/api/jira-statuses", headers={"Cookie": edge.cookie()}, json={"name": "Ok", "status": "open"}
        )
        assert changed.status_code == 200
    with edge.stranger(headers={"Origin": "https://evil.example.net"}) as browser:
        asked = browser.options("/api/tickets/x", headers={"Access-Control-Request-Method": "PATCH"})
        assert "access-control-allow-origin" not in asked.headers


# Signatures


def test_a_signature_of_jira_fits_one_body_and_a_replay_changes_nothing(edge: App) -> None:
    body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "OPS-1"}}).encode()
    delivery = signed_by_jira(body, "once", JIRA_SECRET)
    with edge.stranger() as client:

        def post(content: bytes, headers: Any) -> httpx.Response:
            return client.post("/jira-webhook", content=content, headers=dict(headers))

        first = post(body, delivery.headers)
        assert first.status_code == 200
        assert post(body, delivery.headers).json() == first.json()
        assert post(body.replace(b"OPS-1", b"OPS-2"), delivery.headers).status_code == 401
        assert post(body, {**delivery.headers, "x-hub-signature": "sha256=" + "0" * 64}).status_code == 401
        assert post(body, {}).status_code == 401


def test_a_signature_of_slack_fits_one_body_for_five_minutes(edge: App, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    body, headers = signed_by_slack({"type": "block_actions", "user": {"id": "W1"}, "actions": []})
    with edge.stranger() as client:
        assert client.post("/slack/interactions", content=body, headers=headers).status_code == 200
        assert client.post("/slack/interactions", content=body + b"&x=1", headers=headers).status_code == 401
        monkeypatch.setattr(time, "time", lambda: now - 301)
        old_body, old_headers = signed_by_slack({"type": "block_actions", "user": {"id": "W1"}, "actions": []})
        monkeypatch.undo()
        assert client.post("/slack/interactions", content=old_body, headers=old_headers).status_code == 401
        fresh = {**old_headers, "x-slack-request-timestamp": str(int(now))}
        assert client.post("/slack/interactions", content=old_body, headers=fresh).status_code == 401


def test_secure_doors_let_in_who_proves_it_and_say_to_others_what_is_missing(
    edge: App, app: App, entra: Tenant
) -> None:
    event = {"event_type": "jobs.on_start", "workspace_id": "1", "run": {"run_id": "2"}, "job": {"job_id": "3"}}
    with edge.stranger() as client:
        bearer = {"Authorization": f"Bearer {entra.token()}"}
        assert client.post("/azure-monitor/secure", json=failure(), headers=bearer).status_code == 422
        alien = {"Authorization": f"Bearer {entra.token(azp='another')}"}
        refused = client.post("/azure-monitor/secure", json={}, headers=alien)
        assert (refused.status_code, "azp" in refused.json()["detail"]) == (401, True)
        assert (
            client.post("/databricks-monitor/basic", json=event, auth=("databricks", BASIC_PASSWORD)).status_code == 200
        )
        assert client.post("/databricks-monitor/basic", json=event, auth=("databricks", "wrong")).status_code == 401
        assert client.post("/databricks-monitor/basic", json=event, headers=bearer).status_code == 401
    with app.stranger() as client:
        off = client.post("/azure-monitor/secure", json={})
        assert (off.status_code, "ENTRA_TENANT_ID" in off.json()["detail"]) == (401, True)


# What is written into parameters and payloads

INJECTIONS = [
    "' or 1 eq 1 or '",
    "x' or PartitionKey ne '",
    "'; DROP TABLE tickets; --",
    "1 OR 1=1",
    "') or true or ('",
    "open' or status eq 'acknowledged",
    "%27%20or%20true",
    "\u0000",
    "../../admins",
    "*",
    SCRIPT,
]


def parameters(app: App) -> list[tuple[str, str]]:
    """Every query parameter of every GET route, and every part of a path."""
    found = []
    for path, item in app.get("/api/openapi.json")["paths"].items():
        for parameter in item.get("get", {}).get("parameters", ()):
            found.append((path, parameter["name"] if parameter["in"] == "query" else ""))
    return found


def rows_of(answer: httpx.Response) -> list[Any]:
    """The rows of a list or of a CSV file; none of what is neither."""
    if answer.headers["content-type"].startswith("text/csv"):
        return list(csv.reader(answer.text.splitlines()))[1:]
    rows: list[Any] = answer.json().get("items", [])
    return rows


def test_what_is_injected_into_a_parameter_is_text_that_fits_nothing(app: App) -> None:
    ticket_id = app.post("/airflow-monitor", failure()).json()["ticket_id"]
    app.ticket(ticket_id)
    tried = parameters(app)
    assert len(tried) > 20
    with app.client() as client:
        for path, name in tried:
            for text in INJECTIONS:
                where = path.replace(
                    "{id}", httpx.URL("http://x", params={"i": text}).query.decode()[2:] if not name else ticket_id
                )
                answer = client.get(where, params={name: text} if name else None)
                assert answer.status_code in (200, 400, 404), (where, name, text, answer.text)
                if answer.status_code == 200:
                    assert rows_of(answer) == [], (path, name, text)


def test_an_injected_account_or_ticket_id_finds_nobody(app: App) -> None:
    with app.client() as client:
        for text in INJECTIONS:
            quoted = httpx.URL("http://x", params={"i": text}).query.decode()[2:]
            assert client.patch(f"/api/users/{quoted}", json={"role": "admin"}).status_code == 404
            answer = client.patch(f"/api/tickets/{quoted}", json={"version": 1, "status": "open"})
            assert answer.status_code == 404, (text, answer.text)
            assert app.sign_in(text).status_code in (400, 401, 429)


def with_script(value: Any) -> Iterator[Any]:
    """The document once for each text in it, with script in that one."""
    if isinstance(value, str):
        yield f"{value}{SCRIPT}"
        yield "javascript:alert(1)"
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            for changed in with_script(inner):
                copy = value.copy()
                copy[key] = changed
                yield copy


@pytest.mark.parametrize(
    ("door", "payload"),
    [
        ("/airflow-monitor", "airflow_notifier_task_failed.json"),
        ("/azure-monitor", "adf_web_activity.json"),
        ("/databricks-monitor", "databricks_handwritten_run.json"),
    ],
)
def test_script_in_every_field_of_a_payload_is_stored_as_text_and_never_a_page(
    app: App, door: str, payload: str
) -> None:
    body = json.loads((PAYLOADS / payload).read_text())
    found = []
    for changed in with_script(body):
        answer = app.post(door, changed)
        assert answer.status_code in (200, 202, 422), answer.text
        found.append(answer.json().get("ticket_id"))
    for ticket_id in set(filter(None, found)):
        app.ticket(ticket_id)
        with app.client() as client:
            for path in (f"/api/tickets/{ticket_id}", "/api/tickets", "/api/audit", f"/api/tickets/{ticket_id}/log"):
                answer = client.get(path)
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith("application/json")
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert "attachment" in client.get(f"/api/tickets/{ticket_id}/log").headers["content-disposition"]
            links = client.get(f"/api/tickets/{ticket_id}").json()["links"]
        assert all(link["url"].startswith(("http://", "https://", "/")) for link in links)


def test_a_body_that_is_too_large_is_refused_at_every_door_for_people(app: App) -> None:
    with app.client() as client:
        for path in ("/api/login", "/api/register", "/api/owners", "/api/sender-test"):
            assert client.post(path, content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413


# Floods


def test_a_mad_sender_is_told_to_wait_noted_once_and_others_are_not_held_up(azurite: Azurite, tmp_path: Any) -> None:
    with App(azurite.connection_string, tmp_path, SENDER_RATE_LIMIT="20") as limited:
        with limited.client() as client:
            answers = [client.post("/airflow-monitor", content=b"{}") for _ in range(30)]
            other = client.post("/databricks-monitor", content=b"{}")
        assert [answer.status_code for answer in answers[:20]] == [422] * 20
        assert {answer.status_code for answer in answers[22:]} == {429}
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert other.status_code == 422
        noted = limited.get("/api/audit", action="Sender Limited", user="airflow_monitor")["items"]
        assert len(noted) == 1
        assert limited.log.read_text().count("sender-limited") == 1


@pytest.mark.slow
def test_a_thousand_guesses_lock_the_door_for_the_guesser_and_nobody_else(app: App) -> None:
    victim, other = f"victim.{uuid4().hex[:6]}@example.com", f"other.{uuid4().hex[:6]}@example.com"
    for email in (victim, other):
        app.make_account(email, role="viewer")

    def sign_in(email: str, password: str, address: str) -> httpx.Response:
        with app.stranger(headers={"Origin": app.url, "X-Forwarded-For": f"1.1.1.1, {address}"}) as client:
            return client.post("/api/login", json={"email": email, "password": password})

    from tests.support.app import PASSWORD

    assert sign_in(victim, PASSWORD, "192.0.2.10").status_code == 200
    with ThreadPoolExecutor(10) as pool:
        guesses = list(pool.map(lambda _: sign_in(victim, secrets.token_hex(8), "203.0.113.66"), range(1_000)))
    looked_at = [guess for guess in guesses if guess.status_code == 401]
    assert {guess.status_code for guess in guesses} <= {401, 429, 503}
    assert len(looked_at) <= 10
    assert sign_in(victim, PASSWORD, "203.0.113.66").status_code == 429
    # The owner, from where they always sign in, and everybody else.
    assert sign_in(victim, PASSWORD, "192.0.2.10").status_code == 200
    assert sign_in(other, PASSWORD, "192.0.2.77").status_code == 200


# Request ids and the trail


def test_the_id_of_an_answer_finds_its_line_in_the_log(edge: App) -> None:
    with edge.stranger() as client:
        refused = client.post("/databricks-monitor/basic", json={})
    request_id = refused.headers["x-request-id"]
    assert refused.json()["request_id"] == request_id
    line = wait_for(
        lambda: next((line for line in edge.log.read_text().splitlines() if request_id in line), None), "the line"
    )
    assert "call-refused function=databricks_monitor_basic status=401" in line


def test_what_admins_do_is_in_the_trail_under_their_name(app: App) -> None:
    pattern = f"trail-{uuid4().hex[:8]}"
    with app.client() as client:
        rule = client.post("/api/owners", json={"pattern": pattern, "team": "harbour"}).json()
        client.delete(f"/api/owners/{rule['id']}", params={"version": rule["version"]})
        client.put("/api/jira-statuses", json={"name": pattern, "status": "open"})
    for action in ("Owner Rule Added", "Owner Rule Removed", "Jira Status Given A Meaning", "Signed In"):
        assert app.get("/api/audit", action=action, user="admin@example.com")["items"], action
    ticket = app.ticket(app.post("/airflow-monitor", failure()).json()["ticket_id"])
    with app.client("operator") as client:
        moved = client.patch(f"/api/tickets/{ticket['id']}", json={"version": 1, "status": "in_progress"}).json()
    assert moved["audit"][-1]["user"] == "operator@example.com"


# The test event


def test_an_admin_sees_what_arrived_and_why_it_would_be_refused(edge: App, entra: Tenant) -> None:
    secret = "".join(("AccountKey=", "q" * 40, "=="))
    event = {"dag_id": "d", "task_id": "t", "run_id": "r", "exception": f"cannot reach {secret}"}
    before = edge.get("/api/summary")["total_tickets"]
    with edge.client() as client:

        def tried(**sample: Any) -> dict[str, Any]:
            answer = client.post("/api/sender-test", json=sample)
            assert answer.status_code == 200, answer.text
            report: dict[str, Any] = answer.json()
            return report

        good = tried(sender="airflow", body=event)
        assert (good["status"], good["proof"]) == (202, "by_the_host")
        assert good["events"][0]["outcome"] == "ticket"
        assert good["events"][0]["failure"]["pipeline"] == "d/t"
        assert secret not in json.dumps(good)
        ignored = tried(sender="airflow", body={"dag_id": "d", "state": "success"})
        assert (ignored["status"], ignored["events"][0]["outcome"]) == (200, "ignored")
        assert ignored["events"][0]["reason"]
        assert tried(sender="airflow", body="{not json")["status"] == 400
        wrong = tried(sender="azure-monitor", body={"schemaId": "azureMonitorCommonAlertSchema", "data": 5})
        assert (wrong["status"], wrong["field"]) == (422, "data")
        headers = {"Authorization": f"Bearer {entra.token(roles=[])}"}
        refused = tried(sender="azure-monitor", body={}, headers=headers)
        assert (refused["status"], refused["proof"]) == (401, "refused")
        assert "ActionGroupsSecureWebhook" in refused["detail"]
        headers = {"authorization": f"Bearer {entra.token()}"}
        assert tried(sender="azure-monitor", body={}, headers=headers)["proof"] == "proved"
    assert edge.get("/api/summary")["total_tickets"] == before
