"""Around every function that nobody waits for: the id that its log lines bear, and the line that tells how it ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import azure.functions as func

from rca_core.foundation import logs
from rca_core.foundation.queues import request_id_of


class Job:
    """One run of a function, as its last line tells it: the function fills in what it comes to know."""

    ticket_id: str | None = None
    outcome: str = "done"


@contextmanager
def job(context: func.Context, msg: func.QueueMessage | None = None) -> Iterator[Job]:
    """The run of the function that `context` names. Its lines bear the id of the request that led to `msg`, or, where
    nothing came before (a timer, a message of an earlier version), the run's own id.

    Its last line is `job-ended`, with the outcome `failed` if the function raised: the host then tries again.
    """
    running = Job()
    started = time.monotonic()
    caused_by = request_id_of(msg.get_body()) if msg else ""
    with logs.request(caused_by or str(context.invocation_id)):
        try:
            yield running
        except Exception:
            running.outcome = "failed"
            raise
        finally:
            logs.info(
                "job-ended",
                function=context.function_name,
                ticket_id=running.ticket_id,
                outcome=running.outcome,
                duration_ms=round((time.monotonic() - started) * 1000),
                tries=(msg.dequeue_count or 1) if msg else None,
            )
