"""Accounts: one for each address, how they come to be, and that there is always somebody who can let others in."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from rca_core.access import accounts, invitations, sessions
from rca_core.access.accounts import Account, Status
from rca_core.access.invitations import NewInvitation
from rca_core.access.registration import NewPerson, ensure_first_admin, register
from rca_core.access.signing_in import change_password, sign_in
from rca_core.foundation.access_settings import AccessSettings
from rca_core.foundation.errors import (
    Conflict,
    Forbidden,
    MalformedRequest,
    NotFound,
    RcaError,
    SettingsError,
    Unauthorized,
)
from rca_core.foundation.storage import Storage
from tests.access.conftest import GOOD, HOME, OFFICE, OTHER, Clock, make_account

pytestmark = pytest.mark.usefixtures("quick")

INVITED = AccessSettings(registration="invitation")


@pytest.fixture
def empty(storage: Storage) -> Storage:
    """A storage account without any user."""
    for row in storage.table(accounts.TABLE).list_entities():
        storage.table(accounts.TABLE).delete_entity(row)
    return storage


def demoted(old: Account) -> Account:
    return msgspec.structs.replace(old, role="viewer")


def test_one_mailbox_has_one_account_however_it_is_typed(storage: Storage) -> None:
    ann = make_account(storage, "Ann@one.example")
    again = accounts.new_account(" ann@ONE.example ", "", "other", role="admin", status="active")
    assert not accounts.create(storage, again)
    assert accounts.get(storage, ann.id) == ann


NO_ADDRESSES = [
    *("ann", "@example.com", "ann@", "ann@host", "a@b@c.de", "ann smith@example.com", "ann,bob@example.com"),
    *('"x"@example.com', "ann@.example.com", "ann@example.com.", "<b>@example.com", "ann@exam\0ple.com"),
    *("ann@exam\nple.com", "", "a" * 250 + "@x.de"),
]


@pytest.mark.parametrize("email", NO_ADDRESSES)
def test_what_is_no_address_gets_no_account(email: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        accounts.checked_email(email)
    assert refused.value.field == "email"


def test_the_last_active_admin_stays(empty: Storage) -> None:
    ann = make_account(empty, "ann@last.example", role="admin")
    bob = make_account(empty, "bob@last.example", role="admin")
    accounts.change(empty, ann.id, demoted)
    for change in (demoted, lambda old: msgspec.structs.replace(old, status="disabled")):
        with pytest.raises(Conflict, match="last active admin"):
            accounts.change(empty, bob.id, change)
    assert accounts.get(empty, bob.id) == bob


def test_admins_who_demote_each_other_at_once_leave_one(empty: Storage) -> None:
    admins = [make_account(empty, f"a{n}@race.example", role="admin") for n in range(4)]

    def demote(admin: Account) -> bool:
        try:
            accounts.change(empty, admin.id, demoted)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(demote, admins)) == [False, True, True, True]
    assert [accounts.get(empty, one.id).role for one in admins].count("admin") == 1


def test_a_list_shows_every_account_once_and_no_secret(empty: Storage) -> None:
    made = {make_account(empty, f"p{n}@list.example", role="admin" if n == 1 else "viewer").id for n in range(7)}
    found, after = [], ""
    while True:
        page = accounts.listed(empty, limit=3, after=after)
        found += page.items
        if page.next_cursor is None:
            break
        after = page.next_cursor
    assert len(found) == 7
    assert {one.id for one in found} == made
    assert b"$2b$" not in msgspec.json.encode(found)


def test_those_who_wait_for_approval_are_listed_by_themselves(empty: Storage) -> None:
    statuses: tuple[Status, ...] = ("active", "waiting", "disabled")
    for n in range(9):
        make_account(empty, f"p{n}@wait.example", status=statuses[n % 3])
    page = accounts.listed(empty, limit=2, status="waiting")
    assert page.next_cursor
    rest = accounts.listed(empty, limit=2, after=page.next_cursor, status="waiting")
    assert {one.email for one in page.items + rest.items} == {f"p{n}@wait.example" for n in (1, 4, 7)}
    assert rest.next_cursor is None


@pytest.mark.parametrize("id", ["", "x' or PartitionKey ne '", "../x", "ü", "x" * 70, "a|b"])
def test_what_is_no_id_names_nobody(storage: Storage, id: str) -> None:
    assert accounts.find(storage, id) is None


def test_the_first_admin_comes_from_the_settings_once(empty: Storage) -> None:
    settings = AccessSettings(bootstrap_email="Root@First.example", bootstrap_password=GOOD)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ensure_first_admin(empty, settings), range(4)))
    assert accounts.has_admin(empty)
    done = sign_in(empty, "root@first.example", GOOD, HOME)
    assert done.account
    assert done.account.role == "admin"
    assert ensure_first_admin(empty, msgspec.structs.replace(settings, bootstrap_password=OTHER)) is None
    assert sign_in(empty, "root@first.example", OTHER, HOME).account is None, "later settings change nothing"


def test_who_asked_for_the_first_admin_s_address_before_does_not_keep_it(
    empty: Storage, settings: AccessSettings
) -> None:
    register(empty, settings, NewPerson("root@squat.example", OTHER), OFFICE)
    bootstrap = AccessSettings(bootstrap_email="root@squat.example", bootstrap_password=GOOD)
    assert ensure_first_admin(empty, bootstrap)
    assert sign_in(empty, "root@squat.example", OTHER, OFFICE).account is None
    done = sign_in(empty, "root@squat.example", GOOD, HOME)
    assert done.account
    assert done.account.role == "admin"


def test_a_weak_password_in_the_settings_is_refused_without_showing_it(empty: Storage) -> None:
    weak = "Password" + "2026!"
    with pytest.raises(SettingsError, match="BOOTSTRAP_ADMIN_PASSWORD") as refused:
        ensure_first_admin(empty, AccessSettings(bootstrap_email="root@weak.example", bootstrap_password=weak))
    assert weak not in refused.value.detail


def test_who_registers_is_a_viewer_that_waits_for_an_admin(storage: Storage, settings: AccessSettings) -> None:
    done = register(storage, settings, NewPerson("new@wait.example", GOOD, "New Person"), HOME)
    assert (done.outcome, done.account.role, done.account.status) == ("made", "viewer", "waiting")
    tried = sign_in(storage, "new@wait.example", GOOD, HOME)
    assert tried.account is None
    assert isinstance(tried.refusal, Unauthorized), "as for a wrong password"
    accounts.change(storage, done.account.id, lambda old: msgspec.structs.replace(old, status="active"))
    assert sign_in(storage, "new@wait.example", GOOD, HOME).account


def test_without_approval_they_come_in_at_once(storage: Storage) -> None:
    register(storage, AccessSettings(needs_approval=False), NewPerson("new@open.example", GOOD), HOME)
    assert sign_in(storage, "new@open.example", GOOD, HOME).account


def test_registering_an_address_that_has_an_account_changes_nothing(storage: Storage, settings: AccessSettings) -> None:
    ann = make_account(storage, "ann@known.example", role="operator")
    done = register(storage, settings, NewPerson("ann@known.example", OTHER, "Mallory"), OFFICE)
    assert done.outcome == "known"
    assert accounts.get(storage, ann.id) == ann


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(storage: Storage, stopped: Clock) -> None:
    make_account(storage, "ann@alike.example")
    make_account(storage, "off@alike.example", status="disabled")
    tries = [sign_in(storage, f"{name}@alike.example", OTHER, HOME).refusal for name in ("ann", "off", "nobody")]
    assert len({(type(one), one and one.detail) for one in tries}) == 1


def test_closed_means_closed(storage: Storage) -> None:
    with pytest.raises(Forbidden, match="closed"):
        register(storage, AccessSettings(registration="closed"), NewPerson("new@closed.example", GOOD), HOME)


def test_an_invitation_lets_its_addressee_in_once_with_its_role(storage: Storage, stopped: Clock) -> None:
    made = invitations.make(storage, NewInvitation("New@Invited.example", "operator"), user="root")
    assert made.invitation not in str(list(storage.table(invitations.TABLE).list_entities()))
    person = NewPerson("new@invited.example", GOOD, invitation=made.invitation)
    done = register(storage, INVITED, person, HOME)
    assert (done.outcome, done.account.role, done.account.status) == ("made", "operator", "active")
    assert sign_in(storage, person.email, GOOD, HOME).account
    with pytest.raises(Forbidden, match="serves once"):
        register(storage, INVITED, person, HOME)


@pytest.mark.parametrize("trouble", ["none given", "wrong", "another address", "expired", "withdrawn", "replaced"])
def test_without_a_valid_invitation_nobody_registers(storage: Storage, stopped: Clock, trouble: str) -> None:
    email = f"{trouble.replace(' ', '-')}@invalid.example"
    made = invitations.make(storage, NewInvitation(email, days=2), user="root")
    secret: str | None = made.invitation
    if trouble == "none given":
        secret = None
    elif trouble == "wrong":
        secret = "x" * 43
    elif trouble == "another address":
        email = f"x{email}"
    elif trouble == "expired":
        stopped.move(days=2)
    elif trouble == "withdrawn":
        invitations.withdraw(storage, made.details.id)
    else:
        invitations.make(storage, NewInvitation(email), user="root")
    with pytest.raises(Forbidden, match="invitation"):
        register(storage, INVITED, NewPerson(email, GOOD, invitation=secret), HOME)
    assert accounts.find(storage, accounts.account_id(email)) is None


def test_who_forgot_the_password_sets_a_new_one_with_an_invitation_and_keeps_the_role(
    storage: Storage, stopped: Clock, settings: AccessSettings
) -> None:
    ann = make_account(storage, "ann@forgot.example", role="operator")
    session = sessions.start(storage, ann)
    made = invitations.make(storage, NewInvitation(ann.email, "viewer"), user="root")
    assert (
        register(storage, INVITED, NewPerson(ann.email, OTHER, invitation=made.invitation), HOME).outcome == "renewed"
    )
    assert sessions.find(storage, session, settings) is None
    assert sign_in(storage, ann.email, GOOD, HOME).account is None
    done = sign_in(storage, ann.email, OTHER, HOME)
    assert done.account
    assert done.account.role == "operator"


def test_an_invitation_lets_no_disabled_account_in(storage: Storage, stopped: Clock) -> None:
    off = make_account(storage, "off@disabled.example", status="disabled")
    made = invitations.make(storage, NewInvitation(off.email, "admin"), user="root")
    register(storage, INVITED, NewPerson(off.email, OTHER, invitation=made.invitation), HOME)
    assert sign_in(storage, off.email, OTHER, HOME).account is None


def test_a_changed_password_ends_every_session(storage: Storage, stopped: Clock, settings: AccessSettings) -> None:
    ann = make_account(storage, "ann@change.example")
    old = [sessions.start(storage, ann) for _ in range(2)]
    changed = change_password(storage, ann.id, GOOD, OTHER, HOME)
    assert [sessions.find(storage, token, settings) for token in old] == [None, None]
    assert sessions.find(storage, sessions.start(storage, changed), settings)
    assert sign_in(storage, ann.email, OTHER, HOME).account
    assert sign_in(storage, ann.email, GOOD, HOME).account is None


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [(OTHER, OTHER, Forbidden), (GOOD, "short", MalformedRequest), (GOOD, "", MalformedRequest)],
)
def test_a_password_is_changed_only_by_who_knows_it_to_a_good_one(
    storage: Storage, stopped: Clock, old: str, new: str, error: type[RcaError]
) -> None:
    email = "ann@keep.example"
    ann = accounts.find(storage, accounts.account_id(email)) or make_account(storage, email)
    with pytest.raises(error):
        change_password(storage, ann.id, old, new, HOME)
    assert accounts.get(storage, ann.id).password_hash == ann.password_hash


def test_who_is_signed_in_by_the_platform_has_no_password_here(storage: Storage) -> None:
    with pytest.raises(NotFound, match="signed in by the platform"):
        change_password(storage, "entra:1234", GOOD, OTHER, HOME)
