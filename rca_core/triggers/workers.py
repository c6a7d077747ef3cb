"""The queue functions: what happens after a webhook was answered."""

from collections.abc import Callable

import azure.functions as func
from azure.core.exceptions import ResourceNotFoundError

from rca_core import services
from rca_core.foundation import logs
from rca_core.foundation.queues import Queue, receive
from rca_core.foundation.settings import Settings, settings
from rca_core.foundation.storage import Storage
from rca_core.tickets.enrichment import enrich
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.store import TicketStore
from rca_core.tickets.ticket import Ticket
from rca_core.tickets.triage import triage

blueprint = func.Blueprint()

Step = Callable[[Storage, TicketStore, Settings, FailureMessage], Ticket]


@blueprint.queue_trigger(arg_name="msg", queue_name=Queue.FAILURES.value, connection="AzureWebJobsStorage")
def triage_failure(msg: func.QueueMessage) -> None:
    """Makes a ticket of a queued failure. Whatever it raises, the host tries again and then keeps the message."""
    _work(triage, msg)


@blueprint.queue_trigger(arg_name="msg", queue_name=Queue.DIAGNOSES.value, connection="AzureWebJobsStorage")
def enrich_ticket(msg: func.QueueMessage) -> None:
    """Asks the failing system what happened and diagnoses again, a while after the ticket is there."""
    _work(enrich, msg)


def _work(step: Step, msg: func.QueueMessage) -> None:
    message = receive(msg.get_body(), FailureMessage)
    try:
        step(services.storage(), services.ticket_store(), settings(), message)
    except Exception as error:
        if isinstance(error, ResourceNotFoundError):
            services.storage().forget()
        # The host logs the error with its stack; this line tells which ticket waits for it.
        logs.warning("work-failed", ticket_id=message.ticket_id, tries=msg.dequeue_count, error=type(error).__name__)
        raise
