import { Button, Field } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import { answerOf, api } from "../../api/client";
import { useNotify } from "../../app/notify";
import { usePerson } from "../../app/session";
import { useLook } from "../../shared/look";
import { PASSWORD_RULES, PasswordInput } from "../../shared/PasswordInput";
import { refusedAt, Refusal } from "../../shared/refusal";
import { Section } from "../../shared/Section";
import { tokensKey } from "./Tokens";

/** Gives oneself another password. */
export function ChangePassword() {
  const look = useLook();
  const queries = useQueryClient();
  const notify = useNotify();
  const { email } = usePerson();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => answerOf(api.POST("/api/password", { body: { old, new: fresh } })),
    onSuccess: ({ user }) => {
      queries.setQueryData(["me"], user);
      void queries.invalidateQueries({ queryKey: tokensKey });
      setOld("");
      setFresh("");
      notify({ intent: "success", title: "Password changed", body: "You are signed out everywhere else; your tokens are revoked." });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <Section title="Change the password">
      <form className={look.form} onSubmit={submit}>
        <Refusal error={error} fields={["old", "password"]} />
        {/* Tells the browser's keeper of passwords whose it is. */}
        <input type="text" autoComplete="username" value={email} readOnly hidden />
        <Field label="Password so far" required {...refusedAt(error, "old")}>
          <PasswordInput autoComplete="current-password" value={old} change={setOld} />
        </Field>
        <Field label="New password" required hint={PASSWORD_RULES} {...refusedAt(error, "password")}>
          <PasswordInput autoComplete="new-password" value={fresh} change={setFresh} />
        </Field>
        <span className={look.quiet}>You stay signed in here, and are signed out everywhere else; your tokens are revoked.</span>
        <Button className={look.start} appearance="primary" type="submit" disabledFocusable={isPending}>
          {isPending ? "Changing …" : "Change the password"}
        </Button>
      </form>
    </Section>
  );
}
