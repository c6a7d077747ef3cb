import { useMutation } from "@tanstack/react-query";

import { answerOf, api, ApiError } from "../api/client";
import { useNotify } from "./notify";
import { forgetSignIn } from "./session";

/** Ends the session, and whatever the page holds of it: it is loaded anew. */
export function useSignOut(): () => void {
  const notify = useNotify();
  const { mutate } = useMutation({
    mutationFn: endSession,
    onSuccess: () => {
      forgetSignIn();
      // The browser may keep the page as it was, and show it again to whoever goes back.
      window.addEventListener("pageshow", ({ persisted }) => persisted && window.location.reload());
      window.location.assign("/");
    },
    onError: (error) => notify({ intent: "error", title: "You are still signed in", body: error.message }),
  });
  return mutate;
}

async function endSession(): Promise<void> {
  try {
    await answerOf(api.POST("/api/logout"));
  } catch (error) {
    // The session was over already, which is what is wanted.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
}
