"""The app with a Jira and a Slack at its sides, over real HTTP; either may be slow, out of order or away."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from devhost.azurite import Azurite
from rca_core.foundation import clock
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets import sync
from rca_core.tickets.jira_issue import label
from rca_core.tickets.jira_sync import INDEX_LAG_SECONDS
from tests.jira.server import SECRET, TOKEN, Fault, Jira
from tests.slack.server import BOT_TOKEN, CHANNEL, SIGNING_SECRET, Posted, SlackServer
from tests.support.app import App, wait_for

MANY = 10_000


class JiraSite(Jira):
    """A Jira that takes `slow_seconds` over each call, and may go away for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.slow_seconds = 0.0

    def _answer(self, *given: Any) -> Any:
        time.sleep(self.slow_seconds)
        return super()._answer(*given)

    def always(self, method: str, part: str, fault: Fault) -> None:
        """Every request of this kind goes wrong, until `mend`."""
        self.fail(method, part, fault, times=MANY)

    def mend(self) -> None:
        super().mend()
        self.refused_fields, self.slow_seconds = {}, 0.0

    def leave(self) -> None:
        """Nobody listens any more, and who is connected is hung up on."""
        for method in ("GET", "POST", "PUT"):
            self.always(method, "", Fault(hang_up=True))
        self.stop()

    def come_back(self) -> None:
        self.mend()
        self._server = _another(self._server)


class SlackSite(SlackServer):
    """A Slack that takes `slow_seconds` over each call."""

    def __init__(self) -> None:
        super().__init__()
        self.slow_seconds = 0.0

    def _answer(self, handler: Any, path: str, body: bytes) -> None:
        """Does what it is asked at once, and says so late."""
        send_response = handler.send_response

        def send_late(*given: Any) -> None:
            time.sleep(self.slow_seconds)
            send_response(*given)

        handler.send_response = send_late
        with suppress(OSError):  # who asked is gone
            super()._answer(handler, path, body)

    def always(self, method: str, fault: str) -> None:
        """Every call of this method goes wrong, until `mend`."""
        self.fail(method, *[fault] * MANY)

    def mend(self) -> None:
        self._faults.clear()
        self.channels, self.slow_seconds = {CHANNEL}, 0.0


@dataclass
class Outside:
    """The running app and what is around it; a site that it knows nothing of just stays empty."""

    app: App
    storage: Storage
    jira: JiraSite
    slack: SlackSite

    def report(self) -> str:
        """A failure is reported; returns the id that its ticket will have."""
        body = {
            "dag_id": "nightly_orders",
            "task_id": "load",
            "run_id": f"scheduled__{uuid4().hex}",
            "try_number": 1,
            "exception": "psycopg2.OperationalError: could not connect to server: Connection refused",
        }
        answer = self.app.post("/airflow-monitor", body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["ticket_id"])

    def failure(self) -> str:
        """A failure is reported; returns the id of its ticket, which is there."""
        return str(self.app.ticket(self.report())["id"])

    def move(self, ticket_id: str, status: str, note: str = "") -> None:
        """Somebody moves the ticket through the API."""
        change = {
            "status": status,
            "version": self.app.ticket(ticket_id)["version"],
            **({"note": note} if note else {}),
        }
        with self.app.client() as client:
            answer = client.patch(f"/api/tickets/{ticket_id}", json=change)
        assert answer.status_code == 200, answer.text

    def ticket(self, ticket_id: str, **wanted: Any) -> dict[str, Any]:
        """The ticket as soon as these of its fields are so."""

        def so() -> dict[str, Any] | None:
            found = self.app.ticket(ticket_id)
            return found if all(found[name] == value for name, value in wanted.items()) else None

        return wait_for(so, f"{ticket_id} with {wanted}", seconds=40)

    def issues(self, ticket_id: str) -> list[dict[str, Any]]:
        """The Jira issues of the ticket; more than one is a fault."""
        issues = list(self.jira.issues.values())
        return [issue for issue in issues if label(ticket_id) in issue["fields"]["labels"]]

    def cards(self, ticket_id: str) -> list[Posted]:
        """The Slack messages of the ticket, without those in threads; more than one is a fault."""
        return [one for one in list(self.slack.cards()) if one.metadata["event_payload"]["ticket_id"] == ticket_id]

    def issue(self, ticket_id: str, status: str | None = None) -> dict[str, Any]:
        """The one issue of the ticket, as soon as it is there, in that status if one is given."""
        [issue] = wait_for(lambda: self.issues(ticket_id), "the issue")
        if status:
            wait_for(lambda: self.jira.status_of(issue) == status, f"{issue['key']} in {status}", seconds=40)
        return issue

    def card(self, ticket_id: str, words: str = "") -> Posted:
        """The one message of the ticket, as soon as it is there and holds these words."""
        [card] = wait_for(lambda: self.cards(ticket_id), "the message", seconds=40)
        wait_for(lambda: words in card.shown, f"{words!r} in the message", seconds=40)
        return card

    def letters(self) -> list[dict[str, Any]]:
        """What the operator's list of troubled deliveries shows."""
        items: list[dict[str, Any]] = self.app.get("/api/dead-letters")["items"]
        return items

    def letter(self, ticket_id: str) -> dict[str, Any]:
        """The ticket's one troubled delivery, once there is one; the list and the ticket tell the same of it."""

        def told() -> dict[str, Any] | None:
            of_ticket = self.app.ticket(ticket_id)["dead_letters"]
            listed = [one for one in self.letters() if one["ticket_id"] == ticket_id]
            return listed[0] if listed and listed == of_ticket else None

        return wait_for(told, f"a dead letter of {ticket_id}")

    def replay(self, *ticket_ids: str) -> int:
        """The operator replays whatever is listed of these tickets; returns how much that was."""
        letters = [letter for letter in self.letters() if letter["ticket_id"] in ticket_ids]
        with self.app.client() as client:
            for letter in letters:
                # 404: it was delivered since.
                assert client.post(f"/api/dead-letters/{letter['id']}/replay").status_code in (202, 404)
        return len(letters)

    def let_attempts_age(self, system: str, *ticket_ids: str) -> None:
        """As if the time had passed in which Jira or Slack may not show what they did; not while a worker is at it."""
        table = self.storage.table(sync.TABLE)
        long_ago = clock.to_iso(clock.now() - timedelta(seconds=INDEX_LAG_SECONDS))
        for ticket_id in ticket_ids:
            try:
                row = table.get_entity(ticket_id, system)
            except ResourceNotFoundError:  # nobody was at it yet
                continue
            if row["attempted_at"] > long_ago and not row["leased_until"]:
                with suppress(ResourceModifiedError):
                    table.update_entity(
                        {**row, "attempted_at": long_ago},
                        etag=row.metadata["etag"],
                        match_condition=MatchConditions.IfNotModified,
                    )


@contextmanager
def outside(data: Path, *, knows_jira: bool = True, knows_slack: bool = True) -> Iterator[Outside]:
    """The app on an emulator of its own, with the settings of those sites that it is to know."""
    jira, slack = JiraSite(), SlackSite()
    settings = {"DASHBOARD_URL": "https://rca.example.com"}
    if knows_jira:
        settings |= {
            "JIRA_BASE_URL": jira.url,
            "JIRA_USER_EMAIL": "bot@example.com",
            "JIRA_API_TOKEN": TOKEN,
            "JIRA_PROJECT_KEY": "OPS",
            "JIRA_WEBHOOK_SECRET": SECRET,
        }
    if knows_slack:
        settings |= {
            "SLACK_API_BASE_URL": slack.api_base_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_CHANNEL": CHANNEL,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        }
    slack.start()
    with ExitStack() as running:
        running.callback(slack.stop)
        running.enter_context(jira)
        emulator = running.enter_context(Azurite())
        app = running.enter_context(App(emulator.connection_string, data, **settings))
        running.callback(setattr, jira, "webhook_url", None)
        if knows_jira:
            jira.webhook_url = f"{app.url}/jira-webhook"
        storage = Storage(read_settings({"AzureWebJobsStorage": emulator.connection_string}).storage)
        yield Outside(app, storage, jira, slack)


def _another(server: ThreadingHTTPServer) -> ThreadingHTTPServer:
    """A server like the closed one, at its address."""
    again = ThreadingHTTPServer(server.server_address[:2], server.RequestHandlerClass)
    again.daemon_threads = True
    again.block_on_close = False
    threading.Thread(target=again.serve_forever, args=(0.01,), daemon=True).start()
    return again
