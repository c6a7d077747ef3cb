"""Guessing passwords: it stops, and the owner still gets in."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from rca_core.access import accounts, invitations, passwords, registration, throttle
from rca_core.access.invitations import NewInvitation
from rca_core.access.registration import NewPerson
from rca_core.access.signing_in import sign_in
from rca_core.foundation.access_settings import AccessSettings
from rca_core.foundation.errors import TooManyRequests, TransientError
from rca_core.foundation.storage import Storage
from tests.access.conftest import ELSEWHERE, GOOD, HOME, OFFICE, OTHER, Clock, make_account

pytestmark = pytest.mark.usefixtures("quick")


def attempt(storage: Storage, email: str, password: str, address: str) -> str:
    """`in`, `wrong`, or the seconds to wait."""
    try:
        return "in" if sign_in(storage, email, password, address).account else "wrong"
    except TooManyRequests as error:
        return str(error.retry_after_seconds)


def fail_until_locked(storage: Storage, stopped: Clock, email: str, address: str) -> None:
    for _ in range(throttle.TRIES_OF_AN_ACCOUNT):
        assert attempt(storage, email, "wrong-password", address) == "wrong"
        stopped.move(seconds=65)


def test_a_thousand_guesses_lock_the_guesser_out_and_nobody_else(storage: Storage, stopped: Clock) -> None:
    ann, bob = make_account(storage, "ann@attack.example"), make_account(storage, "bob@attack.example")
    assert attempt(storage, ann.email, GOOD, HOME) == "in"
    outcomes: Counter[str] = Counter()
    with ThreadPoolExecutor(20) as pool:
        for batch in range(50):
            guesses = [f"guess-number-{batch * 20 + n}" for n in range(20)]
            outcomes.update(pool.map(lambda guess: attempt(storage, ann.email, guess, ELSEWHERE), guesses))
            stopped.move(seconds=5)
    assert outcomes.total() == 1_000
    assert outcomes["in"] == 0
    assert outcomes["wrong"] == throttle.TRIES_OF_AN_ACCOUNT
    wait = int(attempt(storage, ann.email, GOOD, ELSEWHERE))
    assert 0 < wait <= throttle.LOCK_SECONDS

    assert attempt(storage, bob.email, GOOD, ELSEWHERE) == "in", "another account, even from there"
    assert attempt(storage, ann.email, GOOD, HOME) == "in", "the owner from where they were before"
    stopped.move(seconds=wait)
    assert attempt(storage, ann.email, GOOD, ELSEWHERE) == "in", "the owner from there after the wait"


def test_many_addresses_guess_no_more_often_than_one_and_the_owner_at_home_gets_in(
    storage: Storage, stopped: Clock
) -> None:
    ann = make_account(storage, "ann@botnet.example")
    assert attempt(storage, ann.email, GOOD, HOME) == "in"
    outcomes = Counter(attempt(storage, ann.email, "wrong-password", f"10.0.{n // 250}.{n % 250}") for n in range(300))
    assert outcomes["wrong"] == throttle.TRIES_OF_AN_ACCOUNT
    assert attempt(storage, ann.email, GOOD, HOME) == "in"


def test_the_owner_at_a_new_address_waits_and_gets_in(storage: Storage, stopped: Clock) -> None:
    ann = make_account(storage, "ann@new.example")
    fail_until_locked(storage, stopped, ann.email, ELSEWHERE)
    wait = int(attempt(storage, ann.email, GOOD, OFFICE))
    assert 700 < wait <= throttle.LOCK_SECONDS
    stopped.move(seconds=wait - 1)
    assert attempt(storage, ann.email, GOOD, OFFICE) == "1", "asking in between makes it no longer"
    stopped.move(seconds=1)
    assert attempt(storage, ann.email, GOOD, OFFICE) == "in"


def test_the_owner_at_a_new_address_gets_in_at_once_with_an_invitation(
    storage: Storage, stopped: Clock, settings: AccessSettings
) -> None:
    ann = make_account(storage, "ann@invited.example")
    fail_until_locked(storage, stopped, ann.email, ELSEWHERE)
    secret = invitations.make(storage, NewInvitation(ann.email), user="root").invitation
    registration.register(storage, settings, NewPerson(ann.email, OTHER, invitation=secret), OFFICE)
    assert attempt(storage, ann.email, OTHER, OFFICE) == "in"


def test_waits_grow_and_a_success_ends_them(storage: Storage, stopped: Clock) -> None:
    ann = make_account(storage, "ann@grow.example")
    waits = []
    for _ in range(8):
        assert attempt(storage, ann.email, "wrong-password", HOME) == "wrong"
        answer = attempt(storage, "ANN@grow.example", "wrong-password", HOME)
        waits.append(0 if answer == "wrong" else int(answer))
        stopped.move(seconds=waits[-1])
        if len(waits) == 5:
            break
    assert waits[:1] == [0], "two tries cost nothing"
    assert waits[1:] == sorted(waits[1:])
    assert waits[-1] >= 4
    assert attempt(storage, ann.email, GOOD, HOME) == "in"
    assert [attempt(storage, ann.email, "wrong-password", HOME) for _ in range(3)] == ["wrong"] * 3


def test_an_address_that_guesses_at_many_accounts_is_stopped_others_and_known_ones_are_not(
    storage: Storage, stopped: Clock
) -> None:
    there = "192.0.2.150"
    ann, bob = make_account(storage, "ann@spray.example"), make_account(storage, "bob@spray.example")
    assert attempt(storage, bob.email, GOOD, there) == "in"
    with ThreadPoolExecutor(20) as pool:
        outcomes = Counter(pool.map(lambda n: attempt(storage, f"p{n}@spray.example", GOOD, there), range(120)))
    assert throttle.TRIES_OF_AN_ADDRESS <= outcomes["wrong"] < throttle.TRIES_OF_AN_ADDRESS + 20
    assert outcomes["900"] + outcomes["wrong"] == 120
    assert attempt(storage, ann.email, GOOD, there) == "900"
    assert attempt(storage, bob.email, GOOD, there) == "in", "who was there before"
    assert attempt(storage, ann.email, GOOD, there) == "900", "which is no way around it"
    assert attempt(storage, ann.email, GOOD, OFFICE) == "in"
    stopped.move(seconds=900)
    assert attempt(storage, ann.email, GOOD, there) == "in"


def test_a_busy_office_that_signs_in_without_errors_is_never_stopped(storage: Storage, stopped: Clock) -> None:
    people = [make_account(storage, f"p{n}@office.example").email for n in range(8)]
    for n in range(2 * throttle.TRIES_OF_AN_ADDRESS):
        assert attempt(storage, people[n % 8], GOOD, "198.51.100.200") == "in"


def test_an_account_that_is_not_there_is_throttled_like_one_that_is(storage: Storage, stopped: Clock) -> None:
    real = make_account(storage, "ann@same.example").email

    def answers(email: str, address: str) -> list[str]:
        found = []
        for _ in range(14):
            found.append(attempt(storage, email, "wrong-password", address))
            stopped.move(seconds=20)
        return found

    assert answers(real, "192.0.2.1") == answers("nobody@same.example", "192.0.2.2")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", ""),
        ("no address' or 1", "no address' or 1"),
    ],
)
def test_one_customer_of_a_provider_counts_as_one_address(address: str, counted: str) -> None:
    assert throttle.network(address) == counted


def test_an_account_s_folded_address_is_what_counts(storage: Storage, stopped: Clock) -> None:
    assert accounts.account_id(" Ann@Fold.example ") == accounts.account_id("ann@fold.EXAMPLE")


def test_registering_without_end_is_stopped_too(storage: Storage, stopped: Clock, settings: AccessSettings) -> None:
    for n in range(throttle.TRIES_OF_AN_ADDRESS):
        registration.register(storage, settings, NewPerson(f"p{n}@flood.example", GOOD), "192.0.2.77")
    with pytest.raises(TooManyRequests):
        registration.register(storage, settings, NewPerson("one-more@flood.example", GOOD), "192.0.2.77")
    registration.register(storage, settings, NewPerson("one-more@flood.example", GOOD), OFFICE)


def test_a_try_whose_password_nobody_looked_at_is_not_counted(
    storage: Storage, stopped: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = make_account(storage, "busy@example.com").email

    def busy(*_: object) -> bool:
        raise TransientError("Too many people sign in at once.")

    with monkeypatch.context() as crowd:
        crowd.setattr(passwords, "fits", busy)
        for _ in range(throttle.TRIES_OF_AN_ACCOUNT + 5):
            with pytest.raises(TransientError, match="Too many people"):
                sign_in(storage, email, GOOD, HOME)
    assert attempt(storage, email, GOOD, HOME) == "in"


def test_an_admin_who_forgot_the_password_gets_in_by_the_settings_once_an_operator_removed_the_count(
    storage: Storage, stopped: Clock
) -> None:
    old = make_account(storage, "boss@example.com", role="admin")
    storage.table(accounts.TABLE).delete_entity(accounts._PARTITION, accounts._ADMINS)
    settings = AccessSettings(bootstrap_email=old.email, bootstrap_password=OTHER)
    assert registration.ensure_first_admin(storage, settings) is not None
    assert registration.ensure_first_admin(storage, settings) is None, "once: then there is an admin"
    assert attempt(storage, old.email, OTHER, HOME) == "in"
