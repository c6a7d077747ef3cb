"""The SLA's timer in the running app: nobody calls, and a ticket that is overdue says so."""

import json
from datetime import timedelta
from typing import Any

import httpx

from devhost.azurite import Azurite
from rca_core.foundation import clock
from rca_core.foundation.settings import read_settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.store import TicketStore
from tests.support.app import App, wait_for
from tests.support.making import made, make_ticket


def test_an_open_ticket_breaches_without_anybody_touching_it(app: App, azurite: Azurite) -> None:
    store = TicketStore(Storage(read_settings({"AzureWebJobsStorage": azurite.connection_string}).storage))
    ticket = make_ticket(clock.now() - timedelta(hours=1), severity="High")
    assert store.create(ticket, made(ticket))
    master = json.loads((app.data / "keys.json").read_text())["_master"]
    fired = httpx.post(f"{app.url}/admin/functions/watch_sla", json={}, headers={"x-functions-key": master})
    assert fired.status_code == 202

    def breached() -> dict[str, Any] | None:
        found = app.ticket(ticket.id)
        return found if found["sla_status"] == "Breached" else None

    found = wait_for(breached, "the breach")
    assert found["status"] == "open"
    assert found["audit"][-1]["action"] == "SLA Breached"
    listed = app.get("/api/open-tickets", limit=200)["items"]
    assert [row["sla_status"] for row in listed if row["id"] == ticket.id] == ["Breached"]
    assert app.get("/api/summary")["by_sla_status"]["Breached"] >= 1
