"""Storage requests for a new failure and for a duplicate, counted in Azurite's access log."""

from __future__ import annotations

import collections
import re
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bench.alert import alert
from bench.figures import show_table, show_target
from devhost.azurite import Azurite
from tests.support.app import App, wait_for

SAMPLES = 5
BURST = 100
_LINE = re.compile(r'"(?P<method>[A-Z]+) /devstoreaccount1/(?P<path>\S*) HTTP/[\d.]+" (?P<status>\d+)')
# Method, how the path begins, service, who, what. Azurite's three services write one log without their ports; the
# paths of their requests differ.
_KINDS = (
    ("POST", "runs ", "table", "webhook", "insert the claim on the run"),
    ("GET", "runs(", "table", "webhook", "read the claim that is there"),
    ("POST", "failures/messages", "queue", "webhook", "put the failure on the queue"),
    ("GET", "failures/messages", "queue", "host", "receive the failure"),
    ("PATCH", "tickets(PartitionKey='months'", "table", "triage", "note the month (the first ticket of a process)"),
    ("GET", r"tickets(PartitionKey='[\d-]+',RowKey='C|", "table", "triage", "read the row of counts"),
    ("GET", r"tickets(PartitionKey='[\d-]+',RowKey='T|", "table", "triage", "look whether the ticket is there"),
    ("PUT", "archive/*.txt ", "blob", "triage", "archive the text that diagnoses quote"),
    ("PUT", "archive/", "blob", "triage", "archive the payload"),
    ("GET", r"recall(*|R'", "table", "triage", "look whether the failure was seen before"),
    ("PATCH", r"recall(", "table", "triage", "count it among the failures of its kind"),
    ("GET", "owners()", "table", "triage", "read the ownership table (once in 30 s)"),
    ("GET", "owners(", "table", "triage", "look whether the pipeline is known to have no owner"),
    ("PATCH", "owners(", "table", "triage", "note that the pipeline has no owner"),
    ("POST", "$batch", "table", "triage", "write ticket, list row, audit entry, counts"),
    ("PATCH", "runs(", "table", "triage", "note the report on the claim"),
    ("POST", "live-updates/messages", "queue", "triage", "announce the ticket"),
    ("DELETE", "failures/messages/", "queue", "host", "delete the failure's message"),
    ("GET", "live-updates/messages", "queue", "host", "receive the announcement"),
    ("GET", "diagnoses/messages", "queue", "host", "receive a question to the failing system"),
    ("DELETE", "live-updates/messages/", "queue", "host", "delete the announcement's message"),
)
_PATTERNS = [
    (
        re.compile(f"{method} {re.escape(path)}".replace(re.escape(r"[\d-]+"), r"[\d-]+").replace(r"\*", r"\S*")),
        service,
        who,
        what,
    )
    for method, path, service, who, what in _KINDS
]
_RECEIVES = ("receive the failure", "receive the announcement", "receive a question to the failing system")
# Functions that ask storage by themselves, whether something fails or not.
_QUIET = {
    f"AzureWebJobs.{name}.Disabled": "true"
    for name in (
        "watch_sla",
        "remove_old",
        "update_jira",
        "update_slack",
        "keep_dead_failure",
        "keep_dead_investigation",
        "keep_dead_jira_update",
        "keep_dead_slack_update",
        "keep_dead_live_update",
    )
}
_TICKET_WRITTEN = "write ticket, list row, audit entry, counts"


class Log:
    """Azurite's access log."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mark(self) -> int:
        """Where the log ends now."""
        return self._path.stat().st_size

    def since(self, mark: int) -> list[tuple[str, str, str, int]]:
        """Service, who, what and status of each request since then."""
        with self._path.open("rb") as file:
            file.seek(mark)
            lines = file.read().decode().splitlines()
        return [_kind(found) for line in lines if (found := _LINE.search(line))]

    def wait(self, mark: int, what: str, times: int = 1) -> None:
        """Until `what` was requested that often since then."""
        wait_for(lambda: sum(one[2] == what for one in self.since(mark)) >= times, what, seconds=60)


def run() -> dict[str, Any]:
    """Measures, prints, returns the figures."""
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder) / "access.log")
        data = Path(folder) / "data"
        data.mkdir()
        with (
            Azurite(access_log=Path(folder) / "access.log") as azurite,
            App(azurite.connection_string, data, **_QUIET) as app,
        ):
            # The first ones create tables and queues.
            for _ in range(2):
                _new_failure(app, log, str(uuid.uuid4()))
            runs = [str(uuid.uuid4()) for _ in range(SAMPLES)]
            new = [_new_failure(app, log, run_id) for run_id in runs]
            duplicates = [_duplicate(app, log, run_id) for run_id in runs]
            burst = _burst(app, log)
    return _report(new, duplicates, burst)


def _new_failure(app: App, log: Log, run_id: str) -> list[tuple[str, str, str, int]]:
    mark = log.mark()
    answer = app.post("/azure-monitor", alert(run_id))
    assert answer.status_code == 202, answer.text
    log.wait(mark, "delete the failure's message")
    log.wait(mark, "delete the announcement's message")
    return log.since(mark)


def _duplicate(app: App, log: Log, run_id: str) -> list[tuple[str, str, str, int]]:
    mark = log.mark()
    answer = app.post("/azure-monitor", alert(run_id))
    assert answer.status_code == 200, answer.text
    log.wait(mark, "read the claim that is there")
    return log.since(mark)


def _burst(app: App, log: Log) -> list[tuple[str, str, str, int]]:
    mark = log.mark()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: app.post("/azure-monitor", alert()), range(BURST)))
    log.wait(mark, "delete the failure's message", BURST)
    return log.since(mark)


def _kind(found: re.Match[str]) -> tuple[str, str, str, int]:
    request = f"{found['method']} {unquote(found['path'])} "
    for pattern, service, who, what in _PATTERNS:
        if pattern.match(request):
            return service, who, what, int(found["status"])
    return "?", "?", request.strip(), int(found["status"])


def _report(
    new: list[list[tuple[str, str, str, int]]],
    duplicates: list[list[tuple[str, str, str, int]]],
    burst: list[tuple[str, str, str, int]],
) -> dict[str, Any]:
    until, after = zip(*map(_split, new), strict=True)
    print(f"A new failure (one at a time, {SAMPLES} of them; the requests of the last):\n")
    _show(until[-1])
    print("\nand after its ticket is there:\n")
    _show(after[-1])
    print("\nA duplicate:\n")
    repeats = [[one for one in requests if one[2] not in _RECEIVES] for requests in duplicates]
    _show(repeats[-1])
    print("\nPolls of empty queues by the host, which go on whether something fails or not: ", end="")
    empty = [sum(one[2] in _RECEIVES for one in requests) - 2 for requests in new]
    print(f"{sum(empty) / len(empty):.1f} while a new failure was worked on (not counted below).")
    print(f"\nA burst of {BURST} new failures, 20 at once; requests for each failure:\n")
    counted = collections.Counter(one[1:3] for one in burst)
    show_table(
        ["request", "by", "each"],
        [[what, who, f"{count / BURST:.2f}"] for (who, what), count in counted.items() if what not in _RECEIVES],
    )
    lost = sum(one[3] in (409, 412) for one in burst)
    print(f"(Azurite refused {lost} requests as conflicts; a refused batch is a 202 in its log.)\n")
    most_new, most_duplicate = max(map(len, until)), max(map(len, repeats))
    targets = [
        show_target("requests for a new failure until the ticket is written", most_new, 8),
        show_target("requests for a duplicate", most_duplicate, 3),
    ]
    return {
        "new_until_ticket": [len(requests) for requests in until],
        "new_after_ticket": [len(requests) for requests in after],
        "duplicate": [len(requests) for requests in repeats],
        "empty_polls": empty,
        "requests": [what for _, _, what, _ in until[-1]],
        "burst_each": {what: count / BURST for (_, what), count in counted.items()},
        "targets": targets,
    }


def _split(requests: list[tuple[str, str, str, int]]) -> tuple[list[Any], list[Any]]:
    """Those until the ticket is written, and those after; each queue's receive once, where it counts."""
    written = next(i for i, one in enumerate(requests) if one[2] == _TICKET_WRITTEN and one[3] < 300)
    until = _once(requests[: written + 1], keep=_RECEIVES[0])
    return until, _once(requests[written + 1 :], keep=_RECEIVES[1])


def _once(requests: list[tuple[str, str, str, int]], keep: str) -> list[tuple[str, str, str, int]]:
    kept: list[tuple[str, str, str, int]] = []
    for one in requests:
        if one[2] not in _RECEIVES or (one[2] == keep and one[2] not in [other[2] for other in kept]):
            kept.append(one)
    return kept


def _show(requests: list[tuple[str, str, str, int]]) -> None:
    show_table(
        ["request", "service", "by", "answer"],
        [[what, service, who, status] for service, who, what, status in requests],
    )
