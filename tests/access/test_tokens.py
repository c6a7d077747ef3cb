"""Personal tokens for scripts."""

import msgspec
import pytest

from rca_core.access import accounts, tokens
from rca_core.access.principal import Principal
from rca_core.access.tokens import NewToken
from rca_core.foundation.errors import Conflict, Forbidden, MalformedRequest, NotFound
from rca_core.foundation.storage import Storage
from tests.access.conftest import Clock, make_account

pytestmark = pytest.mark.usefixtures("quick")


def test_a_token_stands_for_its_owner_and_is_listed_by_how_it_begins(storage: Storage, stopped: Clock) -> None:
    ann = make_account(storage, "ann@find.example", role="operator")
    made = tokens.make(storage, ann, NewToken("nightly report", 30, "operator"))
    assert made.token.startswith("rca_")
    expected = Principal(kind="token", id=ann.id, name=ann.email, role="operator")
    assert tokens.find(storage, made.token) == expected
    [listed] = tokens.listed(storage, ann.id).items
    assert (listed.name, listed.expires) == ("nightly report", "2026-12-20T12:00:00.000Z")
    assert made.token.startswith(listed.prefix)
    assert listed.last_used == "2026-11-20T12:00:00.000Z"


def test_the_token_itself_is_stored_nowhere(storage: Storage, stopped: Clock) -> None:
    made = tokens.make(storage, make_account(storage, "ann@hash.example"), NewToken("x"))
    secret = made.token.split("_", 3)[3]
    assert not any(secret in str(dict(row)) for row in storage.table(tokens.TABLE).list_entities())


def test_a_token_is_over_when_it_expires(storage: Storage, stopped: Clock) -> None:
    made = tokens.make(storage, make_account(storage, "ann@expire.example"), NewToken("x", days=2))
    stopped.move(days=2, seconds=-1)
    assert tokens.find(storage, made.token)
    stopped.move(seconds=1)
    assert tokens.find(storage, made.token) is None


def test_a_token_is_over_when_its_owner_revokes_it_and_nobody_else_can(storage: Storage, stopped: Clock) -> None:
    ann, bob = make_account(storage, "ann@revoke.example"), make_account(storage, "bob@revoke.example")
    made = tokens.make(storage, ann, NewToken("x"))
    with pytest.raises(NotFound):
        tokens.revoke(storage, bob.id, made.details.id)
    assert tokens.find(storage, made.token)
    assert tokens.revoke(storage, ann.id, made.details.id).revoked
    assert tokens.find(storage, made.token) is None


def test_a_token_may_never_do_more_than_its_owner(storage: Storage, stopped: Clock) -> None:
    ann = make_account(storage, "ann@role.example", role="operator")
    with pytest.raises(Forbidden, match="a token of yours cannot be admin"):
        tokens.make(storage, ann, NewToken("x", role="admin"))
    made = tokens.make(storage, ann, NewToken("x", role="operator"))
    accounts.change(storage, ann.id, lambda old: msgspec.structs.replace(old, role="viewer"))
    found = tokens.find(storage, made.token)
    assert found is not None
    assert found.role == "viewer"
    accounts.change(storage, ann.id, lambda old: msgspec.structs.replace(old, role="admin"))
    found = tokens.find(storage, made.token)
    assert found is not None
    assert found.role == "operator", "nor more than it was made for"


def test_a_disabled_owner_has_no_token(storage: Storage, stopped: Clock) -> None:
    ann = make_account(storage, "ann@disabled.example")
    made = tokens.make(storage, ann, NewToken("x"))
    accounts.change(storage, ann.id, lambda old: msgspec.structs.replace(old, status="disabled"))
    assert tokens.find(storage, made.token) is None


def test_all_tokens_of_an_account_are_revoked_together(storage: Storage, stopped: Clock) -> None:
    ann = make_account(storage, "ann@all.example")
    made = [tokens.make(storage, ann, NewToken(f"t{n}")) for n in range(3)]
    assert tokens.revoke_all(storage, ann.id) == 3
    assert [tokens.find(storage, one.token) for one in made] == [None] * 3


def test_there_is_an_end_to_the_tokens_of_an_account_which_revoked_ones_do_not_count_to(
    storage: Storage, stopped: Clock
) -> None:
    ann = make_account(storage, "ann@many.example")
    made = [tokens.make(storage, ann, NewToken(f"t{n}")) for n in range(50)]
    with pytest.raises(Conflict):
        tokens.make(storage, ann, NewToken("one more"))
    tokens.revoke(storage, ann.id, made[0].details.id)
    tokens.make(storage, ann, NewToken("one more"))


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (NewToken(""), "name"),
        (NewToken("x" * 101), "name"),
        (NewToken("a\nb"), "name"),
        (NewToken("x", 0), "days"),
        (NewToken("x", 400), "days"),
    ],
)
def test_what_is_asked_for_is_checked(storage: Storage, wanted: NewToken, field: str) -> None:
    ann = accounts.new_account("ann@check.example", "", "-", role="viewer", status="active")
    with pytest.raises(MalformedRequest) as refused:
        tokens.make(storage, ann, wanted)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "token",
    ["", "rca_", "rca_a_b", "rca_a_b_c", "rca_' or 1 eq 1_b_c", "rca_a/b_c_d", "Rca_x", "é", "rca_" + "a" * 999],
)
def test_what_is_no_token_stands_for_nobody(storage: Storage, token: str) -> None:
    assert tokens.find(storage, token) is None


def test_a_token_with_one_character_changed_stands_for_nobody(storage: Storage, stopped: Clock) -> None:
    made = tokens.make(storage, make_account(storage, "ann@tamper.example"), NewToken("x"))
    assert tokens.find(storage, made.token[:-1] + ("a" if made.token[-1] != "a" else "b")) is None
