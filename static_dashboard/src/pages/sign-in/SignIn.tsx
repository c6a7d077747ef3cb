import { Button, Field, Input, Link, MessageBar, MessageBarBody } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { Link as RouteLink } from "wouter";

import { answerOf, api } from "../../api/client";
import { FormPage } from "./FormPage";

/** Signs in with e-mail address and password. */
export default function SignIn() {
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
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
      {signIn.isError && (
        <MessageBar intent="error" layout="multiline" role="alert">
          <MessageBarBody>{signIn.error.message}</MessageBarBody>
        </MessageBar>
      )}
      <Field label="E-mail address" required>
        <Input type="email" autoComplete="username" value={email} onChange={(_, { value }) => setEmail(value)} autoFocus />
      </Field>
      <Field label="Password" required>
        <Input type="password" autoComplete="current-password" value={password} onChange={(_, { value }) => setPassword(value)} />
      </Field>
      <Button appearance="primary" type="submit" disabled={signIn.isPending}>
        {signIn.isPending ? "Signing in …" : "Sign in"}
      </Button>
      <RouteLink href="/register" asChild>
        <Link>Ask for an account</Link>
      </RouteLink>
    </FormPage>
  );
}
