"""Messages that were given up: how they get out of the poison queues, and how an operator sends them again."""

import azure.functions as func
import msgspec

from rca_core import services
from rca_core.foundation import logs
from rca_core.foundation.queues import Queue
from rca_core.tickets import dead_letters
from rca_core.tickets.dead_letters import DeadLetter
from rca_core.triggers.guard import caller, note
from rca_core.triggers.http import endpoint, json_response
from rca_core.triggers.jobs import job

blueprint = func.Blueprint()


class DeadLetterList(msgspec.Struct, frozen=True):
    """Deliveries in trouble, newest first."""

    items: list[DeadLetter]


@blueprint.route("api/dead-letters", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """The deliveries that are being retried or were given up."""
    return json_response(DeadLetterList(dead_letters.listed(services.storage())))


@blueprint.route("api/dead-letters/{id}/replay", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def replay_dead_letter(req: func.HttpRequest) -> func.HttpResponse:
    """Sends the message once more."""
    letter = dead_letters.replay(services.storage(), req.route_params["id"])
    note(req, "Dead Letter Replayed", caller().name, f"{letter.id} ({letter.queue})")
    logs.info("dead-letter-replayed", letter=letter.id, queue=letter.queue, ticket_id=letter.ticket_id or None)
    return json_response(letter, status=202)


def _keep(queue: Queue, msg: func.QueueMessage, context: func.Context) -> None:
    """A poison queue is only a copied body; the table tells queue, ticket and reason, and knows the way back."""
    with job(context, msg) as running, services.noticing_what_is_gone():
        letter = dead_letters.record(services.storage(), queue, msg.get_body(), state="dead")
        running.ticket_id = letter.ticket_id or None


@blueprint.queue_trigger(arg_name="msg", queue_name="failures-poison", connection="AzureWebJobsStorage")
def keep_dead_failure(msg: func.QueueMessage, context: func.Context) -> None:
    """A failure that could not become a ticket."""
    _keep(Queue.FAILURES, msg, context)


@blueprint.queue_trigger(arg_name="msg", queue_name="diagnoses-poison", connection="AzureWebJobsStorage")
def keep_dead_investigation(msg: func.QueueMessage, context: func.Context) -> None:
    """An investigation that could not be made."""
    _keep(Queue.DIAGNOSES, msg, context)


@blueprint.queue_trigger(arg_name="msg", queue_name="jira-updates-poison", connection="AzureWebJobsStorage")
def keep_dead_jira_update(msg: func.QueueMessage, context: func.Context) -> None:
    """An update that did not reach Jira."""
    _keep(Queue.JIRA_UPDATES, msg, context)


@blueprint.queue_trigger(arg_name="msg", queue_name="slack-updates-poison", connection="AzureWebJobsStorage")
def keep_dead_slack_update(msg: func.QueueMessage, context: func.Context) -> None:
    """An update that did not reach Slack."""
    _keep(Queue.SLACK_UPDATES, msg, context)


@blueprint.queue_trigger(arg_name="msg", queue_name="live-updates-poison", connection="AzureWebJobsStorage")
def keep_dead_live_update(msg: func.QueueMessage, context: func.Context) -> None:
    """A hint that did not reach the open pages."""
    _keep(Queue.LIVE_UPDATES, msg, context)
