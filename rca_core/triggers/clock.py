"""The timer functions."""

import azure.functions as func
from azure.core.exceptions import ResourceNotFoundError

from rca_core import services
from rca_core.foundation.settings import settings
from rca_core.tickets import sla_clock

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="0 * * * * *")
def watch_sla(timer: func.TimerRequest) -> None:
    """Each minute: warns of tickets whose SLA is nearly used up, and marks those that are overdue."""
    try:
        sla_clock.run(services.storage(), services.ticket_store(), settings())
    except ResourceNotFoundError:
        services.storage().forget()
        raise
