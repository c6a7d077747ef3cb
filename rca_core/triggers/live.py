"""Live updates: where a page connects, and the hints it gets (hub `tickets`, target `ticketChanged`)."""

import azure.functions as func
import msgspec

from rca_core.foundation.queues import Queue, receive
from rca_core.tickets.announce import LiveUpdate
from rca_core.triggers.http import endpoint
from rca_core.triggers.jobs import job

blueprint = func.Blueprint()

_HUB = "tickets"
_CONNECTION = "AzureSignalRConnectionString"


class Connection(msgspec.Struct, frozen=True, rename="camel"):
    """Where to connect, and the token to show there, as the SignalR clients take them ("SignalR service input binding",
    Azure Functions documentation).
    """

    url: str
    access_token: str


@blueprint.route("api/negotiate", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.generic_input_binding(
    arg_name="connection", type="signalRConnectionInfo", hubName=_HUB, connectionStringSetting=_CONNECTION
)
@endpoint
def negotiate(req: func.HttpRequest, connection: str) -> func.HttpResponse:
    """Address and token of the SignalR hub."""
    return func.HttpResponse(connection, mimetype="application/json", headers={"Cache-Control": "no-store"})


@blueprint.queue_trigger(arg_name="msg", queue_name=Queue.LIVE_UPDATES.value, connection="AzureWebJobsStorage")
@blueprint.generic_output_binding(arg_name="signalr", type="signalR", hubName=_HUB, connectionStringSetting=_CONNECTION)
def send_live_update(msg: func.QueueMessage, signalr: func.Out[str], context: func.Context) -> None:
    """Tells every open page that a ticket changed.

    A function of its own: a failing SignalR output fails the whole invocation, and must not repeat a triage.
    """
    with job(context, msg) as running:
        update = receive(msg.get_body(), LiveUpdate)
        running.ticket_id = update.ticket_id
        hint = {"id": update.ticket_id, "version": update.version, "status": update.status}
        signalr.set(msgspec.json.encode({"target": "ticketChanged", "arguments": [hint]}).decode())
