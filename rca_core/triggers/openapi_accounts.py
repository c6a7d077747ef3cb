"""The part of the OpenAPI document about accounts."""

from typing import Any

from rca_core.access.accounts import AccountPage, AccountView
from rca_core.access.invitations import InvitationList, MadeInvitation, NewInvitation
from rca_core.access.registration import NewPerson
from rca_core.access.tokens import MadeToken, NewToken, TokenList, TokenView
from rca_core.triggers.accounts import Credentials, PasswordChange, Person, Received, SignedIn
from rca_core.triggers.openapi_parts import operation, query, schema
from rca_core.triggers.users import STATUSES, AccountChange

ACCOUNT_TYPES: tuple[type, ...] = (
    AccountChange,
    AccountPage,
    AccountView,
    Credentials,
    InvitationList,
    MadeInvitation,
    MadeToken,
    NewInvitation,
    NewPerson,
    NewToken,
    PasswordChange,
    Person,
    Received,
    SignedIn,
    TokenList,
    TokenView,
)


def account_paths(paging: list[dict[str, Any]], by_id: list[dict[str, Any]]) -> dict[str, Any]:
    """The paths about people: signing in, their tokens, and what admins do with accounts."""

    def anyone(summary: str, answer: type, body: type, success: int = 200) -> dict[str, Any]:
        told = operation(summary, answer, body=schema(body), errors=(403, 429), success=success)
        return {**told, "security": []}

    status = query("status", {"type": "string", "enum": list(STATUSES)})
    return {
        "/api/register": {"post": anyone("Ask for an account", Received, NewPerson, 202)},
        "/api/login": {"post": anyone("Sign in; sets the session's cookie", SignedIn, Credentials)},
        "/api/logout": {"post": operation("Sign out", None, success=204)},
        "/api/me": {"get": operation("Who is signed in", Person)},
        "/api/password": {
            "post": operation(
                "Change one's password; ends all sessions, begins a new one",
                SignedIn,
                body=schema(PasswordChange),
                errors=(403, 404, 429),
            )
        },
        "/api/tokens": {
            "get": operation("One's tokens for scripts", TokenList),
            "post": operation(
                "Make a token, shown this once", MadeToken, body=schema(NewToken), errors=(403, 409), success=201
            ),
        },
        "/api/tokens/{id}": {"delete": operation("Revoke a token", TokenView, parameters=by_id, errors=(404,))},
        "/api/users": {"get": operation("Accounts", AccountPage, parameters=[status, *paging])},
        "/api/users/{id}": {
            "patch": operation(
                "Give an account a role, approve it or disable it",
                AccountView,
                parameters=by_id,
                body=schema(AccountChange),
                errors=(404, 409),
            )
        },
        "/api/users/{id}/sessions": {
            "delete": operation("Sign an account out everywhere", None, parameters=by_id, errors=(404,), success=204)
        },
        "/api/invitations": {
            "get": operation("Invitations that nobody used yet", InvitationList),
            "post": operation(
                "Invite somebody, or let them set a new password",
                MadeInvitation,
                body=schema(NewInvitation),
                success=201,
            ),
        },
        "/api/invitations/{id}": {
            "delete": operation("Make an invitation worthless", None, parameters=by_id, errors=(404,), success=204)
        },
    }
