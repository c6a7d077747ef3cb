import { Button, Field, Input, MessageBar, MessageBarBody, Text } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import { answerOf, api } from "../../api/client";
import { PASSWORD_RULES, PasswordInput } from "../../shared/PasswordInput";
import { refusedAt, Refusal } from "../../shared/refusal";
import { TextLink } from "../../shared/TextLink";
import { useTitle } from "../../shared/title";
import { FormPage } from "./FormPage";
import { readInvitation } from "./invitationLink";

const FIELDS = ["email", "name", "password"];

/** Asks for an account, or uses the invitation that the address of the page holds. */
export default function Register() {
  const [invited] = useState(() => readInvitation(window.location));
  const title = invited.invitation ? "You are invited" : "Ask for an account";
  useTitle(title);
  const [email, setEmail] = useState(invited.email);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { mutate, data, isPending, error } = useMutation({
    mutationFn: () =>
      answerOf(api.POST("/api/register", { body: { email, name, password, invitation: invited.invitation } })),
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  if (data) return <Received message={data.message} invited={Boolean(invited.invitation)} />;
  return (
    <FormPage title={title} onSubmit={submit}>
      <Text>
        {invited.invitation
          ? "Choose a password for the address that was invited. If it has an account already, this becomes its new password."
          : "An admin may have to approve the account before you can sign in."}
      </Text>
      <Refusal error={error} fields={FIELDS} />
      <Field label="E-mail address" required {...refusedAt(error, "email")}>
        <Input
          type="email"
          autoComplete="username"
          value={email}
          onChange={(_, { value }) => setEmail(value)}
          autoFocus={!invited.email}
        />
      </Field>
      <Field label="Name" hint="As others see it; left empty, the part of the address before the @." {...refusedAt(error, "name")}>
        <Input autoComplete="name" value={name} onChange={(_, { value }) => setName(value)} autoFocus={Boolean(invited.email)} />
      </Field>
      <Field label="Password" required hint={PASSWORD_RULES} {...refusedAt(error, "password")}>
        <PasswordInput autoComplete="new-password" value={password} change={setPassword} />
      </Field>
      <Button appearance="primary" type="submit" disabledFocusable={isPending}>
        {isPending ? "Sending …" : invited.invitation ? "Set the password" : "Ask for the account"}
      </Button>
      <TextLink to="/">I have an account: sign in</TextLink>
    </FormPage>
  );
}

function Received({ message, invited }: { message: string; invited: boolean }) {
  return (
    <FormPage title="What happens next">
      <MessageBar intent="success" layout="multiline" role="status">
        <MessageBarBody>{message}</MessageBarBody>
      </MessageBar>
      {!invited && <Text>No mail is sent about it: ask the admin who expects you.</Text>}
      <TextLink to="/">To the sign-in</TextLink>
    </FormPage>
  );
}
