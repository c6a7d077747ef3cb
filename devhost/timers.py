"""Timer triggers. The lock that keeps several instances from firing the same timer is not imitated.

Source: "Timer trigger for Azure Functions" (run on startup, monitor, past due).
"""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import time
from pathlib import Path

from devhost.app import AppFunction
from devhost.bindings import timer_argument
from devhost.invocation import InvocationFailed, Invoker
from devhost.keys import write_private
from devhost.ncrontab import parse_schedule
from devhost.settings import expand

log = logging.getLogger("devhost")

_MONITORED_FROM = datetime.timedelta(minutes=1)


class Timer:
    """Fires one timer function, never twice at a time. Raises StartError for a schedule that cannot be read.

    `folder` keeps when each monitored timer is due next, so that a time missed while the host was down is made
    up for at the next start, with `past_due` set.
    """

    def __init__(self, function: AppFunction, invoker: Invoker, folder: Path) -> None:
        where = f"function {function.name}"
        fields = function.trigger.fields
        self._function = function
        self._invoker = invoker
        self._text = expand(str(fields.get("schedule") or ""), where)
        self._schedule = parse_schedule(self._text, where)
        self._run_on_startup = bool(fields.get("runOnStartup"))
        now = _now()
        first = self._schedule.next_after(now)
        monitored = fields.get("useMonitor", True) is not False
        monitored = monitored and self._schedule.next_after(first) - first >= _MONITORED_FROM
        self._file = folder / f"{function.name}.json" if monitored else None
        self._status: dict[str, str] = {}
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to fire."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Fire no more; a run under way goes on."""
        self._stopping.set()

    async def wait(self, deadline: float) -> bool:
        """After `stop`: wait for a run under way until `time.monotonic()` is `deadline`; True when it ended."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=max(0.0, deadline - time.monotonic()))
        return self._task is None or self._task.done()

    async def _run(self) -> None:
        missed = self._missed()
        if missed or self._run_on_startup:
            await self._fire(missed)
        while not self._stopping.is_set():
            due = self._schedule.next_after(_now())
            self._remember({**self._status, "Next": due.isoformat()})
            if await self._stopped_before(due):
                return
            # Late by more than a moment: the machine slept, or the event loop was blocked.
            await self._fire(_now() - due > _MONITORED_FROM)

    async def _stopped_before(self, due: datetime.datetime) -> bool:
        while (left := (due - _now()).total_seconds()) > 0:
            try:
                # In parts, because a sleeping machine stops the event loop's clock but not the wall clock.
                await asyncio.wait_for(self._stopping.wait(), min(left, 30.0))
            except TimeoutError:
                continue
            return True
        return False

    async def _fire(self, past_due: bool) -> None:
        status, self._status = self._status, {"Last": _now().isoformat(), "LastUpdated": _now().isoformat()}
        try:
            await self._invoker.invoke(self._function, timer_argument(self._text, status, past_due))
        except InvocationFailed:
            return  # It is logged; the next time comes all the same.

    def _missed(self) -> bool:
        if self._file is None or not self._file.exists():
            return False
        try:
            content = json.loads(self._file.read_text("utf-8"))
            if content["schedule"] != self._text:
                return False
            self._status = content["status"]
            return datetime.datetime.fromisoformat(self._status["Next"]) <= _now()
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot be used and is replaced: %s", self._file, error)
            return False

    def _remember(self, status: dict[str, str]) -> None:
        self._status = status
        if self._file is not None:
            try:
                write_private(self._file, json.dumps({"schedule": self._text, "status": status}))
            except OSError as error:
                log.warning("%s cannot be written: %s", self._file, error)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
