"""The queue functions: what happens after a webhook was answered."""

from collections.abc import Callable

import azure.functions as func
from azure.core.exceptions import AzureError

from rca_core import services
from rca_core.foundation import logs
from rca_core.foundation.queues import Queue, receive
from rca_core.foundation.settings import Settings, settings
from rca_core.foundation.storage import Storage
from rca_core.services import noticing_what_is_gone
from rca_core.tickets import dead_letters, jira_sync, outbox, slack_sync
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.investigation import investigate
from rca_core.tickets.store import TicketStore
from rca_core.tickets.sync import SyncMessage
from rca_core.tickets.ticket import Ticket
from rca_core.tickets.triage import triage
from rca_core.triggers.jobs import Job, job

blueprint = func.Blueprint()

Step = Callable[[Storage, TicketStore, Settings, FailureMessage], Ticket]


@blueprint.queue_trigger(arg_name="msg", queue_name=Queue.FAILURES.value, connection="AzureWebJobsStorage")
def triage_failure(msg: func.QueueMessage, context: func.Context) -> None:
    """Makes a ticket of a queued failure. Whatever it raises, the host tries again and then keeps the message."""
    _work(Queue.FAILURES, triage, msg, context)


@blueprint.queue_trigger(arg_name="msg", queue_name=Queue.DIAGNOSES.value, connection="AzureWebJobsStorage")
def investigate_ticket(msg: func.QueueMessage, context: func.Context) -> None:
    """Asks the failing system and the model about a failure, after its ticket is there."""
    _work(Queue.DIAGNOSES, investigate, msg, context)


@blueprint.queue_trigger(arg_name="msg", queue_name=Queue.JIRA_UPDATES.value, connection="AzureWebJobsStorage")
def update_jira(msg: func.QueueMessage, context: func.Context) -> None:
    """Brings a ticket and its Jira issue in step, whichever of them changed."""
    with job(context, msg) as running:
        known = settings()
        if known.jira is None:
            logs.warning("jira-off", message="An update for Jira was dropped: JIRA_BASE_URL is not set.")
            running.outcome = "off"
            return
        client = services.jira(known.jira)
        _deliver(
            running,
            Queue.JIRA_UPDATES,
            msg,
            lambda message: jira_sync.keep_in_step(services.storage(), services.ticket_store(), known, client, message),
        )


@blueprint.queue_trigger(arg_name="msg", queue_name=Queue.SLACK_UPDATES.value, connection="AzureWebJobsStorage")
def update_slack(msg: func.QueueMessage, context: func.Context) -> None:
    """Brings a ticket's Slack message in step with it."""
    with job(context, msg) as running:
        known = settings()
        if known.slack is None:
            logs.warning("slack-off", message="An update for Slack was dropped: SLACK_BOT_TOKEN is not set.")
            running.outcome = "off"
            return
        client = services.slack(known.slack)
        _deliver(
            running,
            Queue.SLACK_UPDATES,
            msg,
            lambda message: slack_sync.keep_in_step(
                services.storage(), services.ticket_store(), known, client, message
            ),
        )


def _deliver(running: Job, queue: Queue, msg: func.QueueMessage, step: Callable[[SyncMessage], bool | None]) -> None:
    message = receive(msg.get_body(), SyncMessage)
    running.ticket_id = message.ticket_id
    with noticing_what_is_gone():
        running.outcome = outbox.deliver(services.storage(), queue, message, step)


def _work(queue: Queue, step: Step, msg: func.QueueMessage, context: func.Context) -> None:
    body = msg.get_body()
    tries = msg.dequeue_count or 1
    with job(context, msg) as running:
        message = receive(body, FailureMessage)
        running.ticket_id = message.ticket_id
        try:
            with noticing_what_is_gone():
                running.ticket_id = step(services.storage(), services.ticket_store(), settings(), message).id
        except Exception as error:
            # The host logs the error with its stack; this line tells which ticket waits for it.
            logs.warning("work-failed", ticket_id=message.ticket_id, tries=tries, error=type(error).__name__)
            _note_trouble(queue, body, error, tries)
            raise
        if tries > 1:
            dead_letters.settled(services.storage(), queue, body)


def _note_trouble(queue: Queue, body: bytes, error: Exception, tries: int) -> None:
    """Where the operator sees it; the message that ends in a poison queue tells no reason."""
    reason = getattr(error, "detail", "") or f"{type(error).__name__} in the app; its log has the stack."
    try:
        dead_letters.record(services.storage(), queue, body, state="retrying", reason=reason, tries=tries)
    except AzureError:
        logs.warning("trouble-not-noted", queue=queue)
