"""A local server that behaves like Jira: issues, a workflow, a search index that lags, and signed webhooks.

What people do in Jira's own pages is a method here (`person_moves`, `person_edits`, ...). Every change makes the
webhook delivery that Jira would send: it is kept in `deliveries`, and posted if `webhook_url` is set.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from rca_core.foundation.settings import JiraSettings

TOKEN = "-".join(("jira", "planted", "token"))
SECRET = "-".join(("hook", "planted", "secret"))
ACCOUNT = "99:own"
PERSON = {"accountId": "99:jreyes", "name": "jreyes", "displayName": "Jordan Reyes"}

# Names as a German site has them: only the categories are the same everywhere.
STATUSES = {"Zu erledigen": "new", "In Arbeit": "indeterminate", "Fertig": "done", "Wird nicht erledigt": "done"}


@dataclass
class Transition:
    id: str
    name: str
    to: str
    sources: tuple[str, ...] = ()  # none: from everywhere
    requires: str = ""


def everywhere() -> list[Transition]:
    return [
        Transition("31", "Zurücklegen", "Zu erledigen"),
        Transition("7", "Los geht's", "In Arbeit"),
        Transition("99", "Abhaken", "Fertig"),
        Transition("100", "Verwerfen", "Wird nicht erledigt"),
    ]


@dataclass
class Fault:
    """What the server does wrong. `done` says whether it does first what it was asked."""

    status: int = 500
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    done: bool = False
    hang_up: bool = False


@dataclass
class Delivery:
    headers: dict[str, str]
    body: bytes


Answer = tuple[int, Any]


class Jira:
    """One Jira site with projects OPS and OTHER; Cloud, or Data Center with `cloud=False`."""

    def __init__(self, *, cloud: bool = True) -> None:
        self.cloud = cloud
        self.statuses = dict(STATUSES)
        self.transitions = everywhere()
        self.first_status = "Zu erledigen"
        self.projects = {"OPS": ["Sub", "Task"], "OTHER": ["Task"]}
        self.index_lags = False
        self.refused_fields: dict[str, str] = {}
        self.normalise: Callable[[str], str] = str
        self.issues: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        self.deliveries: list[Delivery] = []
        self.webhook_url: str | None = None
        self._indexed: set[str] = set()
        self._faults: list[tuple[str, str, Fault, int]] = []
        self._lock = threading.RLock()
        self._number = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """From here on connections are refused."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> JiraSettings:
        return JiraSettings(self.url, TOKEN, "OPS", "bot@example.com" if self.cloud else None, (SECRET,))

    @property
    def writes(self) -> list[tuple[str, str]]:
        with self._lock:
            return [request for request in self.requests if request[0] != "GET"]

    def fail(self, method: str, part: str, fault: Fault, times: int = 1) -> None:
        """The next `times` requests of this kind go wrong."""
        self._faults.append((method, part, fault, times))

    def mend(self) -> None:
        self._faults.clear()

    # What people do

    def only_issue(self) -> dict[str, Any]:
        assert len(self.issues) == 1, [issue["key"] for issue in self.issues.values()]
        return next(iter(self.issues.values()))

    def status_of(self, issue: dict[str, Any]) -> str:
        name: str = issue["status"]
        return name

    def person_moves(self, issue: dict[str, Any], status: str) -> None:
        with self._lock:
            self._set_status(issue, status, PERSON)

    def person_edits(self, issue: dict[str, Any], **fields: Any) -> None:
        with self._lock:
            issue["fields"].update(fields)
            self._tell("jira:issue_updated", issue, PERSON, [{"field": name} for name in fields])

    def person_deletes(self, issue: dict[str, Any]) -> None:
        with self._lock:
            del self.issues[issue["id"]]
            self._tell("jira:issue_deleted", issue, PERSON)

    def person_moves_to_project(self, issue: dict[str, Any], project: str) -> None:
        with self._lock:
            old, issue["key"] = issue["key"], f"{project}-{100 + int(issue['id'])}"
            changed = [{"field": "project"}, {"field": "Key", "fromString": old, "toString": issue["key"]}]
            self._tell("jira:issue_updated", issue, PERSON, changed)

    def person_clones(self, issue: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            return self._make({**issue["fields"], "project": {"key": "OPS"}}, PERSON)

    def index_now(self) -> None:
        with self._lock:
            self._indexed = set(self.issues)

    # HTTP

    def _handler(outer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._handle()

            do_POST = do_PUT = do_GET

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                outer.requests.append((self.command, parts.path))
                fault = outer._fault(self.command, parts.path)
                try:
                    if fault is None:
                        self._reply(*outer._answer(self.command, parts, body, dict(self.headers)))
                    else:
                        self._fail(fault, parts, body)
                except OSError:
                    self.close_connection = True

            def _fail(self, fault: Fault, parts: Any, body: bytes) -> None:
                if fault.done:
                    outer._answer(self.command, parts, body, dict(self.headers))
                time.sleep(fault.delay)
                if fault.hang_up:
                    self.close_connection = True
                    return
                self._send(fault.status, fault.body, fault.headers)

            def _reply(self, status: int, document: Any) -> None:
                self._send(status, b"" if document is None else json.dumps(document).encode(), {})

            def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for place, (wanted, part, fault, times) in enumerate(self._faults):
                if wanted == method and path.endswith(part):
                    self._faults[place] = (wanted, part, fault, times - 1)
                    if times <= 1:
                        del self._faults[place]
                    return fault
        return None

    def _answer(self, method: str, parts: Any, body: bytes, headers: dict[str, str]) -> Answer:
        basic = base64.b64encode(f"bot@example.com:{TOKEN}".encode()).decode()
        if headers.get("Authorization", headers.get("authorization")) != (
            f"Basic {basic}" if self.cloud else f"Bearer {TOKEN}"
        ):
            return 401, {"message": "Client must be authenticated to access this resource.", "status-code": 401}
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        given = json.loads(body) if body else {}
        with self._lock:
            return self._route(method, parts.path.removeprefix("/rest/api/").split("/"), query, given)

    def _route(self, method: str, path: list[str], query: dict[str, str], given: Any) -> Answer:
        match (method, *path):
            case ("GET", "3", "search", "jql") if self.cloud:
                return 200, {"issues": self._search(query["jql"]), "isLast": True}
            case ("GET", "2", "search") if not self.cloud:
                found = self._search(query["jql"])
                return 200, {"startAt": 0, "maxResults": 50, "total": len(found), "issues": found}
            case (_, "2", "search"):
                return 410, {"errorMessages": ["The requested API has been removed. Use /rest/api/3/search/jql."]}
            case ("GET", "2", "myself"):
                return 200, {**({"accountId": ACCOUNT} if self.cloud else {}), "name": "bot", "displayName": "RCA"}
            case ("GET", "2", "project", key) if key in self.projects:
                types = [{"name": name, "subtask": name == "Sub"} for name in self.projects[key]]
                return 200, {"id": "1", "key": key, "issueTypes": types}
            case ("POST", "2", "issue"):
                return self._create(given["fields"])
            case (_, "2", "issue", name, *rest):
                issue = next((each for each in self.issues.values() if name in (each["id"], each["key"])), None)
                if issue:
                    return self._of_issue(method, issue, rest, query, given)
        return 404, {"errorMessages": ["It does not exist or you do not have permission to see it."], "errors": {}}

    def _of_issue(self, method: str, issue: dict[str, Any], rest: list[str], query: Any, given: Any) -> Answer:
        match (method, *rest):
            case ("GET",):
                return 200, self._shown(issue)
            case ("PUT",):
                if refused := self._refused(given["fields"]):
                    return refused
                issue["fields"].update(self._kept(given["fields"]))
                self._tell("jira:issue_updated", issue, self._us, [{"field": name} for name in given["fields"]])
                return 204, None
            case ("GET", "transitions"):
                there = [each for each in self.transitions if not each.sources or issue["status"] in each.sources]
                shown = [{"id": each.id, "name": each.name, "to": self._status(each.to)} for each in there]
                return 200, {"transitions": shown}
            case ("POST", "transitions"):
                return self._transit(issue, str(given["transition"]["id"]))
            case ("GET", "comment"):
                start, most = int(query.get("startAt", 0)), min(int(query.get("maxResults", 50)), 100)
                page = issue["comments"][start : start + most]
                return 200, {"comments": [{"body": each} for each in page], "total": len(issue["comments"])}
            case ("POST", "comment"):
                issue["comments"].append(self.normalise(given["body"]))
                self._tell("comment_created", issue, self._us)
                return 201, {"id": str(len(issue["comments"])), "body": given["body"]}
        return 405, {}

    def _transit(self, issue: dict[str, Any], wanted: str) -> Answer:
        for each in self.transitions:
            if each.id == wanted and (not each.sources or issue["status"] in each.sources):
                if each.requires:
                    return 400, {"errorMessages": [], "errors": {each.requires: f"{each.requires} is required."}}
                self._set_status(issue, each.to, self._us)
                return 204, None
        return 400, {"errorMessages": ["It is not on the transition."], "errors": {}}

    def _create(self, fields: dict[str, Any]) -> Answer:
        project = fields["project"]["key"]
        if project not in self.projects:
            return 400, {"errorMessages": [], "errors": {"project": "project is required"}}
        if fields["issuetype"]["name"] not in self.projects[project]:
            return 400, {"errorMessages": [], "errors": {"issuetype": "Specify a valid issue type"}}
        if refused := self._refused(fields):
            return refused
        issue = self._make(self._kept(fields), self._us)
        return 201, {"id": issue["id"], "key": issue["key"], "self": f"{self.url}/rest/api/2/issue/{issue['id']}"}

    # State

    @property
    def _us(self) -> dict[str, str]:
        return {**({"accountId": ACCOUNT} if self.cloud else {}), "name": "bot", "displayName": "RCA"}

    def _refused(self, fields: dict[str, Any]) -> Answer | None:
        errors = {name: why for name, why in self.refused_fields.items() if name in fields or "required" in why}
        return (400, {"errorMessages": [], "errors": errors}) if errors else None

    def _kept(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: self.normalise(value) if name == "description" else value for name, value in fields.items()}

    def _make(self, fields: dict[str, Any], who: dict[str, str]) -> dict[str, Any]:
        self._number += 1
        issue = {
            "id": str(10_000 + self._number),
            "key": f"{fields['project']['key']}-{self._number}",
            "fields": {name: value for name, value in fields.items() if name not in ("project", "issuetype")},
            "comments": [],
        }
        issue["fields"].setdefault("priority", {"name": "Medium"})
        self.issues[issue["id"]] = issue
        if not self.index_lags:
            self._indexed.add(issue["id"])
        self._set_status(issue, self.first_status, who, tell=False)
        self._tell("jira:issue_created", issue, who)
        return issue

    def _set_status(self, issue: dict[str, Any], status: str, who: dict[str, str], *, tell: bool = True) -> None:
        old, issue["status"] = issue.get("status"), status
        if self.statuses[status] != self.statuses.get(old or ""):
            issue["moved"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        if tell:
            changed = [{"field": "resolution"}, {"field": "status", "fromString": old, "toString": status}]
            self._tell("jira:issue_updated", issue, who, changed)

    def _status(self, name: str) -> dict[str, Any]:
        return {"name": name, "id": "1", "statusCategory": {"id": 1, "key": self.statuses[name], "name": name}}

    def _shown(self, issue: dict[str, Any]) -> dict[str, Any]:
        moved = {"statuscategorychangedate": issue["moved"]} if self.cloud else {}
        return {
            "id": issue["id"],
            "key": issue["key"],
            "fields": {**issue["fields"], "status": self._status(issue["status"]), **moved},
        }

    def _search(self, jql: str) -> list[dict[str, Any]]:
        label = jql.split('"')[1]
        found = [self.issues[each] for each in sorted(self._indexed) if each in self.issues]
        return [self._shown(each) for each in found if label in each["fields"].get("labels", [])][:2]

    def _tell(self, event: str, issue: dict[str, Any], who: dict[str, str], changed: Any = None) -> None:
        document = {
            "timestamp": int(time.time() * 1000),
            "webhookEvent": event,
            "user": who,
            "issue": self._shown(issue),
            **({"changelog": {"id": "1", "items": changed}} if changed else {}),
        }
        delivery = signed(json.dumps(document).encode(), identifier=uuid4().hex)
        self.deliveries.append(delivery)
        if self.webhook_url:
            threading.Thread(target=self.deliver, args=(delivery,), daemon=True).start()

    def deliver(self, delivery: Delivery) -> int:
        """Posts a delivery, again if need be, and returns the status that it was answered with."""
        assert self.webhook_url
        request = urllib.request.Request(self.webhook_url, delivery.body, delivery.headers, method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            status: int = response.status
            return status


def signed(body: bytes, identifier: str = "", secret: str = SECRET) -> Delivery:
    """A body with the headers that Jira sends."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Delivery(
        {
            "x-hub-signature": f"sha256={signature}",
            "x-atlassian-webhook-identifier": identifier,
            "content-type": "application/json",
        },
        body,
    )
