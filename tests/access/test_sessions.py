"""Sessions: how long they last, and what ends them."""

from datetime import timedelta

import msgspec
import pytest

from rca_core.access import accounts, sessions
from rca_core.access.principal import Principal
from rca_core.foundation.access_settings import AccessSettings
from rca_core.foundation.storage import Storage
from tests.access.conftest import Clock, make_account

pytestmark = pytest.mark.usefixtures("quick")


def test_a_token_stands_for_its_account_with_the_role_it_has_now(
    storage: Storage, stopped: Clock, settings: AccessSettings
) -> None:
    account = make_account(storage, "ann@role.example", role="operator")
    token = sessions.start(storage, account)
    assert sessions.find(storage, token, settings) == Principal(
        kind="session", id=account.id, name="ann@role.example", role="operator"
    )
    accounts.change(storage, account.id, lambda old: msgspec.structs.replace(old, role="viewer"))
    found = sessions.find(storage, token, settings)
    assert found is not None
    assert found.role == "viewer"


def test_the_token_itself_is_stored_nowhere(storage: Storage, stopped: Clock) -> None:
    token = sessions.start(storage, make_account(storage, "ann@hash.example"))
    secret = token.partition(".")[2]
    assert len(secret) >= 43
    rows = [str(dict(row)) for row in storage.table(sessions.TABLE).list_entities()]
    assert rows
    assert not any(secret in row for row in rows)


def test_an_unused_session_is_over_and_a_used_one_is_not(
    storage: Storage, stopped: Clock, settings: AccessSettings
) -> None:
    token = sessions.start(storage, make_account(storage, "ann@idle.example"))
    for _ in range(5):
        stopped.move(minutes=settings.session_idle_minutes - 1)
        assert sessions.find(storage, token, settings)
    stopped.move(minutes=settings.session_idle_minutes)
    assert sessions.find(storage, token, settings) is None
    stopped.move(minutes=-settings.session_idle_minutes)
    assert sessions.find(storage, token, settings) is None, "what was over once stays over"


def test_a_session_is_over_after_its_longest_time_however_much_it_is_used(
    storage: Storage, stopped: Clock, settings: AccessSettings
) -> None:
    token = sessions.start(storage, make_account(storage, "ann@old.example"))
    end = stopped.moment + timedelta(hours=settings.session_max_hours)
    while stopped.moment + timedelta(minutes=30) < end:
        stopped.move(minutes=30)
        assert sessions.find(storage, token, settings)
    stopped.move(minutes=30)
    assert sessions.find(storage, token, settings) is None


def test_use_is_written_down_only_once_in_a_while(storage: Storage, stopped: Clock, settings: AccessSettings) -> None:
    account = make_account(storage, "ann@slide.example")
    token = sessions.start(storage, account)

    def seen() -> str:
        [row] = storage.table(sessions.TABLE).query_entities(f"PartitionKey eq '{account.id}'")
        return str(row["seen"])

    first = seen()
    stopped.move(seconds=200)
    assert sessions.find(storage, token, settings)
    assert seen() == first
    stopped.move(seconds=200)
    assert sessions.find(storage, token, settings)
    assert seen() > first


def test_a_short_idle_time_is_kept_too(storage: Storage, stopped: Clock) -> None:
    short = AccessSettings(session_idle_minutes=1)
    token = sessions.start(storage, make_account(storage, "ann@short.example"))
    for _ in range(4):
        stopped.move(seconds=45)
        assert sessions.find(storage, token, short)
    stopped.move(seconds=60)
    assert sessions.find(storage, token, short) is None


def test_signing_out_ends_this_session_and_no_other(storage: Storage, stopped: Clock, settings: AccessSettings) -> None:
    account = make_account(storage, "ann@logout.example")
    here, there = sessions.start(storage, account), sessions.start(storage, account)
    sessions.end(storage, here)
    sessions.end(storage, here)
    assert sessions.find(storage, here, settings) is None
    assert sessions.find(storage, there, settings)


@pytest.mark.parametrize("status", ["disabled", "waiting"])
def test_who_may_not_come_in_has_no_session(
    storage: Storage, stopped: Clock, settings: AccessSettings, status: accounts.Status
) -> None:
    account = make_account(storage, f"ann@{status}.example")
    token = sessions.start(storage, account)
    accounts.change(storage, account.id, lambda old: msgspec.structs.replace(old, status=status))
    assert sessions.find(storage, token, settings) is None


def test_ending_all_sessions_ends_those_there_are_and_none_that_begin_later(
    storage: Storage, stopped: Clock, settings: AccessSettings
) -> None:
    account = make_account(storage, "ann@all.example")
    before = [sessions.start(storage, account) for _ in range(3)]
    account = accounts.end_sessions(storage, account.id, user="root")
    after = sessions.start(storage, account)
    assert [sessions.find(storage, token, settings) for token in before] == [None] * 3
    assert sessions.find(storage, after, settings)


def test_one_session_more_than_the_most_ends_the_one_unused_for_longest(
    storage: Storage, stopped: Clock, settings: AccessSettings
) -> None:
    account = make_account(storage, "ann@many.example")
    tokens = []
    for _ in range(21):
        stopped.move(seconds=1)
        tokens.append(sessions.start(storage, account))
    assert [bool(sessions.find(storage, token, settings)) for token in tokens] == [False] + [True] * 20


@pytest.mark.parametrize(
    "token",
    ["", ".", "x", "x.y", "' or 1 eq 1.x", "a/b.c", "é.x", "a" * 500, "a." + "b" * 500, "\0.\0", "../../x.y"],
)
def test_what_is_no_token_stands_for_nobody(storage: Storage, settings: AccessSettings, token: str) -> None:
    assert sessions.find(storage, token, settings) is None
    sessions.end(storage, token)


def test_a_secret_opens_no_session_of_another_account(
    storage: Storage, stopped: Clock, settings: AccessSettings
) -> None:
    ann, bob = make_account(storage, "ann@two.example"), make_account(storage, "bob@two.example", role="admin")
    secret = sessions.start(storage, ann).partition(".")[2]
    assert sessions.find(storage, f"{bob.id}.{secret}", settings) is None


def test_the_cookie_is_kept_from_scripts_and_on_https_bound_to_its_host(settings: AccessSettings) -> None:
    assert sessions.cookie("t", settings, secure=True) == (
        "__Host-session=t; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"
    )
    assert sessions.cookie("t", settings, secure=False).startswith("session=t; Path=/;")
    assert "Max-Age=0" in sessions.cookie("", settings, secure=True)
