"""A database of the earlier program becomes tickets of ours: what can be kept is kept, and nothing twice."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devhost.azurite import Azurite
from rca_core.foundation import clock
from rca_core.foundation.storage import Storage
from rca_core.integrations import archive
from rca_core.tickets import claims, jira_known, rows, sync
from rca_core.tickets.store import TicketStore
from rca_core.upkeep.original import loading
from rca_core.upkeep.original.loading import load
from rca_core.upkeep.original.report import Report
from rca_core.upkeep.original.reported import Places
from rca_core.upkeep.upgrade import recount
from tests.support.app import App, wait_for
from tests.upkeep import original

# Fifty days, in three months; what a row may hold comes again after twelve of them.
COUNT = 1_000
PLACES = Places(factory="adf-sales", workspace="1234", airflow="https://airflow.example.com")
ROWS = original.make_rows(COUNT)
CONFIDENCE = {"Very High": 0.95, "High": 0.8, "Medium": 0.5, "Low": 0.25}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "tickets.db"
    original.write(path, ROWS)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO tickets (id, timestamp) VALUES ('no-id-of-ours', 'now')")
    connection.close()
    return path


@pytest.fixture(scope="module")
def loaded(storage: Storage, store: TicketStore, database: Path) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "_AT_A_TIME", 400)
        return load(storage, store, database, lambda _: None, places=PLACES)


@pytest.fixture(scope="module")
def app(emulator: Azurite, loaded: Report, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with App(emulator.connection_string, tmp_path_factory.mktemp("devhost")) as running:
        yield running


def expected(row: dict[str, Any]) -> dict[str, Any]:
    """The row's ticket as /api shows it, field by field."""
    made, done = original.at(row), row["status"] == "acknowledged"
    mode = {"direct_webhook": "adf"}.get(row["processing_mode"], row["processing_mode"])
    return {
        **{name: row[name] for name in SAME},
        "timestamp": clock.to_iso(made),
        "confidence": CONFIDENCE[row["confidence"]],
        "recommendations": json.loads(row["recommendations"]),
        "error_type": original.category_of(row),
        "processing_mode": mode,
        "sla_due": clock.to_iso(made + timedelta(seconds=row["sla_seconds"])),
        # Nobody tells the past of a breach; whoever looks sees it.
        "sla_status": row["sla_status"] if done else "Breached",
        "ack_ts": clock.to_iso(made + timedelta(seconds=row["ack_seconds"])) if done else None,
        "blob_log_url": row["blob_log_url"].partition("?")[0],
        "original": {
            "confidence": row["confidence"],
            "remediation_note": row["remediation_note"],
            **({"ack_empid": row["ack_empid"]} if done else {}),
            **({"error_type": row["error_type"]} if row["error_type"] != original.category_of(row) else {}),
            **({"processing_mode": row["processing_mode"]} if row["processing_mode"] != mode else {}),
        },
        "table": json.loads(row["affected_entity"])["table"],
    }


# What stands in the row and in the ticket as it is.
SAME = {
    *("id", "pipeline", "run_id", "rca_result", "severity", "priority", "status", "sla_seconds"),
    *("finops_team", "finops_owner", "finops_cost_center", "itsm_ticket_id", "ack_user", "ack_seconds"),
    *("slack_ts", "slack_channel", "logic_app_run_id", "remediation_status"),
}


def kept(ticket: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """Of the ticket, what was in the row."""
    entity = ticket["affected_entity"]
    return {name: {**ticket, **entity}[name] for name in expected(row)}


def test_every_field_of_every_ticket_is_kept(store: TicketStore, loaded: Report) -> None:
    found = [rows.ticket_from(row) for month in ("2026-09", "2026-10", "2026-11") for row in store.read(month, "T|")]
    tickets = {ticket.id: msgspec.to_builtins(ticket) for ticket in found}
    assert len(tickets) == COUNT
    for row in ROWS:
        assert kept(tickets[row["id"]], row) == expected(row)


def test_people_see_them(app: App) -> None:
    for row in ROWS[::25]:
        assert kept(app.get(f"/api/tickets/{row['id']}"), row) == expected(row)


def test_lists_and_counts_are_those_of_the_original(app: App, store: TicketStore, storage: Storage) -> None:
    summary = app.get("/api/summary")
    assert summary["by_status"] == {"acknowledged": COUNT // 2, "in_progress": COUNT // 4, "open": COUNT // 4}
    taken = [row["ack_seconds"] for row in ROWS if row["ack_seconds"]]
    assert summary["mttr_seconds"] == sum(taken) / len(taken)
    assert not any(recount(storage, store, month) for month in store.months())
    listed = app.get("/api/tickets", status="open", source="airflow", limit=200)["items"]
    assert listed and all(item["id"].startswith("ARF-") for item in listed)


def test_the_trail_is_kept_without_secrets(app: App) -> None:
    ticket = app.get(f"/api/tickets/{ROWS[0]['id']}")
    assert [(entry["action"], entry["user"], entry["time"]) for entry in ticket["audit"]] == [
        ("Ticket Created", "system", "2026-09-20T06:00:00.000Z"),
        ("Jira: In Progress", "Ann (E7)", "2026-09-20T06:00:09.000Z"),
        ("Remediation failed", "the earlier program", "2026-09-20T06:10:00.000Z"),
    ]
    assert "hunter2" not in json.dumps(ticket)
    assert "retry_pipeline" in ticket["audit"][-1]["details"]


def test_the_same_run_reported_again_is_a_duplicate(app: App) -> None:
    adf, databricks, airflow = ROWS[0], ROWS[1], ROWS[2]
    dag, _, task = airflow["pipeline"].partition("/")
    said = [
        app.post(
            "/azure-monitor",
            {
                "schema": "rca.adf/1",
                "data_factory": "adf-sales",
                "pipeline": adf["pipeline"],
                "run_id": adf["run_id"],
                "message": "Login failed.",
            },
        ),
        app.post(
            "/databricks-monitor",
            {
                "event_type": "jobs.on_failure",
                "workspace_id": 1234,
                "run": {"run_id": databricks["run_id"]},
                "job": {"name": databricks["pipeline"]},
            },
        ),
        app.post(
            "/airflow-monitor",
            {
                "dag_id": dag,
                "task_id": task,
                "run_id": airflow["run_id"],
                "try_number": 2,
                "airflow_base_url": "https://airflow.example.com",
                "state": "failed",
                "exception": "boom",
            },
        ),
    ]
    assert [(answer.json()["status"], answer.json()["ticket_id"]) for answer in said] == [
        ("duplicate", row["id"]) for row in (adf, databricks, airflow)
    ]


def test_jira_and_slack_find_what_the_original_made(storage: Storage, loaded: Report) -> None:
    row = ROWS[8]
    assert jira_known.ticket_of(storage, "10008", row["itsm_ticket_id"]) == row["id"]
    assert sync.read(storage, row["id"], "jira").agreed == row["status"]
    assert sync.read(storage, row["id"], "slack").remote == row["slack_ts"]


def test_people_come_in_once_an_admin_approved(app: App) -> None:
    assert app.sign_in("ann@example.com", original.PASSWORD).status_code == 401
    waiting = next(one for one in app.get("/api/users")["items"] if one["email"] == "ann@example.com")
    assert (waiting["role"], waiting["status"], waiting["name"]) == ("viewer", "waiting", "Ann")
    with app.client() as admin:
        admin.patch(f"/api/users/{waiting['id']}", json={"status": "active"})
    assert app.sign_in("ann@example.com", original.PASSWORD).status_code == 200


def test_what_was_left_out_or_changed_is_told(loaded: Report) -> None:
    assert loaded.counts["tickets loaded"] == COUNT
    assert {row for row, _ in loaded.skipped} == {
        "ticket no-id-of-ours",
        "user no address",
        "user bob@example.com",
    }
    assert loaded.not_kept["remediation_attempts.logic_app_response"] == 1
    assert loaded.changed["confidence: became a number"] == COUNT


def test_loading_again_adds_only_what_a_death_left_out(storage: Storage, store: TicketStore, tmp_path: Path) -> None:
    path = tmp_path / "july.db"
    july = [{name: _in_july(value) for name, value in row.items()} for row in ROWS[:12]]
    original.write(path, july)
    load(storage, store, path, lambda _: None, places=PLACES)
    before = [dict(row) for row in store.read("2026-07", "")]
    claim = claims.find(storage, store.get(july[0]["id"]).run_hash)
    assert claim is not None
    claims.forget(storage, claim.run_hash, claim.ticket_id)
    again = load(storage, store, path, lambda _: None, places=PLACES)
    assert (again.counts["tickets loaded"], again.counts["tickets there already"]) == (0, 12)
    assert [dict(row) for row in store.read("2026-07", "")] == before
    assert claims.find(storage, claim.run_hash) == claim


def _in_july(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.replace("202609", "202607").replace("2026-09", "2026-07").replace("run-", "july-")


def test_the_night_s_work_leaves_what_is_not_old_enough(app: App) -> None:
    master = json.loads((app.data / "keys.json").read_text())["_master"]
    with app.stranger(headers={"x-functions-key": master}) as operator:
        assert operator.post("/admin/functions/remove_old", json={}).status_code == 202
    line = wait_for(
        lambda: next((line for line in app.log.read_text().splitlines() if "retention tickets=" in line), None),
        "the line about the night's work",
    )
    assert "retention tickets=0 cleared=0 audit=0" in line and "complete=True" in line
    assert app.get("/api/summary")["total_tickets"] >= COUNT


def test_odd_values_become_something_sensible(storage: Storage, store: TicketStore, tmp_path: Path) -> None:
    odd = {
        **original.make_rows(1)[0],
        "id": "ADF-20260801T000000-0000aa",
        "timestamp": "2026-08-01T00:00:00.250000",
        "run_id": "N/A",
        "confidence": 0.7,
        "severity": "Sev1",
        "priority": "P0",
        "status": "closed",
        "ack_ts": "2026-08-01 00:10:00",
        "ack_seconds": None,
        "sla_status": "Pending",
        "recommendations": "Call the team",
        "affected_entity": "orders table",
        "rca_result": "Login failed, password=hunter2secret99",
        "itsm_ticket_id": "not a key!",
    }
    path = tmp_path / "odd.db"
    original.write(path, [odd])
    load(storage, store, path, lambda _: None)
    ticket = store.get("ADF-20260801T000000-0000aa")
    assert (ticket.status, ticket.severity, ticket.priority) == ("acknowledged", "Medium", "P3")
    assert (ticket.run_id, ticket.confidence, ticket.recommendations) == (None, 0.7, ["Call the team"])
    assert (ticket.timestamp, ticket.ack_seconds, ticket.sla_status) == ("2026-08-01T00:00:00.250Z", 599, "Met")
    assert ticket.affected_entity["affected"] == "orders table"
    assert ticket.affected_entity["original"]["severity"] == "Sev1"
    assert "hunter2" not in ticket.rca_result


def test_a_ticket_of_nobody_knows_which_dag_is_kept(storage: Storage, store: TicketStore, tmp_path: Path) -> None:
    named = ["", None, "Unknown", "Unknown/load", "dag_x/load"]
    row = original.make_rows(3)[2]
    path = tmp_path / "unknown.db"
    original.write(
        path,
        [
            {**row, "id": f"ARF-20260803T000000-00000{n}", "run_id": f"r{n}", "pipeline": name}
            for n, name in enumerate(named)
        ],
    )
    assert load(storage, store, path, lambda _: None).counts["tickets loaded"] == len(named)
    loaded = [store.get(f"ARF-20260803T000000-00000{number}") for number in range(len(named))]
    assert [one.pipeline for one in loaded] == ["unknown", "unknown", "Unknown", "Unknown/load", "dag_x/load"]
    assert len({run for one in loaded for run in (one.run_hash, *one.other_run_hashes)}) == 4 + 5


def test_of_two_tickets_of_one_run_the_earlier_gets_its_repeats(
    storage: Storage, store: TicketStore, tmp_path: Path
) -> None:
    first, second = ({**original.make_rows(1)[0], "id": f"ADF-20260804T00000{n}-0000cc"} for n in (1, 2))
    path = tmp_path / "twice.db"
    original.write(path, [first, second])
    report = load(storage, store, path, lambda _: None, places=Places(factory="adf-twice"))
    assert report.counts["tickets loaded"] == 2
    assert report.changed["run: an earlier ticket has it as well, and gets its repeats"] == 1
    claim = claims.find(storage, store.get(second["id"]).run_hash)
    assert claim is not None and claim.ticket_id == first["id"]


def test_with_its_blobs_the_payload_and_the_error_text_are_kept(
    storage: Storage, store: TicketStore, tmp_path: Path
) -> None:
    row = {**original.make_rows(1)[0], "id": "ADF-20260802T000000-0000bb", "run_id": "run-bb"}
    path, day = tmp_path / "blob.db", tmp_path / "2026-08-02"
    original.write(path, [row])
    day.mkdir()
    payload = {
        "schema": "rca.adf/1",
        "data_factory": "adf-other",
        "pipeline": row["pipeline"],
        "run_id": "run-bb",
        "error_code": "2200",
        "message": "Login failed for user 'etl'. password=hunter2secret99",
    }
    (day / f"{row['id']}-payload.json").write_text(json.dumps(payload))
    load(storage, store, path, lambda _: None, places=Places(blobs=tmp_path))
    ticket = store.get(row["id"])
    assert ticket.message.startswith("Login failed for user") and "hunter2" not in ticket.message
    assert (ticket.error_code, ticket.affected_entity["factory"]) == ("2200", "adf-other")
    assert ticket.fingerprint and ticket.reports[0].archived.startswith("2026-08/")
    names = list(storage.container("archive").list_blob_names(name_starts_with="2026-08/"))
    assert len(names) == 2  # the payload, and its text as it is quoted
    for name in names:
        archived = archive.archived(storage, name) or b""
        assert b"hunter2" not in archived and b"Login failed" in archived
