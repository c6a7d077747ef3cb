"""What was reported of a ticket: read by our own parsers, so that the same run reported again is known.

The earlier program stored no error text, only what it made of it. Where its blobs are at hand, the payload tells; else
a report is put together of what the row says, and of what the operator says of the one Data Factory, workspace or
Airflow that it served.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from rca_core import sources
from rca_core.diagnosis.redaction import Redactor
from rca_core.foundation.errors import MalformedRequest, PermanentError
from rca_core.foundation.failure import Failure, Source
from rca_core.sources import Sender
from rca_core.tickets import claims
from rca_core.upkeep.original import words

_SENDER_OF: dict[Source, Sender] = {
    "adf": "azure-monitor",
    "azure-monitor": "azure-monitor",
    "databricks": "databricks",
    "airflow": "airflow",
}
# Which try of an Airflow task it was, it did not store.
_TRIES = ("", "1", "2", "3", "4")


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """What the earlier program served, and where copies of its blobs are: a folder as its container, day by day."""

    factory: str = ""
    workspace: str = ""
    airflow: str = ""
    blobs: Path | None = None


class Reported(msgspec.Struct, frozen=True):
    """The failure; `body` is the payload that it was read from, None if it was put together; both without secrets.
    `run_hashes` are those of the runs that it may have been.
    """

    failure: Failure
    body: bytes | None
    run_hashes: tuple[str, ...]


def reported(row: dict[str, Any], source: Source, places: Places, redactor: Redactor) -> Reported:
    """What was reported of the ticket that this row is."""
    found = _reported(row, source, places)
    failure = found.failure
    masked = msgspec.json.decode(redactor.redact_body(msgspec.json.encode(failure)), type=Failure)
    return msgspec.structs.replace(
        found,
        # Run and report are known by what was sent.
        failure=msgspec.structs.replace(
            masked, report_key=failure.report_key, run_id=failure.run_id, runs=failure.runs
        ),
        body=None if found.body is None else redactor.redact_body(found.body),
    )


def _reported(row: dict[str, Any], source: Source, places: Places) -> Reported:
    run = words.run_of(row)
    found = next(_in_blobs(row["id"], source, run, places), None)
    if found is not None:
        sent, body = found
        return Reported(sent, body, (claims.run_hash(sent),))
    name = str(row.get("pipeline") or "").strip() or "unknown"
    known = _put_together(row, source, run, places, name)
    # Where it knew no DAG it wrote "Unknown", which our parser refuses.
    failure = known or _put_together(row, source, run, places, row["id"])
    if failure is None:
        raise MalformedRequest("nothing tells what failed.")
    failure = msgspec.structs.replace(failure, run_id=run, runs=(run,) if run else (), pipeline=name)
    if run is None or known is None:
        # Nobody can report a run without an id, or of nobody knows what, again.
        alone = msgspec.structs.replace(failure, run_key=("earlier", row["id"]))
        return Reported(alone, None, (claims.run_hash(alone),))
    return Reported(failure, None, tuple(claims.run_hash(one) for one in _tries(failure)))


def _put_together(row: dict[str, Any], source: Source, run: str | None, places: Places, name: str) -> Failure | None:
    """The report that would have made the row; None if none could, as it names nothing."""
    body: dict[str, Any]
    match source:
        case "databricks":
            job = name.removeprefix("Cluster Failure: ")
            body = {"event_type": "jobs.on_failure", "workspace_id": places.workspace, "job": {"name": job}}
            body["run"] = {"run_id": run or row["id"]}
        case "airflow":
            dag, _, task = name.partition("/")
            body = {"dag_id": dag, "task_id": task, "run_id": run or row["id"], "state": "failed"}
            body["airflow_base_url"] = places.airflow
        case _:
            body = {"schema": "rca.adf/1", "data_factory": places.factory, "pipeline": name, "run_id": run or row["id"]}
    return next(_failures(_SENDER_OF[source], json.dumps(body).encode()), None)


def _tries(failure: Failure) -> Iterator[Failure]:
    if failure.source != "airflow":
        yield failure
        return
    for number in _TRIES:
        yield msgspec.structs.replace(failure, run_key=(*failure.run_key[:-1], number))


def _in_blobs(ticket_id: str, source: Source, run: str | None, places: Places) -> Iterator[tuple[Failure, bytes]]:
    """The failure in the blobs of the ticket: the payload as it came, or the payload among other things."""
    if places.blobs is None:
        return
    for path in sorted(places.blobs.glob(f"*/{ticket_id}-*.json")):
        for body in _bodies(path.read_bytes()):
            failures = list(_failures(_SENDER_OF[source], body))
            ours = [failure for failure in failures if run is None or run in (failure.run_id, *failure.runs)]
            yield from ((failure, body) for failure in ours[:1])


def _bodies(content: bytes) -> Iterator[bytes]:
    yield content
    try:
        known = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(known, dict):
        yield from (json.dumps(part).encode() for part in known.values() if isinstance(part, dict))


def _failures(sender: Sender, body: bytes) -> Iterator[Failure]:
    try:
        yield from (event for event in sources.parse(sender, body) if isinstance(event, Failure))
    except PermanentError:  # not in a shape that this sender sends
        return
