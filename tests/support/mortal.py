"""A worker in a process of its own that is killed at a given step of its work.

A step is one end of a request, to storage, Jira or Slack alike: just before it is sent, or just after its answer came.
What lies between two of them leaves no trace outside the process, so these are all the places where a death matters.
"""

import os
import signal
from collections.abc import Callable
from ctypes import c_int
from datetime import timedelta
from http.client import HTTPConnection
from multiprocessing import get_context
from multiprocessing.sharedctypes import RawValue
from typing import Any

from rca_core.foundation.queues import Queue
from rca_core.foundation.settings import Settings
from rca_core.foundation.storage import Storage
from rca_core.integrations.jira import JiraClient
from rca_core.integrations.slack import Slack
from rca_core.tickets import jira_sync, outbox, pacing, slack_sync
from rca_core.tickets.store import TicketStore
from rca_core.tickets.sync import SyncMessage

# A process that has loaded all that and forks: a second of loading for each life would be most of the test.
_NURSERY = get_context("forkserver")
_NURSERY.set_forkserver_preload(
    [
        __name__,
        "tests.upkeep.worker",
        "jira",
        "slack_sdk",
        "azure.data.tables",
        "azure.storage.queue",
        "azure.storage.blob",
    ]
)


def live(settings: Settings, ticket_id: str, dies_at: int = 0) -> tuple[bool, int]:
    """One life of a worker that is told to look at the ticket's copies, killed at step `dies_at` (0: at none).

    Returns whether it was killed, and how many steps it took.
    """
    steps = RawValue(c_int, 0)
    life = _NURSERY.Process(target=_work, args=(settings, ticket_id, dies_at, steps))
    life.start()
    life.join(60)
    assert life.exitcode in (0, -signal.SIGKILL), f"the worker ended with {life.exitcode}"
    return life.exitcode != 0, steps.value


def killed(work: Callable[..., None], *given: Any, dies_at: int) -> bool:
    """Whether a process that does this work was killed at step `dies_at` of it, or had ended before."""
    life = _NURSERY.Process(target=_work_until, args=(work, given, dies_at))
    life.start()
    life.join(60)
    assert life.exitcode in (0, -signal.SIGKILL), f"the process ended with {life.exitcode}"
    return life.exitcode != 0


def _work_until(work: Callable[..., None], given: tuple[Any, ...], dies_at: int) -> None:
    _count(RawValue(c_int, 0), dies_at)
    work(*given)


def _work(settings: Settings, ticket_id: str, dies_at: int, steps: Any) -> None:
    # Whose turn it is to write is no matter here, nor are slow calls: these tests' Slack is done when it answers.
    pacing.INTERVAL = pacing.GAP = slack_sync.UNDER_WAY = timedelta(0)
    assert settings.jira and settings.slack
    storage = Storage(settings.storage)
    store, jira, slack = TicketStore(storage), JiraClient(settings.jira), Slack(settings.slack)
    _count(steps, dies_at)
    outbox.deliver(
        storage,
        Queue.JIRA_UPDATES,
        SyncMessage(ticket_id),
        # The index of the Jira in these tests does not lag.
        lambda message: jira_sync.keep_in_step(storage, store, settings, jira, message, index_lag_seconds=0),
    )
    outbox.deliver(
        storage,
        Queue.SLACK_UPDATES,
        SyncMessage(ticket_id),
        lambda message: slack_sync.keep_in_step(storage, store, settings, slack, message),
    )


def _count(steps: Any, dies_at: int) -> None:
    """Counts both ends of every request from here on, and kills the process at the chosen one."""
    send, receive = HTTPConnection.putrequest, HTTPConnection.getresponse

    def step() -> None:
        steps.value += 1
        if steps.value == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def putrequest(connection: HTTPConnection, *given: Any, **more: Any) -> None:
        step()
        send(connection, *given, **more)

    def getresponse(connection: HTTPConnection) -> Any:
        answer = receive(connection)
        step()
        return answer

    HTTPConnection.putrequest = putrequest  # type: ignore[method-assign,assignment]
    HTTPConnection.getresponse = getresponse  # type: ignore[method-assign,assignment]
