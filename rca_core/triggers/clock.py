"""The timer functions."""

import azure.functions as func

from rca_core import services
from rca_core.foundation.settings import settings
from rca_core.tickets import sla_clock
from rca_core.triggers.jobs import job

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="0 * * * * *")
def watch_sla(timer: func.TimerRequest, context: func.Context) -> None:
    """Each minute: warns of tickets whose SLA is nearly used up, and marks those that are overdue."""
    with job(context), services.noticing_what_is_gone():
        sla_clock.run(services.storage(), services.ticket_store(), settings())
