"""Puts the parts together: loads the app, serves HTTP, runs listeners and timers, stops in order."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from azure.storage.queue import QueueMessage
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Router
from starlette.types import ASGIApp

from devhost.admin import Admin
from devhost.app import AppFunction, load_app
from devhost.bindings import queue_argument
from devhost.http import HttpFunctions, build_router
from devhost.invocation import InvocationFailed, Invoker
from devhost.keys import load_keys
from devhost.leases import Renewer
from devhost.outputs import DEFAULT_CONNECTION, Outputs, Queues
from devhost.queues import QueueListener, poison_name
from devhost.settings import HostSettings
from devhost.signalr import SignalR
from devhost.signalr_service import PREFIX
from devhost.site import Site
from devhost.storage import Queue
from devhost.timers import Timer

log = logging.getLogger("devhost")


class Host:
    """One running function app. To be made on the event loop that serves it; raises StartError.

    `port` is where the host itself is reached, `app` the ASGI application that answers there.
    """

    def __init__(self, settings: HostSettings, port: int) -> None:
        self._settings = settings
        loop = asyncio.get_running_loop()
        keys = load_keys(settings.data_dir / "keys.json")
        self._signalr = SignalR(loop, settings.data_dir, port)
        self.functions = load_app(settings.root, settings.script_file)
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="function")
        self._listeners: list[QueueListener] = []
        self._by_queue: dict[int, list[QueueListener]] = {}
        queues = Queues()
        outputs = Outputs(self.functions, queues, settings.queues.base64, self._signalr.send, self._wake)
        self._invoker = Invoker(
            self._pool, loop, settings.function_timeout, outputs, self._signalr.connection_info, self._nudge
        )
        service = otherwise = self._signalr.service.app
        router = build_router(self.functions, settings.route_prefix)
        if settings.site is not None:
            otherwise = Router(service.routes, redirect_slashes=False, default=Site(settings.site, router.knows))
        http: ASGIApp = HttpFunctions(router, self._invoker, keys, settings.body_limit, otherwise)
        if settings.cors_origins:
            http = CORSMiddleware(
                http, settings.cors_origins, ["*"], ["*"], allow_credentials=settings.cors_credentials
            )
        self._admin = Admin(self.functions, self._invoker, keys)
        self.app = Router([*self._admin.routes, Mount(PREFIX, service)], redirect_slashes=False, default=http)
        self._renewer = Renewer(settings.queue_visibility)
        self._timers: list[Timer] = []
        for function in self.functions:
            self._signalr.check(function)
            if function.disabled:
                log.warning("function=%s is disabled by AzureWebJobs.%s.Disabled", function.name, function.name)
            elif function.trigger.type == "queuetrigger":
                self._add_listener(function, queues)
            elif function.trigger.type == "timertrigger":
                self._timers.append(Timer(function, self._invoker, settings.data_dir / "timers"))

    @property
    def busy(self) -> bool:
        """Whether a function still runs in a thread."""
        return self._invoker.busy

    def start(self) -> None:
        """Run listeners and timers."""
        self._renewer.start()
        for listener in self._listeners:
            listener.start()
        for timer in self._timers:
            timer.start()
        self._admin.state = "Running"

    def stop_receiving(self) -> None:
        """Take no more messages and fire no more timers; what runs goes on. Tells SignalR clients to come back."""
        self._admin.state = "Stopping"
        for listener in self._listeners:
            listener.stop()
        for timer in self._timers:
            timer.stop()
        self._signalr.close_all()

    async def finish(self, deadline: float) -> bool:
        """After `stop_receiving`: wait for what runs until `time.monotonic()` is `deadline`; True when all ended."""
        ends = [asyncio.to_thread(listener.wait, deadline) for listener in self._listeners]
        ends += [timer.wait(deadline) for timer in self._timers]
        ends.append(self._admin.finish(max(0.0, deadline - time.monotonic())))
        return all(await asyncio.gather(*ends))

    def _add_listener(self, function: AppFunction, queues: Queues) -> None:
        queue = queues.get(function, function.trigger)
        poison = poison_name(queue.name)
        connection = str(function.trigger.fields.get("connection") or DEFAULT_CONNECTION)
        poison_queue = None if poison is None else queues.named(connection, poison, f"function {function.name}")

        def run(message: QueueMessage, body: bytes) -> bool:
            try:
                self._invoker.invoke_blocking(function, queue_argument(function, message, body))
            except InvocationFailed:
                return False
            return True

        listener = QueueListener(queue, poison_queue, self._settings.queues, self._renewer, run)
        self._listeners.append(listener)
        self._by_queue.setdefault(id(queue), []).append(listener)

    def _wake(self, queue: Queue) -> None:
        for listener in self._by_queue.get(id(queue), ()):
            listener.nudge()

    def _nudge(self) -> None:
        # The app may have added messages through its own storage client, which the host cannot see.
        for listener in self._listeners:
            listener.nudge()
