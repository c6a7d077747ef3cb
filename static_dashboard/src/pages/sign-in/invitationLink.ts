/**
 * The link by which an invitation reaches a person. Its secret stands behind the `#`, which browsers send to nobody, so
 * that it is in no log of a server; where somebody wrote it as `?invitation=` it is understood as well.
 */

interface Invited {
  invitation: string | null;
  email: string;
}

export function invitationLink(invitation: string, email: string): string {
  return `${window.location.origin}/register#${new URLSearchParams({ invitation, email })}`;
}

export function readInvitation({ hash, search }: Pick<Location, "hash" | "search">): Invited {
  const behind = new URLSearchParams(hash.slice(1));
  const given = behind.has("invitation") ? behind : new URLSearchParams(search);
  return { invitation: given.get("invitation"), email: given.get("email") ?? "" };
}
