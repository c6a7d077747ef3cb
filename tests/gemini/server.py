"""A local server that speaks Gemini's REST API as far as the app uses it, for GEMINI_BASE_URL.

    with GeminiServer() as server:
        server.answer_with(recorded("rate_limited"), answers(quoting("OutOfMemoryError")))
        ... GEMINI_BASE_URL=server.url, GEMINI_API_KEY=API_KEY ...
        server.asked[0].documents["D1"].lines[118]

Answers are used up in their order, the last one stays. Without any, the server quotes the most telling line of the
documents that it was sent. Recorded bodies stand in `answers/`.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

# Built from pieces, so that no scanner takes it for a real one.
API_KEY = "AIza" + "TestKey" + "0" * 28
ANSWERS = Path(__file__).parent / "answers"
MODEL_VERSION = "gemini-3.8-flash"

_PATH = re.compile(r"/(v1beta|v1)/models/([^/:]+)(:generateContent)?")
_SECTION = re.compile(r"\[(?P<mark>[0-9a-f]{32})\] (?P<title>.*)")
_DOCUMENT = re.compile(r"DOCUMENT (?P<id>D\d+): (?P<kind>[^,]*), (?P<rest>.*)")
_LINE = re.compile(r"(\d+)\| (.*)")
_TELLING = re.compile(r"error|exception|denied|refused|failed|exceeded|not found|timed? ?out", re.IGNORECASE)


@dataclass
class SentDocument:
    """A document as the model sees it: `lines` by their number."""

    id: str
    kind: str
    heading: str
    lines: dict[int, str] = field(default_factory=dict)


@dataclass
class Asked:
    """A request that reached the server; `body` is its JSON, None for a GET."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any

    @property
    def turns(self) -> list[str]:
        """The text of each turn: the question, and in a repair the first answer and the complaint."""
        return ["".join(part["text"] for part in turn["parts"]) for turn in self.body["contents"]]

    @property
    def question(self) -> str:
        return self.turns[0]

    @property
    def system(self) -> str:
        return "".join(part["text"] for part in self.body["systemInstruction"]["parts"])

    @property
    def config(self) -> dict[str, Any]:
        return self.body["generationConfig"]

    @property
    def schema(self) -> dict[str, Any]:
        return self.config["responseJsonSchema"]

    @property
    def is_repair(self) -> bool:
        return len(self.body["contents"]) > 1

    @property
    def sections(self) -> dict[str, list[str]]:
        """The lines of each section, by its title, as a reader who trusts the mark alone finds them."""
        mark = self.question.split(" is ", 1)[1][:32]
        found: dict[str, list[str]] = {}
        title = ""
        for line in self.question.split("\n"):
            section = _SECTION.fullmatch(line)
            if section and section["mark"] == mark:
                title = section["title"]
                found[title] = []
            elif title:
                found[title].append(line)
        return found

    @property
    def documents(self) -> dict[str, SentDocument]:
        """The documents by id."""
        found = {}
        for title, lines in self.sections.items():
            if heading := _DOCUMENT.fullmatch(title):
                numbered = (_LINE.fullmatch(line) for line in lines)
                texts = {int(line[1]): line[2] for line in numbered if line}
                found[heading["id"]] = SentDocument(heading["id"], heading["kind"], title, texts)
        return found

    def ids(self, section: str) -> list[str]:
        """The ids of a list: `ACTIONS`, `TARGETS` or `SIMILAR`."""
        lines = next(lines for title, lines in self.sections.items() if title.startswith(section))
        return [line.split(": ", 1)[0] for line in lines if ": " in line]


@dataclass
class Reply:
    """What the server sends: `body` as JSON or as it is; `delay` seconds later, `drip` seconds between two bytes."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    drip: float = 0

    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answer = Reply | Callable[[Asked], Reply]
Drafter = Callable[[Asked], dict[str, Any]]


def recorded(name: str, **more: Any) -> Reply:
    """The answer in `answers/<name>.json`."""
    found = json.loads((ANSWERS / f"{name}.json").read_text())
    return Reply(found["body"], found["status"], **more)


def recorded_draft(name: str) -> dict[str, Any]:
    """The draft in a recorded answer that holds one."""
    return json.loads(recorded(name).body["candidates"][0]["content"]["parts"][0]["text"])


def said(
    text: str, *, finish: str = "STOP", tokens_in: int = 1200, tokens_out: int = 300, thoughts: int = 100
) -> Reply:
    """A 200 with this text."""
    return Reply(
        {
            "candidates": [
                {"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": finish, "index": 0}
            ],
            "usageMetadata": {
                "promptTokenCount": tokens_in,
                "candidatesTokenCount": tokens_out,
                "thoughtsTokenCount": thoughts,
                "totalTokenCount": tokens_in + tokens_out + thoughts,
            },
            "modelVersion": MODEL_VERSION,
        }
    )


def answers(draft: Drafter | dict[str, Any]) -> Callable[[Asked], Reply]:
    """Answers with this draft, or with the one that is made from the request."""
    return lambda asked: said(json.dumps(draft(asked) if callable(draft) else draft))


def quoting(needle: str = "", **changes: Any) -> Drafter:
    """Makes a good draft that quotes the first line with `needle` of the documents that were sent (without one: the
    first that tells of an error). `changes` replace fields; `category` and `verdict` are the usual ones.
    """
    category = changes.pop("category", "ResourceExhaustion")

    def draft(asked: Asked) -> dict[str, Any]:
        document, number, text = _line(asked, needle)
        quote = text.strip()[:400]
        return {
            "failure_point": {"system": "other", "entity": "", "step": None, "attempt": None},
            "evidence": [
                {
                    "id": "E1",
                    "doc": document,
                    "line_start": number,
                    "line_end": number,
                    "quote": quote,
                    "shows": "what the system itself reported",
                }
            ],
            "hypotheses": [
                {
                    "statement": "The run failed for the reason that its own error names.",
                    "mechanism": "The quoted line reports it and the run stopped there.",
                    "category": category,
                    "fault_domain": "user_config",
                    "supports": ["E1"],
                    "contradicts": [],
                    "would_be_wrong_if": "an earlier error came first",
                }
            ],
            "verdict": "confirmed_by_error",
            "summary": "The run failed for the reason that its own error names.",
            "actions": [],
            "next_checks": [],
            "similar": [],
            "missing": [],
            "self_confidence": 80,
            **changes,
        }

    return draft


def _line(asked: Asked, needle: str) -> tuple[str, int, str]:
    lines = [
        (document.id, number, text)
        for document in asked.documents.values()
        for number, text in document.lines.items()
        if len(text.strip()) >= 12
    ]
    if needle:
        return next(line for line in lines if needle in line[2])
    return next((line for line in lines if _TELLING.search(line[2])), lines[0])


class GeminiServer:
    """Gemini on a free port of this machine; `requests` are all that came, `asked` the questions among them."""

    def __init__(self, key: str = API_KEY) -> None:
        self.requests: list[Asked] = []
        self._key = key
        self._answers: list[Answer] = []
        self._model: Reply = recorded("model")
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _answer(self, body: Any) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = outer._reply(Asked(self.command, parts.path, parse_qs(parts.query), headers, body))
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True  # the other side had enough

            def _send(self, reply: Reply) -> None:
                time.sleep(reply.delay)
                data = reply.data()
                kind = "application/json" if not isinstance(reply.body, bytes) else "text/html"
                self.send_response(reply.status)
                headers = {"Content-Type": f"{kind}; charset=UTF-8", "Content-Length": str(len(data)), **reply.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                size = 1 if reply.drip else max(1, len(data))
                for start in range(0, len(data), size):
                    self.wfile.write(data[start : start + size])
                    time.sleep(reply.drip)
                # Who announces more than comes breaks off.
                self.close_connection |= headers["Content-Length"] != str(len(data))

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def asked(self) -> list[Asked]:
        return [request for request in self.requests if request.method == "POST"]

    def answer_with(self, *answers: Answer) -> None:
        """What the next questions are answered with, the last one from then on."""
        with self._lock:
            self._answers = list(answers)

    def model_is(self, reply: Reply) -> None:
        """What the question for a model is answered with."""
        self._model = reply

    def _reply(self, request: Asked) -> Reply:
        with self._lock:
            self.requests.append(request)
        path = _PATH.fullmatch(request.path)
        if not path or (request.method == "POST") != bool(path[3]):
            return Reply(b"<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title></html>", 404)
        if request.headers.get("x-goog-api-key") != self._key:
            return recorded("bad_key")
        if request.method == "GET":
            return self._model
        with self._lock:
            answer = self._answers[0] if self._answers else answers(quoting())
            del self._answers[: 1 if len(self._answers) > 1 else 0]
        return answer if isinstance(answer, Reply) else answer(request)
