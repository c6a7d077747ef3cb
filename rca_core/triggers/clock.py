"""The timer functions."""

import azure.functions as func

from rca_core import services
from rca_core.foundation.settings import settings
from rca_core.services import noticing_what_is_gone
from rca_core.tickets import sla_clock
from rca_core.tickets.store import TicketStore
from rca_core.triggers.jobs import job
from rca_core.upkeep import retention

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="0 * * * * *")
def watch_sla(timer: func.TimerRequest, context: func.Context) -> None:
    """Each minute: warns of tickets whose SLA is nearly used up, and marks those that are overdue."""
    with job(context), noticing_what_is_gone():
        sla_clock.run(services.storage(), services.ticket_store(), settings())


@blueprint.timer_trigger(arg_name="timer", schedule="0 30 0-5 * * *")
def remove_old(timer: func.TimerRequest, context: func.Context) -> None:
    """Each night, six times, so that a large backlog is worked off: removes what was kept long enough."""
    with job(context):
        storage = services.patient_storage()
        retention.run(storage, TicketStore(storage), settings())
