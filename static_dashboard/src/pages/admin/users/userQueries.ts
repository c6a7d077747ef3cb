/** Accounts and invitations, as they are read and changed. */

import { infiniteQueryOptions, queryOptions, useQueryClient } from "@tanstack/react-query";

import { answerOf, api, type Schema } from "../../../api/client";
import { usePerson } from "../../../app/session";

export type Account = Schema["AccountView"];
export type Status = Account["status"];

const PAGE = 50;
/** Somebody who asks for an account is seen within this time. */
const LOOK_MS = 30_000;

export const usersQuery = (status: Status | "") =>
  infiniteQueryOptions({
    queryKey: ["users", status],
    queryFn: ({ pageParam: cursor }) =>
      answerOf(
        api.GET("/api/users", { params: { query: { limit: PAGE, ...(status && { status }), ...(cursor && { cursor }) } } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: LOOK_MS,
  });

export const invitationsQuery = queryOptions({
  queryKey: ["invitations"],
  queryFn: () => answerOf(api.GET("/api/invitations")),
});

/** Changes an account, and reads the lists again. */
export function useAccountChanges() {
  const queries = useQueryClient();
  const me = usePerson();
  const changed = async (id: string) => {
    await queries.invalidateQueries({ queryKey: ["users"] });
    // A change of one's own account ends one's session, too.
    if (id === me.id) await queries.invalidateQueries({ queryKey: ["me"] });
  };
  return {
    change: async ({ id }: Account, role: Account["role"] | null, status: Status | null) => {
      await answerOf(api.PATCH("/api/users/{id}", { params: { path: { id } }, body: { role, status } }));
      await changed(id);
    },
    signOut: async ({ id }: Account) => {
      await answerOf(api.DELETE("/api/users/{id}/sessions", { params: { path: { id } } }));
      await changed(id);
    },
  };
}
