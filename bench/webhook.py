"""Answers per second and latency of the webhook, beside the bare storage calls that it cannot do without."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from azure.storage.queue import QueueClient

from bench.figures import median, medians, show_table, show_target, summary
from devhost.azurite import Azurite
from tests.support.app import App

ROUNDS = 5
SECONDS = 2.0
CONCURRENCY = (1, 10, 50)
THREADS = 32
_ROOT = Path(__file__).resolve().parent.parent
_QUEUE_FUNCTIONS = ("triage_failure", "investigate_ticket", "send_live_update")
_WITHOUT_QUEUES = {f"AzureWebJobs.{name}.Disabled": "true" for name in _QUEUE_FUNCTIONS}
BARE, ALONE, TOGETHER = "bare storage calls", "app, webhooks alone", "app, all in one process"


class _Side(ABC):
    """One of the things that are compared, on an Azurite of its own."""

    @abstractmethod
    def round(self, concurrency: int, seconds: float) -> dict[str, Any]:
        """What a closed loop of that many callers measured."""

    def settle(self) -> None:
        """Ends what the round has left to do, so that it is not done in somebody else's round."""
        time.sleep(0.2)


class _Bare(_Side):
    """`bench.bare` in its process."""

    def __init__(self, azurite: Azurite) -> None:
        settings = {"AzureWebJobsStorage": azurite.connection_string, "PYTHON_THREADPOOL_THREAD_COUNT": str(THREADS)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.bare"],
            cwd=_ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # urllib3 warns of each connection over its default pool of 10 that it throws away.
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def round(self, concurrency: int, seconds: float) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"concurrency": concurrency, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        measured: dict[str, Any] = json.loads(self.process.stdout.readline())
        return measured

    def close(self) -> None:
        """Ends the process."""
        self.process.communicate()


class _Webhook(_Side):
    """The app in the development host, and the load client in a process of its own."""

    def __init__(self, azurite: Azurite, app: App) -> None:
        self._queue = QueueClient.from_connection_string(azurite.connection_string, "failures")
        self._app = app

    def round(self, concurrency: int, seconds: float) -> dict[str, Any]:
        port = self._app.url.rpartition(":")[2]
        command = [sys.executable, "-m", "bench.load", port, self._app.key, str(concurrency), str(seconds)]
        done = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True)
        measured: dict[str, Any] = json.loads(done.stdout)
        return measured


class _WebhookAndTriage(_Webhook):
    """The same with the queue functions in the same process."""

    def round(self, concurrency: int, seconds: float) -> dict[str, Any]:
        before = self._tickets()
        measured = super().round(concurrency, seconds)
        return {**measured, "tickets": self._tickets() - before}

    def settle(self) -> None:
        self._queue.clear_messages()
        time.sleep(1)  # what had been received already is still worked on

    def _tickets(self) -> int:
        total: int = self._app.get("/api/summary")["total_tickets"]
        return total


@contextlib.contextmanager
def sides() -> Iterator[dict[str, _Side]]:
    """All three, started."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        azurites = [stack.enter_context(Azurite()) for _ in range(3)]
        threads = {"PYTHON_THREADPOOL_THREAD_COUNT": str(THREADS)}
        apps = []
        for number, (azurite, disabled) in enumerate(zip(azurites[1:], (_WITHOUT_QUEUES, {}), strict=True)):
            data = folder / str(number)
            data.mkdir()
            apps.append(stack.enter_context(App(azurite.connection_string, data, **threads, **disabled)))
        direct = _Bare(azurites[0])
        stack.callback(direct.close)
        yield {
            BARE: direct,
            ALONE: _Webhook(azurites[1], apps[0]),
            TOGETHER: _WebhookAndTriage(azurites[2], apps[1]),
        }


def run() -> dict[str, Any]:
    """Measures, prints, returns the figures."""
    print(
        f"New failures posted as alerts of 3 KB; {ROUNDS} rounds of {SECONDS:g} s for each line, the sides in turn,\n"
        f"each on an in-memory Azurite of its own; medians of the rounds. App and bare calls: {THREADS} threads.\n"
        "The bare calls are made in the process that measures them; the app has an HTTP client beside it as well.\n"
    )
    measured: dict[tuple[str, int], list[dict[str, float]]] = {}
    for turn in range(ROUNDS):
        # All is new in each turn, which takes half a minute: a minute after its start, Azurite forgets the content
        # of deleted messages and, if they were thousands, answers nobody for many seconds.
        with sides() as compared:
            # The order changes with the turn: no side always comes first.
            names = list(compared)
            names = names[turn % 3 :] + names[: turn % 3]
            for name in names:
                compared[name].round(10, 1)  # warms up
                compared[name].settle()
            for concurrency in CONCURRENCY:
                for name in names:
                    result = compared[name].round(concurrency, SECONDS)
                    compared[name].settle()
                    figures = summary(result)
                    if "tickets" in result:
                        figures["tickets_per_second"] = result["tickets"] / result["elapsed"]
                    measured.setdefault((name, concurrency), []).append(figures)
    return _report(measured)


def _report(measured: dict[tuple[str, int], list[dict[str, float]]]) -> dict[str, Any]:
    figures: list[dict[str, Any]] = []
    for (name, concurrency), rounds in sorted(measured.items(), key=lambda item: item[0][1]):
        middle = medians(rounds)
        # Round by round: what disturbed the machine in a round disturbed all sides of it.
        beside = [
            one["per_second"] / other["per_second"]
            for one, other in zip(rounds, measured[BARE, concurrency], strict=True)
        ]
        figures.append(
            {
                "side": name,
                "concurrency": concurrency,
                **middle,
                "least": min(one["per_second"] for one in rounds),
                "most": max(one["per_second"] for one in rounds),
                "ratio": middle["per_second"] / medians(measured[BARE, concurrency])["per_second"],
                "ratio_of_rounds": median(beside),
                "refused": sum(one["refused"] for one in rounds),
                "rounds": rounds,
            }
        )
    show_table(
        ["side", "at once", "answers/s", "(rounds)", "p50 ms", "p99 ms", "of bare", "not 202", "tickets/s"],
        [
            [
                one["side"],
                one["concurrency"],
                f"{one['per_second']:.0f}",
                f"({one['least']:.0f}-{one['most']:.0f})",
                f"{one['p50_ms']:.1f}",
                f"{one['p99_ms']:.1f}",
                f"{one['ratio']:.2f}",
                one["refused"],
                f"{one['tickets_per_second']:.0f}" if "tickets_per_second" in one else "",
            ]
            for one in figures
        ],
    )
    print()
    targets = []
    for one in figures:
        if one["side"] != BARE:
            where = f"{one['side']}, {one['concurrency']} at once"
            targets.append(show_target(f"{where}: ratio to bare", one["ratio"], 0.6, at_least=True))
            if one["concurrency"] == 50:
                targets.append(show_target(f"{where}: p99", one["p99_ms"] / 1000, 2, unit=" s"))
    return {"rounds": ROUNDS, "seconds": SECONDS, "threads": THREADS, "figures": figures, "targets": targets}
