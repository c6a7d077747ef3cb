"""The queue functions: what happens after a webhook was answered."""

import azure.functions as func
from azure.core.exceptions import ResourceNotFoundError

from rca_core import services
from rca_core.foundation import logs
from rca_core.foundation.queues import Queue, receive
from rca_core.foundation.settings import settings
from rca_core.tickets.intake import FailureMessage
from rca_core.tickets.triage import triage

blueprint = func.Blueprint()


@blueprint.queue_trigger(arg_name="msg", queue_name=Queue.FAILURES.value, connection="AzureWebJobsStorage")
def triage_failure(msg: func.QueueMessage) -> None:
    """Makes a ticket of a queued failure. Whatever it raises, the host tries again and then keeps the message."""
    message = receive(msg.get_body(), FailureMessage)
    try:
        triage(services.storage(), services.ticket_store(), settings(), message)
    except Exception as error:
        if isinstance(error, ResourceNotFoundError):
            services.storage().forget()
        # The host logs the error with its stack; this line tells which ticket waits for it.
        logs.warning("triage-failed", ticket_id=message.ticket_id, tries=msg.dequeue_count, error=type(error).__name__)
        raise
