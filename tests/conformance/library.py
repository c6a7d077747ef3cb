"""The official worker library as a host sees it: a process that indexes an app and runs its functions."""

import base64
import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

import httpx
from azure.storage.queue import QueueMessage

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 60
Json = dict[str, Any]


class Refused(Exception):
    """The library does not take the app; the message says why."""


class InvocationFailed(Exception):
    """The function raised, or the library could not convert its arguments or results."""


@dataclass(frozen=True)
class Answer:
    """An HTTP response; the names of its headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Library:
    """The app in `folder`, run by the library that `python` has; `settings` are app settings for it.

    Does to a request or message what the Functions host does before it calls the worker ("azure-functions-host",
    GrpcMessageConversionExtensions and Utility.ApplyBindingData); keys and limits are not its business. Entering it
    raises Refused.
    """

    def __init__(self, python: Path, folder: Path, log: Path, **settings: str) -> None:
        self.log = log
        self._command = [str(python), "-m", "tests.conformance.worker", str(folder)]
        local = folder / "local.settings.json"
        values = json.loads(local.read_text()).get("Values", {}) if local.exists() else {}
        self._environment = {**values, **os.environ, **settings}
        self.index: Json = {}

    def __enter__(self) -> Self:
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            self.index = self._read()
            if "error" in self.index:
                raise Refused(self.index["error"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.communicate(timeout=SECONDS)

    @property
    def functions(self) -> dict[str, list[Json]]:
        """The bindings of each function."""
        return {function["name"]: function["bindings"] for function in self.index["functions"]}

    def send(self, request: httpx.Request, **inputs: Json) -> Answer:
        """Answers a request by the function whose route it is; `inputs` are its other input bindings."""
        function, params = self._find(request.method, request.url.raw_path.decode().partition("?")[0])
        headers: dict[str, str] = {}
        for name, value in request.headers.multi_items():
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        query: dict[str, str] = {}
        for name, value in parse_qsl(request.url.query.decode()):
            query[name] = f"{query[name]},{value}" if name in query else value
        has_body = int(headers.get("content-length", 0)) > 0
        http = {
            "method": request.method,
            "url": str(request.url),
            "headers": headers,
            "query": query,
            "params": params,
            "body": {"bytes": base64.b64encode(request.read()).decode()} if has_body else {},
        }
        returned = self.invoke(function, {"req": {"http": http}, **inputs})["returned"]["http"]
        body = base64.b64decode(returned["body"]["bytes"])
        return Answer(int(returned["status_code"]), {k.lower(): v for k, v in returned["headers"].items()}, body)

    def receive(self, function: str, message: QueueMessage) -> Json:
        """Gives a queue's message to `function`; returns its outputs."""
        metadata: Json = {
            "QueueTrigger": {"string": message.content},
            "Id": {"string": message.id},
            "PopReceipt": {"string": message.pop_receipt},
            "DequeueCount": {"json": str(message.dequeue_count)},
        }
        times = {
            "InsertionTime": message.inserted_on,
            "ExpirationTime": message.expires_on,
            "NextVisibleTime": message.next_visible_on,
        }
        metadata |= {name: {"json": json.dumps(time.isoformat())} for name, time in times.items() if time}
        known = {name.lower(): name for name in metadata}
        for name, value in json.loads(message.content).items():
            if not isinstance(value, list) and value is not None:
                data = {"string": value} if isinstance(value, str) else {"json": json.dumps(value)}
                metadata[known.get(name.lower(), name)] = data
        outputs: Json = self.invoke(function, {"msg": {"string": message.content}}, metadata)["outputs"]
        return outputs

    def invoke(self, function: str, inputs: Json, metadata: Json | None = None) -> Json:
        """Runs `function`; raises InvocationFailed with what the library says of it."""
        ids = {function["name"]: function["id"] for function in self.index["functions"]}
        call = {"function_id": ids[function], "inputs": inputs, "metadata": metadata or {}}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise InvocationFailed(answer["error"])
        return answer

    def _find(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        # Everything is decoded but an encoded slash, as in ASP.NET Core.
        parts = [unquote(part.replace("%2F", "%252F")) for part in path.strip("/").split("/")]
        found = []
        for name, bindings in self.functions.items():
            trigger = next(binding for binding in bindings if binding["type"].endswith("Trigger"))
            route = str(trigger.get("route", "")).split("/")
            if trigger["type"] == "httpTrigger" and method in trigger["methods"] and len(route) == len(parts):
                pairs = list(zip(route, parts, strict=True))
                params = {given[1:-1]: part for given, part in pairs if given.startswith("{")}
                if all(given == part or given.startswith("{") for given, part in pairs):
                    found.append((len(params), name, params))
        assert found, f"no function answers {method} {path}"
        _, name, params = min(found, key=lambda each: each[0])
        return name, params

    def _read(self) -> Json:
        assert self._process.stdout is not None
        watchdog = threading.Timer(SECONDS, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        assert line, f"the worker ended:\n{self.log.read_text()}"
        answer: Json = json.loads(line)
        return answer
