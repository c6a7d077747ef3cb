"""Writes what functions set on their output bindings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure.storage.queue import QueueServiceClient

from devhost.app import AppFunction, Binding
from devhost.bindings import encode_text, queue_texts, signalr_messages
from devhost.errors import StartError
from devhost.settings import expand
from devhost.storage import Queue, connect

DEFAULT_CONNECTION = "AzureWebJobsStorage"


class Queues:
    """All queues that the app's bindings name. Each connection setting is resolved once, at start."""

    def __init__(self) -> None:
        self._accounts: dict[str, QueueServiceClient] = {}
        self._queues: dict[tuple[str, str], Queue] = {}

    def get(self, function: AppFunction, binding: Binding) -> Queue:
        """The queue of a queue binding. Raises StartError for a setting that does not exist."""
        where = f"function {function.name}: binding '{binding.name}'"
        name = expand(str(binding.fields.get("queueName") or ""), where).lower()
        if not name:
            raise StartError(f"{where}: has no queue name")
        return self.named(str(binding.fields.get("connection") or DEFAULT_CONNECTION), name, where)

    def named(self, connection: str, name: str, where: str) -> Queue:
        """A queue of that name behind that connection setting."""
        if (connection, name) not in self._queues:
            if connection not in self._accounts:
                self._accounts[connection] = connect(connection, where)
            self._queues[connection, name] = Queue(self._accounts[connection].get_queue_client(name))
        return self._queues[connection, name]


class Outputs:
    """Writes one output at a time; returns once it is written, raises when it is not."""

    def __init__(
        self,
        functions: list[AppFunction],
        queues: Queues,
        base64: bool,
        send_signalr: Callable[[str, str, list[dict[str, Any]]], None],
        wake: Callable[[Queue], None],
    ) -> None:
        self._base64 = base64
        self._send_signalr = send_signalr
        self._wake = wake
        # Resolved now, so that a wrong setting is told at start and not with the first message.
        self._targets = {
            (function.name, binding.name): queues.get(function, binding)
            for function in functions
            for binding in (*function.outputs, *((function.returns,) if function.returns else ()))
            if binding.type == "queue"
        }

    def __call__(self, function: AppFunction, binding: Binding, value: Any) -> None:
        """Write the value set on an output binding."""
        if binding.type == "queue":
            queue = self._targets[function.name, binding.name]
            for body in queue_texts(value):
                queue.send(encode_text(body, self._base64))
            self._wake(queue)
        elif binding.type == "signalr":
            setting = str(binding.fields.get("connectionStringSetting") or "AzureSignalRConnectionString")
            self._send_signalr(setting, str(binding.fields["hubName"]), signalr_messages(value))
