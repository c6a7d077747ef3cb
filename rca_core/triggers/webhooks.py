"""The doors for senders: /azure-monitor, /databricks-monitor, /airflow-monitor, whose function keys the host checks,
and beside them doors for senders that prove themselves in another way.
"""

import azure.functions as func
import msgspec

from rca_core import services, sources
from rca_core.sources import Sender
from rca_core.tickets import intake
from rca_core.tickets.intake import Result
from rca_core.triggers.http import body_of, endpoint, json_response

blueprint = func.Blueprint()


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a sender is told. `results` is there if the call carried several events; the rest is then their sum."""

    status: str
    ticket_id: str | None = None
    run_id: str | None = None
    reason: str | None = None
    results: list[Result] | None = None


@blueprint.route("azure-monitor", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@endpoint
def azure_monitor(req: func.HttpRequest) -> func.HttpResponse:
    """Azure Monitor action groups, and Data Factory Web activities."""
    return _receive("azure-monitor", req)


@blueprint.route("azure-monitor/secure", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def azure_monitor_secure(req: func.HttpRequest) -> func.HttpResponse:
    """Azure Monitor's secure webhook; its Entra token is the key."""
    return _receive("azure-monitor", req)


@blueprint.route("databricks-monitor", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@endpoint
def databricks_monitor(req: func.HttpRequest) -> func.HttpResponse:
    """Databricks job and cluster notifications."""
    return _receive("databricks", req)


@blueprint.route("databricks-monitor/basic", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def databricks_monitor_basic(req: func.HttpRequest) -> func.HttpResponse:
    """Databricks with user and password, or with an Entra token."""
    return _receive("databricks", req)


@blueprint.route("airflow-monitor", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@endpoint
def airflow_monitor(req: func.HttpRequest) -> func.HttpResponse:
    """Airflow failure callbacks."""
    return _receive("airflow", req)


def _receive(sender: Sender, req: func.HttpRequest) -> func.HttpResponse:
    body = body_of(req)
    results = intake.take(services.storage(), sender, body, sources.parse(sender, body))
    # The sum of several results is the best of them: a new ticket before a known one before nothing to do.
    best = min(results, key=lambda result: ("accepted", "duplicate", "ignored").index(result.status))
    answer = Answer(best.status, best.ticket_id, best.run_id, best.reason)
    if len(results) > 1:
        answer = msgspec.structs.replace(answer, results=results)
    return json_response(answer, status=202 if best.status == "accepted" else 200)
