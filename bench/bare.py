"""The storage calls that a webhook cannot do without, and nothing else: one table insert, one queue put.

`python -m bench.bare` is a process of its own that reads one job a line from its input (JSON: concurrency, seconds)
and prints one result a line; its connection string is in the environment, as the app's.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from azure.core.exceptions import ResourceExistsError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient, TextBase64EncodePolicy

from bench.alert import alert

TABLE, QUEUE = "bareruns", "barefailures"


def entity(run: str) -> dict[str, str]:
    """A row like the one by which the app claims a run."""
    return {
        "PartitionKey": run[:2],
        "RowKey": run.replace("-", "") * 2,
        "ticket_id": f"ADF-20261120T021451-{run[:6]}",
        "claimed_at": "2026-11-20T02:14:51.401Z",
    }


def message(run: str) -> str:
    """A queue message like the app's: the alert as text, in an envelope."""
    envelope = {
        "sender": "azure-monitor",
        "ticket_id": f"ADF-20261120T021451-{run[:6]}",
        "run_hash": run.replace("-", "") * 2,
        "report_key": run[:16],
        "claimed_at": "2026-11-20T02:14:51.401Z",
        "received_at": "2026-11-20T02:14:51.402Z",
        "body": alert(run).decode(),
    }
    return json.dumps(envelope, separators=(",", ":"))


def storage_calls(connection_string: str, connections: int | None = None) -> Callable[[], None]:
    """A function that makes both calls for a new run; `connections` is the pool's size instead of the SDK's 10."""
    options: dict[str, Any] = {}
    if connections:
        import requests
        from requests.adapters import HTTPAdapter

        session = requests.Session()
        session.mount("http://", HTTPAdapter(pool_maxsize=connections))
        options["transport"] = RequestsTransport(session=session, session_owner=False)
    tables = TableServiceClient.from_connection_string(connection_string, **options)
    queues = QueueServiceClient.from_connection_string(connection_string, **options)
    table = tables.create_table_if_not_exists(TABLE)
    messages = queues.get_queue_client(QUEUE, message_encode_policy=TextBase64EncodePolicy())
    with suppress(ResourceExistsError):
        messages.create_queue()

    def call() -> None:
        run = str(uuid.uuid4())
        table.create_entity(entity(run))
        messages.send_message(message(run))

    return call


def closed_loop(call: Callable[[], None], threads: int, concurrency: int, seconds: float) -> dict[str, Any]:
    """`concurrency` callers, served by at most `threads` threads as in the Functions worker, for `seconds`.

    Returns how long that took, and how long each call took from the moment its caller wanted it.
    """
    wanted: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    latencies: list[float] = []
    begun = time.perf_counter()

    def serve() -> None:
        while (since := wanted.get()) is not None:
            call()
            now = time.perf_counter()
            latencies.append(now - since)
            wanted.put(now if now - begun < seconds else None)

    # Each caller ends with one None, and each None ends one thread: there must not be more threads than callers,
    # and the Nones of the callers beyond the threads are never read.
    servers = [threading.Thread(target=serve) for _ in range(min(threads, concurrency))]
    for _ in range(concurrency):
        wanted.put(begun)
    for server in servers:
        server.start()
    for server in servers:
        server.join()
    return {"elapsed": time.perf_counter() - begun, "latencies": latencies, "refused": 0}


def main() -> None:
    """Serves jobs from standard input until it ends."""
    connection_string = os.environ["AzureWebJobsStorage"]  # noqa: SIM112 - the name that Azure gives it
    threads = int(os.environ["PYTHON_THREADPOOL_THREAD_COUNT"])
    for line in sys.stdin:
        # New clients a round: Azurite closes connections idle for five seconds, and the queue client's default is to
        # wait 15 seconds before it repeats a request whose connection was closed under it.
        call = storage_calls(connection_string)
        call()
        print(json.dumps(closed_loop(call, threads, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
