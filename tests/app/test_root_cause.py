"""Who answers why a failure happened, and whether it can be trusted: recall, the model, the rules."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from devhost.azurite import Azurite
from tests.gemini.server import API_KEY, GeminiServer, answers, quoting, recorded, said
from tests.support.app import App, wait_for

TRACE = """Traceback (most recent call last):
  File "/opt/airflow/dags/orders.py", line 41, in load
    frame = frame.merge(customers, on="customer_key")
KeyError: 'customer_key' is missing in landing_orders, attempt {attempt}"""


@pytest.fixture(scope="module")
def gemini() -> Iterator[GeminiServer]:
    with GeminiServer() as server:
        yield server


@pytest.fixture(scope="module")
def asking(gemini: GeminiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with a model, and an emulator of its own: another app must not take its messages."""
    settings = {"GEMINI_API_KEY": API_KEY, "GEMINI_BASE_URL": gemini.url}
    with Azurite() as own, App(own.connection_string, tmp_path_factory.mktemp("model"), **settings) as app:
        yield app


@pytest.fixture
def task() -> str:
    """A task that no other test knows, so that its failures have a fingerprint of their own."""
    letters = re.sub(r"\d", "x", uuid4().hex[:12])
    return f"load_{letters}"


def failure(task: str, text: str = TRACE) -> dict[str, Any]:
    attempt = int(uuid4().hex[:3], 16)
    return {
        "dag_id": "nightly_orders",
        "task_id": task,
        "run_id": f"scheduled__{uuid4().hex}",
        "try_number": 1,
        "exception": text.replace("{attempt}", str(attempt)),
    }


def explained(app: App, body: dict[str, Any], done: Callable[[dict[str, Any]], Any] | None = None) -> dict[str, Any]:
    """The ticket of the failure once it is explained for good."""
    ticket_id = app.post("/airflow-monitor", body).json()["ticket_id"]

    def settled() -> dict[str, Any] | None:
        ticket = app.ticket(ticket_id)
        return ticket if (done(ticket) if done else ticket["explained"]) else None

    return wait_for(settled, "the explanation", seconds=40)


def document(app: App, ticket: dict[str, Any], name: str) -> str:
    with app.client() as client:
        return client.get(f"/api/tickets/{ticket['id']}/log", params={"document": name}).text


def test_the_model_s_analysis_replaces_the_rules_and_each_quote_stands_in_the_archive(
    asking: App, gemini: GeminiServer, task: str
) -> None:
    gemini.answer_with(answers(quoting("KeyError: '", category="DataError")))
    ticket = explained(asking, failure(task))
    diagnosis = ticket["diagnosis"]
    assert diagnosis["engine"] == "gemini", diagnosis
    assert diagnosis["evidence"]
    for evidence in diagnosis["evidence"]:
        lines = document(asking, ticket, evidence["document"]).split("\n")
        assert evidence["quote"] in "\n".join(lines[evidence["line_start"] - 1 : evidence["line_end"]])
    assert diagnosis["model"]["tokens_in"] > 0 and diagnosis["model"]["prompt_version"]
    assert ticket["rca_result"] == diagnosis["cause"]
    assert ticket["audit"][-1]["action"] == "Diagnosis Updated"
    assert asking.get("/api/summary")["by_engine"]["gemini"] >= 1


def test_an_answer_whose_quotes_are_invented_leaves_the_rules_and_says_so(
    asking: App, gemini: GeminiServer, task: str
) -> None:
    def invented(asked: Any) -> dict[str, Any]:
        draft = quoting("KeyError: '")(asked)
        for evidence in draft["evidence"]:
            evidence["quote"] = "PermissionError: the principal etl_writer may not read vault-7"
        return draft

    gemini.answer_with(answers(invented))
    ticket = explained(asking, failure(task))
    diagnosis = ticket["diagnosis"]
    assert diagnosis["engine"] == "rules"
    assert "nothing of its analysis stood up to the checks" in diagnosis["engine_reason"]
    assert diagnosis["verification"]["evidence_kept"] == 0
    assert diagnosis["verification"]["dropped"]
    assert "vault-7" not in ticket["rca_result"]


def test_an_answer_that_cannot_be_read_is_repaired_once(asking: App, gemini: GeminiServer, task: str) -> None:
    gemini.answer_with(recorded("half_json"), answers(quoting("KeyError: '")))
    before = len(gemini.asked)
    ticket = explained(asking, failure(task))
    assert ticket["diagnosis"]["engine"] == "gemini", ticket["diagnosis"]["engine_reason"]
    assert ticket["diagnosis"]["verification"]["schema_retries"] == 1
    assert [asked.is_repair for asked in gemini.asked[before:]] == [False, True]


def test_an_answer_that_stays_unreadable_leaves_the_rules(asking: App, gemini: GeminiServer, task: str) -> None:
    gemini.answer_with(said("I cannot help with that."))
    ticket = explained(asking, failure(task))
    assert ticket["diagnosis"]["engine"] == "rules"
    assert "its answer cannot be read" in ticket["diagnosis"]["engine_reason"]


def test_secrets_in_the_report_do_not_reach_the_model(asking: App, gemini: GeminiServer, task: str) -> None:
    secret = "s3cr" + "et-" + uuid4().hex
    gemini.answer_with(answers(quoting()))
    before = len(gemini.requests)
    explained(asking, failure(task, f"OperationalError: cannot connect: Server=db-1;User ID=etl;Password={secret};"))
    sent = repr(gemini.requests[before:])
    assert "OperationalError" in sent and "[PASSWORD#1]" in sent
    assert secret not in sent


def test_failures_of_one_kind_at_once_cost_one_call_and_each_is_checked_against_its_own_log(
    asking: App, gemini: GeminiServer, task: str
) -> None:
    gemini.answer_with(answers(quoting("KeyError: '", category="DataError")))
    before = len(gemini.asked)
    with ThreadPoolExecutor(8) as pool:
        tickets = list(pool.map(lambda _: explained(asking, failure(task)), range(12)))
    assert len(gemini.asked) - before == 1
    assert {ticket["diagnosis"]["engine"] for ticket in tickets} == {"gemini"}
    reused = [ticket for ticket in tickets if ticket["diagnosis"]["recalled"]]
    assert len(reused) == 11
    for ticket in reused:
        assert "used again" in ticket["diagnosis"]["engine_reason"]
        for evidence in ticket["diagnosis"]["evidence"]:
            assert evidence["quote"] in document(asking, ticket, evidence["document"])


def test_what_a_person_noted_answers_the_next_failure_and_spares_the_call(
    asking: App, gemini: GeminiServer, task: str
) -> None:
    gemini.answer_with(answers(quoting("KeyError: '")))
    first = explained(asking, failure(task))
    change = {
        "status": "acknowledged",
        "note": "The landing job had not run: rerun it first.",
        "version": first["version"],
    }
    with asking.client() as client:
        assert client.patch(f"/api/tickets/{first['id']}", json=change).status_code == 200
    before = len(gemini.asked)
    second = explained(asking, failure(task), lambda ticket: ticket["diagnosis"]["engine"] == "recall")
    assert len(gemini.asked) == before
    assert second["diagnosis"]["recalled"]["ticket_id"] == first["id"]
    assert "Seen once before" in second["rca_result"] and "The landing job had not run" in second["rca_result"]
    assert second["recommendations"][0].endswith("The landing job had not run: rerun it first.")


def test_an_error_that_only_wraps_another_is_what_the_model_is_for(
    asking: App, gemini: GeminiServer, task: str
) -> None:
    gemini.answer_with(answers(quoting("partition landing")))
    body = {
        "schema": "rca.adf/1",
        "data_factory": "adf-orders",
        "pipeline": task,
        "activity": "Copy",
        "run_id": uuid4().hex,
        "error_code": "2200",
        "message": "ErrorCode=UserErrorFailedFileOperation, while the partition landing_orders was being swapped.",
    }
    ticket_id = asking.post("/azure-monitor", body).json()["ticket_id"]
    ticket = wait_for(lambda: (found := asking.ticket(ticket_id))["explained"] and found, "the explanation", 40)
    assert ticket["diagnosis"]["engine"] == "gemini", ticket["diagnosis"]["engine_reason"]


def test_what_a_person_calls_wrong_is_not_recalled_again(asking: App, gemini: GeminiServer, task: str) -> None:
    gemini.answer_with(answers(quoting("KeyError: '")))
    first = explained(asking, failure(task))
    change = {"status": "acknowledged", "note": "restarted the worker", "version": first["version"]}
    with asking.client() as client:
        client.patch(f"/api/tickets/{first['id']}", json=change).raise_for_status()
        second = explained(asking, failure(task), lambda ticket: ticket["diagnosis"]["engine"] == "recall")
        client.post(f"/api/tickets/{second['id']}/feedback", json={"verdict": "wrong"}).raise_for_status()
    third = explained(asking, failure(task), lambda ticket: ticket["explained"])
    assert third["diagnosis"]["engine"] == "gemini"


# Leaves the circuit breaker open: the tests that ask the model stand above.
def test_an_hour_without_the_model_every_ticket_has_its_analysis_and_says_why(
    asking: App, gemini: GeminiServer, task: str
) -> None:
    gemini.answer_with(recorded("overloaded"))
    before = len(gemini.asked)
    tickets = [explained(asking, failure(f"{task}_{letter}")) for letter in "abcdefgh"]
    assert {ticket["diagnosis"]["engine"] for ticket in tickets} == {"rules"}
    assert all(ticket["rca_result"] and ticket["recommendations"] for ticket in tickets)
    assert "it gave no answer" in tickets[0]["diagnosis"]["engine_reason"]
    assert "left alone until" in tickets[-1]["diagnosis"]["engine_reason"]
    assert len(gemini.asked) - before == 5, "then the circuit breaker opened"


def test_a_spent_budget_is_the_reason(
    gemini: GeminiServer, tmp_path_factory: pytest.TempPathFactory, task: str
) -> None:
    gemini.answer_with(answers(quoting("KeyError: '")))
    settings = {"GEMINI_API_KEY": API_KEY, "GEMINI_BASE_URL": gemini.url, "GEMINI_DAILY_BUDGET": "1 calls"}
    with Azurite() as own, App(own.connection_string, tmp_path_factory.mktemp("budget"), **settings) as app:
        assert explained(app, failure(task))["diagnosis"]["engine"] == "gemini"
        late = explained(app, failure(f"{task}_b"))
    assert "the day's budget of 1 calls to the model is spent" in late["diagnosis"]["engine_reason"]


def test_without_a_key_the_rules_answer_and_health_says_so(app: App, task: str) -> None:
    ticket = explained(app, failure(task), lambda ticket: True)
    assert ticket["diagnosis"]["engine"] == "rules"
    assert "none is configured (GEMINI_API_KEY)" in ticket["diagnosis"]["engine_reason"]
    health = app.get("/api/health")
    assert (health["parts"]["gemini"], health["notes"]["gemini"]) == ("off", "GEMINI_API_KEY is not set.")


def test_health_asks_whether_the_model_is_there(asking: App) -> None:
    assert asking.get("/api/health")["parts"]["gemini"] == "ok"


def test_people_say_whether_it_was_right_and_that_is_counted(app: App, task: str) -> None:
    ticket = explained(app, failure(task), lambda ticket: True)
    counted = app.get("/api/summary")["judgements"].get("rules:wrong", 0)
    with app.client() as client:
        for verdict in ("right", "wrong", "wrong"):
            answer = client.post(f"/api/tickets/{ticket['id']}/feedback", json={"verdict": verdict, "note": "a typo"})
            assert answer.status_code == 200
        assert client.post(f"/api/tickets/{ticket['id']}/feedback", json={"verdict": "maybe"}).status_code == 400
    judged = answer.json()
    assert [one["verdict"] for one in judged["feedback"]] == ["wrong"], "a person has one opinion, the newest"
    said_so = [(entry["old"], entry["new"]) for entry in judged["audit"] if entry["action"] == "Diagnosis Judged"]
    assert said_so == [(None, "right"), ("right", "wrong")]
    assert app.get("/api/summary")["judgements"]["rules:wrong"] == counted + 1
