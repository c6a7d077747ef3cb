"""One run, one ticket: whoever reports it and however often."""

from concurrent.futures import ThreadPoolExecutor

from rca_core.foundation.storage import Storage
from rca_core.tickets import claims
from tests.support.making import make_failure


def test_a_hundred_claims_of_one_run_have_one_winner(storage: Storage) -> None:
    failure = make_failure(run_key=("adf", "f", "hundred"))
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: claims.claim(storage, failure), range(100)))
    assert sum(claim.won for claim in made) == 1
    assert len({claim.ticket_id for claim in made}) == 1


def test_the_parts_of_a_run_key_do_not_run_into_each_other(storage: Storage) -> None:
    first = claims.claim(storage, make_failure(run_key=("airflow", "ab", "c")))
    second = claims.claim(storage, make_failure(run_key=("airflow", "a", "bc")))
    assert first.ticket_id != second.ticket_id


def test_a_recorded_report_needs_no_more_work_another_one_does(storage: Storage) -> None:
    failure = make_failure(run_key=("adf", "f", "recorded"))
    won = claims.claim(storage, failure)
    assert not claims.claim(storage, failure).holds("r1")
    claims.record(storage, won.run_hash, "r1")
    claims.record(storage, won.run_hash, "r3")
    known = claims.claim(storage, failure)
    assert (known.holds("r1"), known.holds("r2"), known.holds("r3")) == (True, False, True)


def test_a_run_moves_to_another_ticket_id_once(storage: Storage) -> None:
    won = claims.claim(storage, make_failure(run_key=("adf", "f", "moved")))
    first = claims.move(storage, won.run_hash, won.ticket_id, "ADF-20261120T120000-aaaaaa")
    again = claims.move(storage, won.run_hash, won.ticket_id, "ADF-20261120T120000-bbbbbb")
    assert first == again == "ADF-20261120T120000-aaaaaa"
