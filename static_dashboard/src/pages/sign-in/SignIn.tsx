import { Button, Field, Input, MessageBar, MessageBarBody, Text } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import { answerOf, api } from "../../api/client";
import { config } from "../../api/config";
import type { Person } from "../../app/session";
import { PasswordInput } from "../../shared/PasswordInput";
import { Refusal } from "../../shared/refusal";
import { TextLink } from "../../shared/TextLink";
import { useTitle } from "../../shared/title";
import { FormPage } from "./FormPage";

/** Signs in with e-mail address and password, or leads to where the platform in front does. `ended`: whose session has just ended. */
export default function SignIn({ ended }: { ended?: Person | undefined }) {
  useTitle("Sign in");
  const queries = useQueryClient();
  const [email, setEmail] = useState(ended?.email ?? "");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => answerOf(api.POST("/api/login", { body: { email, password } })),
    onSuccess: ({ user }) => queries.setQueryData(["me"], user),
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <FormPage title="Sign in" onSubmit={submit}>
      {ended && !signIn.isError && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>Your session has ended. Sign in, and you go on where you were.</MessageBarBody>
        </MessageBar>
      )}
      <Refusal error={signIn.error} />
      {config.signIn && (
        <>
          <Button as="a" appearance="primary" href={config.signIn}>
            Sign in with your organization
          </Button>
          <Text>Or with an account of this app:</Text>
        </>
      )}
      <Field label="E-mail address" required>
        <Input type="email" autoComplete="username" value={email} onChange={(_, { value }) => setEmail(value)} autoFocus={!ended} />
      </Field>
      <Field label="Password" required>
        <PasswordInput autoComplete="current-password" value={password} change={setPassword} autoFocus={Boolean(ended)} />
      </Field>
      <Button appearance={config.signIn ? "secondary" : "primary"} type="submit" disabledFocusable={signIn.isPending}>
        {signIn.isPending ? "Signing in …" : "Sign in"}
      </Button>
      <Text>
        No account, or the password forgotten?{" "}
        <TextLink to="/register">Ask for an account</TextLink>; an admin can invite you, also to a new password.
      </Text>
    </FormPage>
  );
}
