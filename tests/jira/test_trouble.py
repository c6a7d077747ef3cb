"""What Jira may do to us, and what the operator reads then."""

import logging
import subprocess
import sys
import time

import msgspec
import pytest

from rca_core.foundation.errors import OutsideRefusal, OutsideTrouble, RcaError
from rca_core.integrations.jira import JiraClient
from rca_core.tickets.jira_issue import label
from tests.jira.conftest import Desk
from tests.jira.server import TOKEN, Fault, Jira

LOGIN_PAGE = Fault(200, b"<!DOCTYPE html><html>Sign in</html>", {"Content-Type": "text/html"})
TROUBLE = {
    "408": (Fault(408), "answered 408"),
    "429": (Fault(429, headers={"Retry-After": "17"}), "answered 429"),
    "500": (Fault(500, b"Traceback (most recent call last)"), "answered 500"),
    "502 of a proxy": (Fault(502, b"<html>Bad gateway</html>"), "answered 502"),
    "503": (Fault(503), "answered 503"),
    "slow": (Fault(200, delay=0.9), "did not answer in time"),
    "hung up": (Fault(hang_up=True), "No connection to Jira"),
    "half JSON": (Fault(200, b'{"issues": [{"id":'), "is none that Jira gives"),
    "a list": (Fault(200, b"[1, 2]"), "is none that Jira gives"),
    "a number": (Fault(200, b"7"), "is none that Jira gives"),
    "nested": (Fault(200, b"[" * 100_000), "is none that Jira gives"),
    "another shape": (Fault(200, b'{"issues": {"id": 1}, "accountId": ["x"], "name": 1}'), "is none that Jira gives"),
    "login page": (LOGIN_PAGE, "is none that Jira gives"),
}
REFUSALS = {
    "401": (Fault(401, b'{"message": "Client must be authenticated"}'), ["JIRA_API_TOKEN", "does not accept"]),
    "403": (Fault(403, b'{"errorMessages": ["No permission"]}'), ["lacks a right", "Create Issues", "No permission"]),
    "404": (Fault(404, b"{}"), ["JIRA_PROJECT_KEY (OPS)"]),
    "410": (Fault(410, b"{}"), ["removed from Jira", "JIRA_USER_EMAIL"]),
    "redirect": (Fault(302, headers={"Location": "https://login.example.com/?secret=1"}), ["JIRA_BASE_URL"]),
}


@pytest.mark.parametrize("path", ["search", "/issue"])
@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_passes_and_the_issue_is_made_once_it_did(desk: Desk, jira: Jira, name: str, path: str) -> None:
    fault, words = TROUBLE[name]
    if path == "search":
        method, path = "GET", "search/jql" if jira.cloud else "search"
    else:
        method = "POST"
    jira.fail(method, path, fault)
    ticket = desk.ticket()
    started = time.monotonic()
    with pytest.raises(OutsideTrouble, match=words) as caught:
        desk.look(ticket)
    assert time.monotonic() - started < 3
    assert caught.value.retry_after_seconds == 17 if name == "429" else caught.value.retry_after_seconds >= 1
    desk.look(ticket, index_lag_seconds=0)
    jira.only_issue()


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_names_the_setting_or_the_right(desk: Desk, jira: Jira, name: str) -> None:
    fault, words = REFUSALS[name]
    jira.fail("POST", "/issue", fault)
    ticket = desk.ticket()
    with pytest.raises(OutsideRefusal) as caught:
        desk.look(ticket)
    assert all(each in caught.value.detail for each in words), caught.value.detail
    assert "secret" not in caught.value.detail
    desk.look(ticket)
    jira.only_issue()


def test_a_wrong_token_is_refused_in_words_that_do_not_hold_it(desk: Desk, jira: Jira, caplog: object) -> None:
    wrong = msgspec.structs.replace(jira.settings, api_token="mistyped-0815")
    with JiraClient(wrong) as client, pytest.raises(OutsideRefusal) as caught:
        client.find(label(desk.ticket().id))
    assert "JIRA_API_TOKEN" in caught.value.detail
    assert ("JIRA_USER_EMAIL" in caught.value.detail) == jira.cloud
    assert "mistyped" not in repr(caught.value)


def test_a_wrong_project_is_named(desk: Desk, jira: Jira) -> None:
    jira.projects = {}
    with pytest.raises(OutsideRefusal, match="project: project is required"):
        desk.look(desk.ticket())


def test_nobody_there_is_trouble_that_may_pass(desk: Desk, jira: Jira) -> None:
    jira.stop()
    desk.jira.close()
    with pytest.raises(OutsideTrouble, match="No connection to Jira"):
        desk.look(desk.ticket())


def test_trouble_is_not_slept_through_in_our_thread(desk: Desk, jira: Jira) -> None:
    """The package would sleep up to 60 s and try again; the queue does that better."""
    jira.fail("GET", "/myself", Fault(429, headers={"Retry-After": "30"}), times=5)
    started = time.monotonic()
    with pytest.raises(OutsideTrouble):
        desk.look(desk.ticket())
    assert time.monotonic() - started < 3
    assert [path for _, path in jira.requests].count("/rest/api/2/myself") == 1


def test_nothing_of_an_answer_or_the_token_reaches_the_log(
    desk: Desk, jira: Jira, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    jira.fail("GET", "/myself", Fault(200, b"<html>private page</html>"))
    jira.fail("POST", "/issue", Fault(500, b"private stack"))
    ticket = desk.ticket()
    for _ in range(3):
        with pytest.raises(RcaError):
            desk.look(ticket)
    assert "private" not in caplog.text
    assert TOKEN not in caplog.text


def test_a_plain_http_address_gets_no_token(jira: Jira) -> None:
    settings = msgspec.structs.replace(jira.settings, base_url="http://jira.example.com")
    with JiraClient(settings) as client, pytest.raises(OutsideRefusal, match="JIRA_BASE_URL must start with https"):
        client.find("rca-x")


def test_a_proxy_in_the_environment_is_not_asked_on_the_way_to_this_machine(
    desk: Desk, jira: Jira, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    desk.look(desk.ticket())
    jira.only_issue()


def test_building_the_client_asks_nobody_and_loads_nothing() -> None:
    code = (
        "import sys; from rca_core.integrations.jira import JiraClient;"
        " from rca_core.foundation.settings import JiraSettings; import rca_core.triggers.jira;"
        " JiraClient(JiraSettings('http://127.0.0.1:9', 't', 'OPS')); print('jira' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_search_finds_by_the_call_that_the_site_has(desk: Desk, jira: Jira) -> None:
    ticket = desk.ticket()
    assert desk.jira.find(label(ticket.id)) is None
    desk.look(ticket)
    found = desk.jira.find(label(ticket.id))
    assert found and found.key == jira.only_issue()["key"]
    assert desk.jira.find("rca-adf-20261120t120000-zzzzzz") is None
