/** Roles and permissions in words. */

import type { Permission, Person } from "../app/session";

export type Role = Person["role"];

/** From the least to the most; each may do what those before it may. */
export const ROLES: readonly Role[] = ["viewer", "operator", "admin"];

export const ROLE_TEXTS: Record<Role, string> = {
  viewer: "reads everything but what is about accounts",
  operator: "also works on tickets: acknowledges, reopens, adds notes, judges diagnoses",
  admin: "also looks after accounts, owners, dead letters, senders and Jira's statuses",
};

export const PERMISSION_TEXTS: Record<Permission, string> = {
  own_account: "Change the own password, make tokens for scripts",
  read: "Read tickets, logs, figures and the audit trail",
  change_tickets: "Work on tickets and judge diagnoses",
  change_owners: "Say who owns which pipeline",
  change_jira_statuses: "Say what Jira's statuses mean",
  handle_dead_letters: "See and replay what could not be delivered",
  manage_users: "Approve, invite and disable accounts, and give roles",
  test_senders: "Test what senders post",
};
