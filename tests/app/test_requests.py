"""What a failure costs in storage requests: they are what Azure bills, and what a burst waits for."""

import pytest

from bench import requests_counted


@pytest.mark.slow
def test_a_new_failure_takes_at_most_eight_requests_and_a_duplicate_three() -> None:
    figures = requests_counted.run()
    assert max(figures["new_until_ticket"]) <= 8
    assert max(figures["duplicate"]) <= 3
