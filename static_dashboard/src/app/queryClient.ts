import { QueryClient } from "@tanstack/react-query";

import { ApiError, whenSignedOut } from "../api/client";

export const queryClient: QueryClient = new QueryClient({
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

// A session that ended shows on whichever call comes first: then the page asks to sign in again, where one is.
whenSignedOut(() => queryClient.setQueryData(["me"], null));
