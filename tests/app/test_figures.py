"""What the overview, long lists and files show of failures that were just reported, over HTTP."""

import csv
import io
import re
from typing import Any
from uuid import uuid4

import azure.functions as func
import httpx
import pytest

from rca_core.foundation import clock
from rca_core.tickets.csv_files import csv_file
from rca_core.tickets.rows import TicketRow
from rca_core.triggers.exports import attachment
from rca_core.triggers.http import names
from tests.support.app import App


def report(app: App, **more: Any) -> dict[str, Any]:
    body = {"dag_id": "figures_dag", "task_id": "t", "run_id": uuid4().hex, "exception": "boom", **more}
    return app.ticket(app.post("/airflow-monitor", body).json()["ticket_id"])


def acknowledge(app: App, ticket: dict[str, Any], note: str = "") -> None:
    with app.client() as client:
        change = {"status": "acknowledged", "version": ticket["version"], "note": note}
        assert client.patch(f"/api/tickets/{ticket['id']}", json=change).status_code == 200


def fetched(app: App, path: str, role: str = "admin", **query: str) -> httpx.Response:
    with app.client(role=role) as client:
        answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer


def lines(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_the_overview_shows_a_failure_and_its_acknowledgement(app: App) -> None:
    before = app.get("/api/analytics", days=1)
    ticket = report(app, dag_id=f"figures_{uuid4().hex[:8]}")
    failed = app.get("/api/analytics", days=1)
    assert failed["failures"] == before["failures"] + 1
    assert failed["by_status"]["open"] == before["by_status"]["open"] + 1
    acknowledge(app, ticket)
    after = app.get("/api/analytics", days=1)
    today = clock.to_iso(clock.now())[:10]
    assert [day["date"] for day in after["days"]] == [today] or ticket["timestamp"][:10] != today
    assert after["days"][-1]["resolved"] == before["days"][-1]["resolved"] + 1
    assert after["sla"]["met"] == before["sla"]["met"] + 1
    assert len(app.get("/api/analytics")["days"]) == 30


def test_the_overview_tells_dead_letters_and_the_state_of_each_part_to_viewers_too(app: App) -> None:
    told = fetched(app, "/api/analytics", role="viewer").json()
    assert told["health"] == app.get("/api/health")
    letters = app.get("/api/dead-letters")["items"]
    assert told["dead_letters"]["total"] == len(letters)
    assert told["dead_letters"]["or_more"] is False


def test_filters_take_several_values(app: App) -> None:
    mark = uuid4().hex[:10]
    ours, theirs = (report(app, dag_id=f"{mark}_{name}", owner=name) for name in ("Ops, night", "Ops day"))
    assert [ours["finops_owner"], theirs["finops_owner"]] == ["Ops, night", "Ops day"]
    both = app.get("/api/tickets", q=mark, severity="Medium,High", source="adf,airflow", status="open,in_progress")
    assert [row["id"] for row in both["items"]] == [theirs["id"], ours["id"]]
    assert app.get("/api/tickets", q=mark, severity="Critical,Low")["items"] == []
    assert app.get("/api/tickets", q=mark, sla_status="Met,Breached")["items"] == []
    row = both["items"][0]
    assert (row["finops_owner"], row["engine"], row["run_count"], row["ack_seconds"]) == ("Ops day", "rules", 1, None)
    assert row["sla_seconds"] == theirs["sla_seconds"]


def test_a_name_with_a_comma_in_it_can_be_asked_for() -> None:
    request = func.HttpRequest("GET", "/api/tickets", params={"team": "Data, Berlin"}, body=b"")
    assert names(request, "team") == {"Data, Berlin", "Data", "Berlin"}


def test_tickets_as_a_file_are_those_of_the_list(app: App) -> None:
    mark = uuid4().hex[:10]
    tickets = [report(app, dag_id=f"{mark}_{n}", task_id='quo"te, ü\n😀') for n in range(3)]
    acknowledge(app, tickets[0])
    answer = fetched(app, "/api/export/tickets.csv", role="viewer", q=mark)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="tickets-\d{8}T\d{6}Z\.csv"', answer.headers["content-disposition"])
    assert (answer.headers["x-truncated"], "link" in answer.headers) == ("false", False)
    listed = app.get("/api/tickets", q=mark)["items"]
    assert [line["id"] for line in lines(answer)] == [row["id"] for row in listed]
    for line, row in zip(lines(answer), listed, strict=True):
        assert line["title"] == row["title"]
        assert line["ack_user"] == (row["ack_user"] or "")
    assert [line["id"] for line in lines(fetched(app, "/api/export/tickets.csv", q=mark, status="acknowledged"))] == [
        tickets[0]["id"]
    ]


def test_a_spreadsheet_runs_nothing_of_a_file(app: App) -> None:
    mark = uuid4().hex[:10]
    formula = f'=HYPERLINK("http://evil.example/{mark}";"x")'
    ticket = report(app, dag_id=f"{formula}")
    acknowledge(app, ticket, note="+cmd|' /C calc'!A0")
    assert ticket["pipeline"].startswith("=")
    (line,) = lines(fetched(app, "/api/export/tickets.csv", q=mark))
    assert line["pipeline"] == f"'{ticket['pipeline']}"
    trail = lines(fetched(app, "/api/export/audit.csv", ticket_id=ticket["id"]))
    assert trail[0]["details"].startswith("'+cmd")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_begins_as_a_formula_does(begin: str) -> None:
    row = TicketRow(
        id="ADF-20261120T120000-abc123", timestamp="", source="adf", title=f"{begin}1+1", pipeline="a,b",
        severity="Low", priority="P4", error_type="Unknown", status="open", confidence=0.5, sla_status="Pending",
        sla_due="", sla_seconds=86_400, finops_team="Unknown", version=1,
    )  # fmt: skip
    text = csv_file(TicketRow, [row]).decode("utf-8-sig")
    (read,) = csv.DictReader(io.StringIO(text, newline=""))
    assert read["title"] == f"'{begin}1+1"
    assert (read["pipeline"], read["sla_warned"], read["ack_user"]) == ("a,b", "false", "")
    assert text.count("\r\n") == 2


def test_the_trail_as_a_file_has_what_people_do_with_accounts_for_admins_alone(app: App) -> None:
    report(app)
    of_admin = lines(fetched(app, "/api/export/audit.csv"))
    assert any(not line["ticket_id"] for line in of_admin)
    of_operator = lines(fetched(app, "/api/export/audit.csv", role="operator"))
    assert of_operator
    assert all(line["ticket_id"] for line in of_operator)


def test_the_trail_between_two_times(app: App) -> None:
    ticket = report(app)
    begun = clock.to_iso(clock.now())
    acknowledge(app, ticket)
    ended = clock.to_iso(clock.now())

    def actions(**between: str) -> list[str]:
        found = app.get("/api/audit", ticket_id=ticket["id"], **between)["items"]
        whole = [
            one for one in app.get("/api/audit", limit=200, **between)["items"] if one["ticket_id"] == ticket["id"]
        ]
        assert found == whole
        return [one["action"] for one in found]

    assert actions(to=begun) == ["Ticket Created"]
    assert actions(**{"from": begun, "to": ended}) == ["Ticket Acknowledged"]
    assert actions(**{"from": ended}) == []
    assert actions(to="2020-01-01") == []
    assert actions(action="Ticket Created,Note Added") == ["Ticket Created"]


def test_a_file_that_is_not_the_whole_list_says_so_and_leads_on() -> None:
    request = func.HttpRequest("GET", "/api/export/tickets.csv", params={"severity": "High,Low", "q": "a b"}, body=b"")
    answer = attachment(request, "tickets", b"", "next1")
    assert answer.headers["X-Truncated"] == "true"
    assert answer.headers["Link"] == ('</api/export/tickets.csv?severity=High%2CLow&q=a+b&cursor=next1>; rel="next"')
    assert "-more-follow.csv" in answer.headers["Content-Disposition"]
