/** Where a refusal is shown: at the field that the API names, else above the form. */

import { MessageBar, MessageBarBody } from "@fluentui/react-components";

import { ApiError } from "../api/client";

/** Props of the Fluent `Field` that the API calls `field`. */
export function refusedAt(error: Error | null, field: string): { validationMessage?: string } {
  return error instanceof ApiError && error.field === field ? { validationMessage: error.message } : {};
}

/** What went wrong and stands at none of the form's `fields`. */
export function Refusal({ error, fields = [] }: { error: Error | null; fields?: readonly string[] }) {
  if (!error || (error instanceof ApiError && error.field && fields.includes(error.field))) return null;
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>{error.message}</MessageBarBody>
    </MessageBar>
  );
}
