/** Who is signed in, and what they may do. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, use } from "react";

import { answerOf, api, ApiError, type Schema } from "../api/client";

export type Person = Schema["Person"];
export type Permission = Person["permissions"][number];

const WAS_IN = "signed-in";

/** Whether somebody was signed in here when the page was last asked; the session itself no script can see. */
export const wasSignedIn = (): boolean => localStorage.getItem(WAS_IN) !== null;

export const forgetSignIn = (): void => localStorage.removeItem(WAS_IN);

/** While live and quiet the page asks for nothing else: this keeps the session of who looks at it, and shows its end. */
const STILL_IN_MS = 3 * 60_000;

/** The signed-in person, or null. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async (): Promise<Person | null> => {
    try {
      const person = await answerOf(api.GET("/api/me"));
      localStorage.setItem(WAS_IN, person.id);
      return person;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
      forgetSignIn();
      return null;
    }
  },
  staleTime: 60_000,
  refetchInterval: ({ state }) => (state.data ? STILL_IN_MS : false),
});

export const useMe = () => useQuery(meQuery);

export const SignedIn = createContext<Person | null>(null);

/** The person of a page that is shown to signed-in people alone. */
export function usePerson(): Person {
  const person = use(SignedIn);
  if (!person) throw new Error("usePerson outside of a signed-in page");
  return person;
}

/** Whether the signed-in person may do this: what they may not is not offered. */
export function useMay(permission: Permission): boolean {
  return usePerson().permissions.includes(permission);
}
