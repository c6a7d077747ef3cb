import { useMutation } from "@tanstack/react-query";

import { answerOf, api } from "../api/client";
import { useNotify } from "./notify";
import { forgetSignIn } from "./session";

/** Ends the session, and whatever the page holds of it: it is loaded anew. */
export function useSignOut(): () => void {
  const notify = useNotify();
  const { mutate } = useMutation({
    mutationFn: () => answerOf(api.POST("/api/logout")),
    onSuccess: () => {
      forgetSignIn();
      window.location.assign("/");
    },
    onError: (error) => notify({ intent: "error", title: "You are still signed in", body: error.message }),
  });
  return mutate;
}
