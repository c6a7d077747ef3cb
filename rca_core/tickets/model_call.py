"""One call of the model within its budget, and the log lines that tell what came of it."""

from collections.abc import Callable

from rca_core.diagnosis.diagnosis import ModelUse, Verification
from rca_core.diagnosis.gemini import MOST_TOKENS_OUT
from rca_core.diagnosis.gemini_answers import ModelAnswer, NoModelAnswer
from rca_core.foundation import logs
from rca_core.tickets.model_budget import ModelBudget, NotAllowed

_CHARACTERS_A_TOKEN = 4


class NoAnalysis(Exception):
    """The model's analysis is not to be had, and `why`. `asked`: a call was made. `inconclusive`: it answered, and
    nothing of it stood up to the checks, as `verification` tells.
    """

    def __init__(
        self,
        why: str,
        *,
        asked: bool,
        inconclusive: bool = False,
        verification: Verification | None = None,
        model: ModelUse | None = None,
    ) -> None:
        super().__init__(why)
        self.why = why
        self.asked = asked
        self.inconclusive = inconclusive
        self.verification = verification
        self.model = model


def called(budget: ModelBudget, characters: int, call: Callable[[], ModelAnswer]) -> ModelAnswer:
    """The answer to one call, which sends so many characters; raises NoAnalysis.

    Tokens are reserved before it and settled after it: should the process die between the two, they count as used.
    """
    try:
        reservation = budget.reserve(characters // _CHARACTERS_A_TOKEN + MOST_TOKENS_OUT)
    except NotAllowed as refused:
        logs.warning("model-not-asked", reason=refused.why)
        raise NoAnalysis(refused.why, asked=False) from refused
    try:
        answer = call()
    except NoModelAnswer as none:
        logs.warning("model-failed", reason=none.reason, note=none.note)
        # Of a call that we gave up waiting for nobody tells what it cost.
        used = reservation.tokens if none.reason == "timeout" else none.tokens_in + none.tokens_out
        if none.reason in ("blocked", "empty", "refused"):
            budget.settle(reservation, used)  # it works, and did not want to answer this
        else:
            serious = none.reason == "misconfigured"
            budget.failed(reservation, used, none.note, pause_seconds=none.retry_after_seconds, serious=serious)
        raise NoAnalysis(f"it gave no answer: {none.note.rstrip('.')}", asked=True) from none
    budget.settle(reservation, answer.tokens_in + answer.tokens_out)
    logs.info(
        "model-answered",
        model=answer.model,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        duration_ms=answer.latency_ms,
    )
    return answer
