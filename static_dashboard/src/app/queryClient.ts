import { QueryCache, QueryClient, MutationCache } from "@tanstack/react-query";

import { ApiError } from "../api/client";

/** A session that ended shows on whichever call comes first: then the page asks to sign in again, where one is. */
function notice(error: Error): void {
  if (error instanceof ApiError && error.status === 401) {
    queryClient.setQueryData(["me"], null);
  }
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: notice }),
  mutationCache: new MutationCache({ onError: notice }),
  defaultOptions: {
    // Offline, a call fails and says so. Held back, a change would be made hours later, when nobody expects it.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 5_000,
      retry: (failures, error) => error instanceof ApiError && error.passes && failures < 3,
      retryDelay: (failures, error) =>
        error instanceof ApiError && error.retryAfterSeconds
          ? error.retryAfterSeconds * 1000
          : Math.min(1000 * 2 ** failures, 15_000),
    },
  },
});
