"""How many calls a sender may make."""

from rca_core.access.rate_limit import RateLimit


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_calls_may_come_at_once_and_then_as_they_are_earned() -> None:
    seconds = Seconds()
    limit = RateLimit(seconds)
    assert all(limit.take("a", 600).allowed for _ in range(600))
    refused = limit.take("a", 600)
    assert (refused.allowed, refused.retry_after_seconds, refused.first) == (False, 1, True)
    seconds.now += 1
    assert [limit.take("a", 600).allowed for _ in range(11)] == [True] * 10 + [False]


def test_the_answer_says_when_to_come_again() -> None:
    seconds = Seconds()
    limit = RateLimit(seconds)
    assert limit.take("a", 2).allowed and limit.take("a", 2).allowed
    refused = limit.take("a", 2)
    assert refused.retry_after_seconds == 30
    seconds.now += refused.retry_after_seconds
    assert limit.take("a", 2).allowed


def test_one_senders_flood_is_noticed_once_a_minute_and_leaves_others_alone() -> None:
    seconds = Seconds()
    limit = RateLimit(seconds)
    verdicts = []
    for _ in range(3_000):
        verdicts.append(limit.take("mad", 60))
        seconds.now += 0.05
    assert sum(verdict.first for verdict in verdicts) == 3
    assert limit.take("other", 60).allowed


def test_no_limit_lets_everything_pass() -> None:
    limit = RateLimit(Seconds())
    assert all(limit.take("a", 0).allowed for _ in range(10_000))


def test_senders_that_are_made_up_do_not_fill_the_memory() -> None:
    limit = RateLimit(Seconds())
    for number in range(20_000):
        limit.take(f"made up {number}", 1)
    assert len(limit._buckets) == 5_000
