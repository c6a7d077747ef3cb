/** What a page shows when there is nothing to show: it loads, it failed, it is empty. */

import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle, Spinner, Text, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

import { ApiError } from "../api/client";

const useStyles = makeStyles({
  middle: {
    display: "flex",
    flexDirection: "column",
    alignItems: "center",
    gap: tokens.spacingVerticalM,
    padding: "64px 16px",
    textAlign: "center",
    color: tokens.colorNeutralForeground2,
  },
});

export function Loading({ what }: { what: string }) {
  const styles = useStyles();
  // The name by `aria-label` is for the moment before the delayed text is there.
  return (
    <div className={styles.middle}>
      <Spinner aria-label={`Loading ${what}`} label={`Loading ${what} …`} labelPosition="below" delay={300} />
    </div>
  );
}

/** Why something could not be loaded, with the words of the API, and a way to try again. */
export function Failed({ error, retry, what }: { error: Error; retry?: () => void; what: string }) {
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{what} could not be loaded</MessageBarTitle>
        <div>{error.message}</div>
        {error instanceof ApiError && error.requestId && <div>Request {error.requestId}</div>}
      </MessageBarBody>
      {retry && (
        <MessageBarActions>
          <Button onClick={retry}>Try again</Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.middle}>
      <Text size={500} weight="semibold" as="h2">
        {title}
      </Text>
      {children}
    </div>
  );
}
