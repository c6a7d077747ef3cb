"""Local HTTP servers that stand in for Databricks, Azure and Airflow: they answer by path and keep what was asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rca_core.integrations.rest import Limits

QUICK = Limits(connect=0.5, read=0.3, total=0.8, longest_wait=0.2)
TOKEN = "dapi-planted-token"


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    drip: float = 0
    announced: int | None = None


def said(document: Any, status: int = 200, **more: Any) -> Reply:
    return Reply(status, json.dumps(document).encode(), **more)


Answerer = Callable[[Request], Reply]


class Server:
    """Answers with `answer`; `asked` are the requests in order."""

    def __init__(self, answer: Answerer) -> None:
        self.asked: list[Request] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._handle(None)

            def do_POST(self) -> None:
                self._handle(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _handle(self, body: Any) -> None:
                parts = urlsplit(self.path)
                query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
                request = Request(self.command, parts.path, query, dict(self.headers), body)
                outer.asked.append(request)
                try:
                    self._reply(answer(request))
                except OSError:
                    self.close_connection = True

            def _reply(self, reply: Reply) -> None:
                time.sleep(reply.delay)
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.type)
                length = len(reply.body) if reply.announced is None else reply.announced
                for name, value in {"Content-Length": str(length), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                for start in range(0, len(reply.body), 1) if reply.drip else (0,):
                    self.wfile.write(reply.body[start : start + 1] if reply.drip else reply.body)
                    time.sleep(reply.drip)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.asked]


@contextmanager
def serving(answer: Answerer | Reply) -> Iterator[Server]:
    server = Server(answer if callable(answer) else lambda _: answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


LOGIN_PAGE = Reply(body=b"<!DOCTYPE html><html><body>Sign in</body></html>", type="text/html")
NOT_FOUND = said({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Run 1 does not exist."}, 404)
# What any system may do, and what its operator must read then.
TROUBLE = {
    "401": (said({"message": "Invalid access token."}, 401), "answered 401: the token is not accepted"),
    "403": (said({"error": {"message": "No permission."}}, 403), "answered 403: the token may not read this (No perm"),
    "404": (NOT_FOUND, "answered 404: it does not exist there, or the token may not see it (Run 1 does not exist)."),
    "429 for long": (Reply(429, headers={"Retry-After": "60"}), "answered 429: too many requests."),
    "429 for a moment": (Reply(429, headers={"Retry-After": "0.1"}), "answered 429: too many requests."),
    "500": (Reply(500, b"Traceback (most recent call last)"), "answered 500: the server is in trouble."),
    "503": (Reply(503, headers={"Retry-After": "Wed, 21 Oct 2037 07:28:00 GMT"}), "answered 503: the server is in tr"),
    "slow": (Reply(delay=0.6), "was not answered within 0.3 s."),
    "dripping": (Reply(body=b"{" + b" " * 500, drip=0.01), "only what came within 0.8 s was read"),
    "half JSON": (Reply(body=b'{"tasks": [{"run_id":'), "is broken JSON"),
    "broken off": (Reply(body=b'{"tasks"', announced=1000), "the answer broke off"),
    "a list": (said([1, 2]), "is no JSON object"),
    "nested": (Reply(body=b"[" * 100_000), "is broken JSON"),
    "not UTF-8": (Reply(body=b"\xff\xfe\x00{"), "is broken JSON"),
    "login page": (LOGIN_PAGE, "answered with a web page"),
    "redirect": (
        Reply(302, headers={"Location": "https://login.example.com/?secret=1"}),
        "answered 302: it redirects to login.example.com (a login page?), which is not followed.",
    ),
}


def nobody_listens() -> str:
    server = Server(lambda _: Reply())
    server._server.server_close()
    return server.url
