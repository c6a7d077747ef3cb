"""Who may do what: from a permission to the least role that has it, and from each HTTP function to who may call it.

Both tables are whole: an HTTP function that stands in neither cannot be made (`rca_core.triggers.http.endpoint`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from rca_core.access.principal import ROLES, Role

Permission = Literal[
    "own_account",
    "read",
    "change_tickets",
    "change_owners",
    "change_jira_statuses",
    "handle_dead_letters",
    "manage_users",
    "test_senders",
]

# `anyone` proves nothing; a `sender` shows a function key, which the host checks; `secure_sender` and `signature` prove
# themselves to the function.
Caller = Permission | Literal["anyone", "sender", "secure_sender", "signature"]

LEAST_ROLE: Mapping[Permission, Role] = MappingProxyType(
    {
        "own_account": "viewer",
        "read": "viewer",
        "change_tickets": "operator",
        "change_owners": "admin",
        "change_jira_statuses": "admin",
        "handle_dead_letters": "admin",
        "manage_users": "admin",
        "test_senders": "admin",
    }
)

CALLERS: Mapping[str, Caller] = MappingProxyType(
    {
        "get_health": "anyone",
        "preflight": "anyone",
        "register": "anyone",
        "login": "anyone",
        "azure_monitor": "sender",
        "databricks_monitor": "sender",
        "airflow_monitor": "sender",
        "azure_monitor_secure": "secure_sender",
        "databricks_monitor_basic": "secure_sender",
        "jira_webhook": "signature",
        "slack_interactions": "signature",
        "logout": "own_account",
        "me": "own_account",
        "change_password": "own_account",
        "list_tokens": "own_account",
        "make_token": "own_account",
        "revoke_token": "own_account",
        "list_tickets": "read",
        "list_open_tickets": "read",
        "get_ticket": "read",
        "get_log": "read",
        "list_audit": "read",
        "get_summary": "read",
        "get_analytics": "read",
        "export_tickets": "read",
        "export_audit": "read",
        "get_openapi": "read",
        "negotiate": "read",
        "list_owners": "read",
        "list_unknown_owners": "read",
        "preview_owner": "read",
        "list_jira_statuses": "read",
        "change_ticket": "change_tickets",
        "judge_diagnosis": "change_tickets",
        "add_owner": "change_owners",
        "change_owner": "change_owners",
        "remove_owner": "change_owners",
        "put_jira_status": "change_jira_statuses",
        "remove_jira_status": "change_jira_statuses",
        "list_dead_letters": "handle_dead_letters",
        "replay_dead_letter": "handle_dead_letters",
        "list_users": "manage_users",
        "change_user": "manage_users",
        "end_sessions": "manage_users",
        "invite": "manage_users",
        "list_invitations": "manage_users",
        "withdraw_invitation": "manage_users",
        "try_sender": "test_senders",
    }
)


def may(role: Role, permission: Permission) -> bool:
    """Whether somebody of this role has the permission; a role has all that the lesser ones have."""
    return ROLES.index(role) >= ROLES.index(LEAST_ROLE[permission])


def permissions_of(role: Role) -> list[Permission]:
    """All that somebody of this role may do."""
    return [permission for permission in LEAST_ROLE if may(role, permission)]
