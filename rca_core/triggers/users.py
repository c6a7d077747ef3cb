"""Accounts of others over HTTP, for admins: who they are, what they may do, and whom to invite."""

from typing import get_args

import azure.functions as func
import msgspec

from rca_core import services
from rca_core.access import accounts, invitations, tokens
from rca_core.access.accounts import Account, Status
from rca_core.access.invitations import NewInvitation
from rca_core.access.principal import Role
from rca_core.foundation import clock
from rca_core.foundation.errors import MalformedRequest
from rca_core.triggers.guard import caller, note
from rca_core.triggers.http import choice, endpoint, integer, json_body, json_response, word

blueprint = func.Blueprint()

STATUSES: tuple[Status, ...] = get_args(Status)

_USUAL_PAGE, _LARGEST_PAGE = 50, 200


class AccountChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PATCH /api/users/{id}: at least one of the two."""

    role: Role | None = None
    status: Status | None = None


@blueprint.route("api/users", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_users(req: func.HttpRequest) -> func.HttpResponse:
    """A page of accounts, of one status if it is asked for."""
    limit = integer(req, "limit", default=_USUAL_PAGE, most=_LARGEST_PAGE)
    after = word(req, "cursor")
    if after and not (after.isascii() and after.isalnum()):
        raise MalformedRequest("This is no cursor that we gave out.", field="cursor")
    status = choice(req, "status", STATUSES)
    return json_response(accounts.listed(services.storage(), limit=limit, after=after, status=status))


@blueprint.route("api/users/{id}", methods=["PATCH"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def change_user(req: func.HttpRequest) -> func.HttpResponse:
    """Gives an account another role, approves it (`active`) or disables it; its sessions end."""
    wanted, admin = json_body(req, AccountChange), caller().name
    if wanted.role is None and wanted.status is None:
        raise MalformedRequest("Give a role, a status, or both.", field="role")
    before: list[Account] = []

    def changed(old: Account) -> Account:
        before[:] = [old]
        role, status = wanted.role or old.role, wanted.status or old.status
        if (role, status) == (old.role, old.status):
            return old
        stamp, generation = clock.to_iso(clock.now()), old.generation + 1
        return msgspec.structs.replace(
            old, role=role, status=status, generation=generation, changed=stamp, changed_by=admin
        )

    storage = services.storage()
    account = accounts.change(storage, req.route_params["id"], changed)
    if account.status == "disabled":
        tokens.revoke_all(storage, account.id)
    if account != before[0]:
        note(req, "Account Changed", admin, account.email, old=_rights(before[0]), new=_rights(account))
    return json_response(accounts.view(account))


@blueprint.route("api/users/{id}/sessions", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def end_sessions(req: func.HttpRequest) -> func.HttpResponse:
    """Signs an account out everywhere: its sessions end and its tokens are revoked."""
    storage = services.storage()
    account = accounts.end_sessions(storage, req.route_params["id"], user=caller().name)
    count = tokens.revoke_all(storage, account.id)
    note(req, "Sessions Ended", caller().name, f"{account.email}; {count} tokens revoked")
    return func.HttpResponse(status_code=204, headers={"Cache-Control": "no-store"})


@blueprint.route("api/invitations", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def invite(req: func.HttpRequest) -> func.HttpResponse:
    """Invites the owner of an address: the answer has the invitation, to be sent to them; it is shown this once."""
    made = invitations.make(services.storage(), json_body(req, NewInvitation), user=caller().name)
    note(req, "Invitation Made", caller().name, f"{made.details.email}, {made.details.role}")
    return json_response(made, status=201)


@blueprint.route("api/invitations", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def list_invitations(req: func.HttpRequest) -> func.HttpResponse:
    """The invitations that nobody used yet."""
    return json_response(invitations.listed(services.storage()))


@blueprint.route("api/invitations/{id}", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint
def withdraw_invitation(req: func.HttpRequest) -> func.HttpResponse:
    """Makes an invitation worthless."""
    withdrawn = invitations.withdraw(services.storage(), req.route_params["id"])
    note(req, "Invitation Withdrawn", caller().name, withdrawn.email)
    return func.HttpResponse(status_code=204, headers={"Cache-Control": "no-store"})


def _rights(account: Account) -> str:
    return f"{account.role}, {account.status}"
