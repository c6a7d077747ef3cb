"""The model's daily budget and its circuit breaker, shared by all instances."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from azure.core.exceptions import ResourceNotFoundError

from rca_core.foundation import clock
from rca_core.foundation.settings import GeminiSettings
from rca_core.foundation.storage import Storage
from rca_core.tickets import model_budget
from rca_core.tickets.model_budget import ModelBudget, NotAllowed, Spent


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    """The clock: a day of its own for each test, so that none sees what another spent."""
    days = [datetime.fromisoformat("2030-01-01T12:00:00+00:00") + timedelta(days=2 * next(_DAYS))]
    monkeypatch.setattr(clock, "now", lambda: days[-1])
    yield days


_DAYS = iter(range(1_000))


@pytest.fixture(autouse=True)
def closed_breaker(storage: Storage) -> None:
    with suppress(ResourceNotFoundError):
        storage.table(model_budget.TABLE).delete_entity("model", "breaker")


def budget(storage: Storage, calls: int = 100, tokens: int = 1_000_000) -> ModelBudget:
    return ModelBudget(storage, GeminiSettings(api_key="k", daily_calls=calls, daily_tokens=tokens))


def refusal(allowance: ModelBudget) -> str:
    with pytest.raises(NotAllowed) as refused:
        allowance.reserve(10)
    return refused.value.why


def test_calls_are_allowed_until_the_day_s_calls_are_spent_and_again_on_the_next_day(
    storage: Storage, today: list[datetime]
) -> None:
    allowance = budget(storage, calls=2)
    for _ in range(2):
        allowance.reserve(10)
    assert refusal(allowance) == "the day's budget of 2 calls to the model is spent"
    today.append(today[-1] + timedelta(days=1))
    allowance.reserve(10)


def test_tokens_count_as_reserved_until_the_answer_tells_what_was_used(storage: Storage, today: list[datetime]) -> None:
    allowance = budget(storage, tokens=1_000)
    reservation = allowance.reserve(1_200)
    assert "tokens is spent" in refusal(allowance)
    allowance.settle(reservation, used=300)
    allowance.reserve(10)
    assert allowance.state()[0] == Spent(calls=2, tokens=310)


def test_many_callers_at_once_do_not_overspend(storage: Storage, today: list[datetime]) -> None:
    allowance = budget(storage, calls=5)

    def allowed(_: int) -> bool:
        try:
            allowance.reserve(1)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(allowed, range(20))) == 5


def test_after_five_failures_in_a_row_the_model_is_left_alone_with_the_reason(
    storage: Storage, today: list[datetime]
) -> None:
    allowance = budget(storage)
    for _ in range(5):
        allowance.failed(allowance.reserve(10), 0, "it did not answer within 30 s", pause_seconds=None, serious=False)
    assert "left alone until" in refusal(allowance) and "within 30 s" in refusal(allowance)


def test_an_answer_in_between_makes_the_count_begin_anew(storage: Storage, today: list[datetime]) -> None:
    allowance = budget(storage)
    for _ in range(3):
        for _ in range(4):
            allowance.failed(allowance.reserve(10), 0, "500", pause_seconds=None, serious=False)
        allowance.settle(allowance.reserve(10), 10)
    allowance.reserve(10)


def test_when_the_pause_is_over_one_call_tries_and_the_others_wait_for_it(
    storage: Storage, today: list[datetime]
) -> None:
    allowance = budget(storage)
    allowance.failed(allowance.reserve(10), 0, "it asked for a pause", pause_seconds=60, serious=False)
    assert "asked for a pause" in refusal(allowance)
    today.append(today[-1] + timedelta(seconds=61))
    probe = allowance.reserve(10)
    assert "left alone" in refusal(allowance)
    allowance.settle(probe, 10)
    allowance.reserve(10)


def test_a_pause_is_not_cut_short_by_calls_that_were_under_way(storage: Storage, today: list[datetime]) -> None:
    allowance = budget(storage)
    first, second, third = (allowance.reserve(10) for _ in range(3))
    allowance.failed(first, 0, "the day's quota is used up", pause_seconds=3_600, serious=False)
    allowance.failed(second, 0, "timeout", pause_seconds=None, serious=False)
    allowance.settle(third, 10)
    assert "left alone" in refusal(allowance)


def test_a_refused_key_opens_the_breaker_at_once(storage: Storage, today: list[datetime]) -> None:
    allowance = budget(storage)
    allowance.failed(allowance.reserve(10), 0, "the key is not accepted", pause_seconds=None, serious=True)
    assert "the key is not accepted" in refusal(allowance)
