"""Synchronous storage clients in threads against the asynchronous ones: one insert and one put, 50 at once."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from bench import bare
from bench.figures import medians, show_table, summary
from devhost.azurite import Azurite

ROUNDS = 3
SECONDS = 1.5
CONCURRENCY = 50
_ROOT = Path(__file__).resolve().parent.parent
_APP_POOL = 64
_VARIANTS = {
    **{f"{threads} threads, pool of 10 (SDK default)": {"threads": threads} for threads in (8, 16, 32, 64)},
    f"32 threads, pool of {_APP_POOL} (as the app)": {"threads": 32, "connections": _APP_POOL},
    "aio clients": {"aio": True},
}


def run() -> dict[str, Any]:
    """Measures, prints, returns the figures."""
    variants = dict(_VARIANTS)
    if importlib.util.find_spec("aiohttp") is None:
        print("aiohttp is not installed here, so the aio clients are left out: pip install aiohttp\n")
        del variants["aio clients"]
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in variants}
    with Azurite() as azurite:
        _measure(azurite, {"threads": 8})
        for turn in range(ROUNDS):
            names = list(variants)
            for name in names[turn:] + names[:turn]:
                rounds[name].append(summary(_measure(azurite, variants[name])))
    figures = {name: medians(measured) for name, measured in rounds.items()}
    print(
        f"{CONCURRENCY} at once; {ROUNDS} rounds of {SECONDS:g} s each, the variants in turn, each in a new process,\n"
        "all on one Azurite kept in memory; medians of the rounds.\n"
    )
    show_table(
        ["clients", "calls/s", "(rounds)", "p50 ms", "p99 ms"],
        [
            [
                name,
                f"{one['per_second']:.0f}",
                f"({min(r['per_second'] for r in rounds[name]):.0f}-{max(r['per_second'] for r in rounds[name]):.0f})",
                f"{one['p50_ms']:.0f}",
                f"{one['p99_ms']:.0f}",
            ]
            for name, one in figures.items()
        ],
    )
    return {"rounds": ROUNDS, "seconds": SECONDS, "figures": figures}


def _measure(azurite: Azurite, variant: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.threads", json.dumps(variant)],
        cwd=_ROOT,
        env={**os.environ, "AzureWebJobsStorage": azurite.connection_string},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


async def _aio(connection_string: str) -> dict[str, Any]:
    from azure.data.tables.aio import TableClient
    from azure.storage.queue import TextBase64EncodePolicy
    from azure.storage.queue.aio import QueueClient

    latencies: list[float] = []
    table = TableClient.from_connection_string(connection_string, bare.TABLE)
    messages = QueueClient.from_connection_string(
        connection_string, bare.QUEUE, message_encode_policy=TextBase64EncodePolicy()
    )

    async def call() -> None:
        run_id = str(uuid.uuid4())
        await table.create_entity(bare.entity(run_id))
        await messages.send_message(bare.message(run_id))

    async def caller(begun: float) -> None:
        while (since := time.perf_counter()) - begun < SECONDS:
            await call()
            latencies.append(time.perf_counter() - since)

    async with table, messages:
        await call()
        begun = time.perf_counter()
        await asyncio.gather(*(caller(begun) for _ in range(CONCURRENCY)))
        return {"elapsed": time.perf_counter() - begun, "latencies": latencies, "refused": 0}


def _main() -> None:
    # urllib3 warns of each connection over its pool that it throws away.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    variant = json.loads(sys.argv[1])
    connection_string = os.environ["AzureWebJobsStorage"]  # noqa: SIM112 - the name that Azure gives it
    call = bare.storage_calls(connection_string, variant.get("connections"))
    call()  # both need the table and the queue
    if variant.get("aio"):
        measured = asyncio.run(_aio(connection_string))
    else:
        measured = bare.closed_loop(call, variant["threads"], CONCURRENCY, SECONDS)
    print(json.dumps(measured))


if __name__ == "__main__":
    _main()
