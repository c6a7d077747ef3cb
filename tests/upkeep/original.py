"""A database of the earlier program, with the tables and columns that it had after its own upgrades."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt

TICKETS = [
    *("id", "timestamp", "pipeline", "run_id", "rca_result", "recommendations", "confidence", "severity"),
    *("priority", "error_type", "affected_entity", "status", "sla_seconds", "sla_status", "finops_team"),
    *("finops_owner", "finops_cost_center", "blob_log_url", "itsm_ticket_id", "ack_ts", "ack_user", "ack_empid"),
    *("ack_seconds", "slack_ts", "slack_channel", "logic_app_run_id", "processing_mode", "remediation_status"),
    *("remediation_run_id", "remediation_attempts", "remediation_last_attempt_at", "remediation_resolved_at"),
    *("remediation_note",),
]
AUDIT = [
    *("timestamp", "ticket_id", "action", "user_name", "user_empid", "pipeline", "run_id", "rca_summary"),
    *("time_taken_seconds", "mttr_minutes", "sla_status", "finops_team", "finops_owner", "itsm_ticket_id", "details"),
]
ATTEMPTS = [
    *("ticket_id", "original_run_id", "remediation_run_id", "attempt_number", "status", "error_type"),
    *("remediation_action", "logic_app_response", "started_at", "completed_at", "duration_seconds", "failure_reason"),
]
USERS = ["email", "password_hash", "full_name", "created_at", "last_login"]

START = datetime(2026, 9, 20, 6, tzinfo=UTC)
_BETWEEN = timedelta(minutes=72)
PASSWORD = "correct horse 77"
# Where it ran, clocks were ahead of UTC.
AHEAD = timedelta(hours=5, minutes=30)

_KINDS: list[dict[str, Any]] = [
    {
        "prefix": "ADF",
        "mode": "direct_webhook",
        "error_type": "UserErrorSqlOperationFailed",
        "pipeline": "pl_orders_{n}",
        "category": "DatabaseError",
    },
    {
        "prefix": "DBX",
        "mode": "databricks",
        "error_type": "DatabricksPermissionDenied",
        "pipeline": "job_{n}",
        "category": "AuthenticationError",
    },
    {
        "prefix": "ARF",
        "mode": "airflow-arf",
        "error_type": "NetworkError",
        "pipeline": "dag_{n}/load",
        "category": "NetworkError",
    },
]
_STATUSES = ("open", "in_progress", "acknowledged", "acknowledged")
_CONFIDENCE = ("Very High", "High", "Medium", "Low")
_SEVERITIES = (("Critical", "P1", 900), ("High", "P2", 1_800), ("Medium", "P3", 7_200), ("Low", "P4", 86_400))


def make_rows(count: int) -> list[dict[str, Any]]:
    """So many tickets, one each 72 minutes; the id of a row tells its number."""
    return [_ticket(number) for number in range(count)]


def category_of(row: dict[str, Any]) -> str:
    """What the row's ticket is called by our classifier."""
    return next(kind["category"] for kind in _KINDS if kind["prefix"] == row["id"][:3])


def at(row: dict[str, Any]) -> datetime:
    """When the row's ticket was made."""
    return START + int(row["id"][-6:], 16) * _BETWEEN


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """The database with these tickets, two audit entries for each, and some of everything else."""
    audits = [entry for row in rows for entry in _audits(row)]
    audits.append(_audit(START, None, "Duplicate Run Detected"))
    users = [
        {
            "email": "ann@example.com",
            "password_hash": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
            "full_name": "Ann",
            "created_at": "2026-09-01T10:00:00",
            "last_login": "2026-09-21 11:00:00.5",
        },
        {"email": "no address", "password_hash": bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()},
        {"email": "bob@example.com", "password_hash": "plain text"},
    ]
    attempt = {
        "ticket_id": rows[0]["id"],
        "remediation_run_id": "logic-1",
        "attempt_number": 1,
        "status": "failed",
        "remediation_action": "retry_pipeline",
        "logic_app_response": "{}",
        "started_at": "2026-09-20T11:40:00",
        "failure_reason": "timed out",
    }
    with sqlite3.connect(path) as database:
        for table, columns, found in (
            ("tickets", TICKETS, rows),
            ("audit_trail", AUDIT, audits),
            ("remediation_attempts", ATTEMPTS, [attempt]),
            ("users", USERS, users),
        ):
            key = "" if table == "tickets" else "id INTEGER PRIMARY KEY AUTOINCREMENT, "
            database.execute(f"CREATE TABLE {table} ({key}{', '.join(columns)})")
            places = ", ".join("?" for _ in columns)
            database.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",
                [[row.get(column) for column in columns] for row in found],
            )
    database.close()


def _ticket(number: int) -> dict[str, Any]:
    moment = START + number * _BETWEEN
    kind = _KINDS[number % len(_KINDS)]
    status = _STATUSES[number % len(_STATUSES)]
    severity, priority, seconds = _SEVERITIES[number % len(_SEVERITIES)]
    done = status == "acknowledged"
    taken, told = 600 + number, number % 4 == 0
    return {
        "id": f"{kind['prefix']}-{moment:%Y%m%dT%H%M%S}-{number:06x}",
        "timestamp": (moment + AHEAD).replace(tzinfo=None).isoformat(),
        "pipeline": kind["pipeline"].format(n=number),
        "run_id": f"run-{number}",
        "rca_result": f"Step {number} failed: the answer of the other side was no answer.",
        "recommendations": json.dumps([f"Look at step {number}.", "Run it again."]),
        "confidence": _CONFIDENCE[number % 4],
        "severity": severity,
        "priority": priority,
        "error_type": kind["error_type"],
        "affected_entity": json.dumps({"table": f"orders_{number}"}),
        "status": status,
        "sla_seconds": seconds,
        "sla_status": ("Met" if taken <= seconds else "Breached") if done else "Pending",
        "finops_team": "Finance",
        "finops_owner": "finance@company.com",
        "finops_cost_center": "CC-FIN-001",
        "blob_log_url": f"https://logs.example.com/audit-logs/{moment:%Y-%m-%d}/{number}-payload.json?sig=secret",
        "itsm_ticket_id": f"OPS-{number}" if told else None,
        "ack_ts": (moment + AHEAD + timedelta(seconds=taken)).replace(tzinfo=None).isoformat() if done else None,
        "ack_user": "Ann" if done else None,
        "ack_empid": "JIRA" if done else None,
        "ack_seconds": taken if done else None,
        "slack_ts": f"17000000{number:02d}.000100" if told else None,
        "slack_channel": "C0123456" if told else None,
        "logic_app_run_id": f"la-{number}",
        "processing_mode": kind["mode"],
        "remediation_status": "pending",
        "remediation_note": "tried once",
    }


def _audits(row: dict[str, Any]) -> list[dict[str, Any]]:
    moment = at(row) + AHEAD
    return [
        _audit(moment, row["id"], "Ticket Created", user_name="system", pipeline=row["pipeline"]),
        _audit(
            moment + timedelta(seconds=9),
            row["id"],
            "Jira: In Progress",
            user_name="Ann",
            user_empid="E7",
            details="password=hunter2secret99",
            time_taken_seconds=9,
        ),
    ]


def _audit(moment: datetime, ticket_id: str | None, action: str, **given: Any) -> dict[str, Any]:
    return {"timestamp": moment.replace(tzinfo=None).isoformat(), "ticket_id": ticket_id, "action": action, **given}
