"""Which passwords are good enough, and how they are kept."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rca_core.access import passwords
from rca_core.foundation.errors import MalformedRequest
from tests.access.conftest import GOOD

MAIL = "ann.lindqvist@example.com"


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correct staple battery",
        "únïcode słowa żółw",
        "alllowercase and spaces",
        "9274610583 6620",
        "ann likes marmalade on toast",
        "x" * 5 + "QUARTZ-jolly-7" + "é" * 20,
    ],
)
def test_a_long_password_nobody_guesses_is_good_whatever_it_is_made_of(password: str) -> None:
    passwords.check(password, MAIL, "Ann Lindqvist")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short-one-1", "at least 12 characters"),
        ("", "at least 12 characters"),
        ("é" * 37, "at most 72 bytes"),
        ("abcdefgh!xyz" * 1_000_000, "at most 72 bytes"),
        ("harbour\nlantern-71", "line breaks"),
        ("harbour\0lantern-71", "control characters"),
        ("aaaaaaaaaaaaaaa", "repeats itself"),
        ("abcabcabcabcabc", "repeats itself"),
        ("lantern lantern ", "repeats itself"),
        ("abcdefghijklmnop", "follows the alphabet"),
        ("12345678901234", "follows the alphabet"),
        ("qwertyuiopasdfgh", "follows the alphabet"),
        ("9876543210fedcba", "follows the alphabet"),
        ("administrator", "guessed first"),
        ("AdministratoR", "guessed first"),
        ("Password2026!", "guessed first"),
        ("P@ssw0rd-2026-11", "guessed first"),
        ("!!Welcome!!2026", "guessed first"),
        ("databricks2026", "guessed first"),
        ("1qaz2wsx3edc", "guessed first"),
        ("ann.lindqvist", "your own name"),
        ("Lindqvist2026!", "your own name"),
        ("ann.lindqvist@example.com", "your own name"),
        ("example.com123", "your own name"),
    ],
)
def test_a_password_that_is_guessed_soon_is_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(MalformedRequest, match=why) as refused:
        passwords.check(password, MAIL, "Ann Lindqvist")
    assert refused.value.field == "password"
    assert not password or password not in refused.value.detail


def test_seventy_two_bytes_are_kept_whole_and_one_more_is_refused(quick: None) -> None:
    longest = "quiet-harbour-lantern-" + "é" * 25
    assert len(longest.encode()) == passwords.MOST_BYTES
    passwords.check(longest, MAIL)
    stored = passwords.hashed(longest)
    assert passwords.fits(longest, stored)
    assert not passwords.fits(longest[:-1] + "è", stored)
    assert not passwords.fits(longest + "x", stored)
    with pytest.raises(MalformedRequest):
        passwords.check(longest + "x", MAIL)


def test_what_is_stored_is_salted_bcrypt_of_cost_12_or_more() -> None:
    first, second = passwords.hashed(GOOD), passwords.hashed(GOOD)
    assert passwords.COST >= 12
    assert first.startswith(f"$2b${passwords.COST}$")
    assert first != second
    assert passwords.fits(GOOD, first)
    assert passwords.fits(GOOD, second)


def test_the_same_characters_fit_however_the_keyboard_makes_them(quick: None) -> None:
    composed, decomposed = "caf\u00e9 au harbour lait", "cafe\u0301 au harbour lait"
    assert passwords.fits(decomposed, passwords.hashed(composed))


@pytest.mark.parametrize("password", ["", GOOD.upper(), GOOD + " ", "x" * 100_000, "\ud800 lone", "a\0b"])
def test_any_other_password_does_not_fit(quick: None, password: str) -> None:
    assert not passwords.fits(password, passwords.hashed(GOOD))
    assert not passwords.fits(password, None)


def test_an_account_that_is_not_there_takes_as_long_as_one_that_is() -> None:
    stored = passwords.hashed(GOOD)
    passwords.fits("warms up", None)

    def seconds(known: str | None) -> float:
        begun = time.thread_time()
        assert not passwords.fits("wrong-password", known)
        return time.thread_time() - begun

    there, not_there = min(seconds(stored) for _ in range(3)), min(seconds(None) for _ in range(3))
    assert not_there == pytest.approx(there, rel=0.25)


def test_many_who_sign_in_at_once_are_all_answered(quick: None) -> None:
    stored = passwords.hashed(GOOD)
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: passwords.fits(GOOD, stored), range(64)))
