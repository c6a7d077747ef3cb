/** Short notices in the corner. */

import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle, tokens, type MessageBarIntent } from "@fluentui/react-components";
import { createContext, use, useCallback, useEffect, useState, type ReactNode } from "react";
import { Link } from "wouter";

interface Notice {
  intent: MessageBarIntent;
  title: string;
  body?: string;
  /** Where its link leads. */
  to?: string;
  linkText?: string;
  /** What its button does, besides dismissing it. */
  action?: { text: string; run: () => void };
  /** How long it stays; Infinity until it is dismissed. */
  timeoutMs?: number;
}

const MOST = 4;

const NotifyContext = createContext<((notice: Notice) => void) | null>(null);

const useStyles = makeStyles({
  corner: {
    position: "fixed",
    right: "16px",
    bottom: "16px",
    left: "16px",
    marginLeft: "auto",
    maxWidth: "420px",
    zIndex: 30,
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    pointerEvents: "none",
  },
  notice: { pointerEvents: "auto", boxShadow: tokens.shadow16 },
});

export function NotifyProvider({ children }: { children: ReactNode }) {
  const styles = useStyles();
  const [shown, setShown] = useState<(Notice & { key: number })[]>([]);
  const notify = useCallback((notice: Notice) => {
    setShown((before) => withinBounds([...before, { ...notice, key: (before.at(-1)?.key ?? 0) + 1 }]));
  }, []);
  return (
    <NotifyContext value={notify}>
      {children}
      <div className={styles.corner} role="region" aria-label="Notices" aria-live="polite" data-no-print>
        {shown.map(({ key, ...notice }) => (
          <OneNotice key={key} notice={notice} dismiss={() => setShown((before) => before.filter((one) => one.key !== key))} />
        ))}
      </div>
    </NotifyContext>
  );
}

/** At most MOST notices: what went wrong stays longest, then what is newest. */
function withinBounds<T extends Notice>(notices: T[]): T[] {
  if (notices.length <= MOST) return notices;
  const goes = notices.slice(0, -1).find((one) => one.intent !== "error") ?? notices[0];
  return notices.filter((one) => one !== goes);
}

function OneNotice({ notice, dismiss }: { notice: Notice; dismiss: () => void }) {
  const styles = useStyles();
  const [held, setHeld] = useState(false);
  const { timeoutMs = 6000 } = notice;
  useEffect(() => {
    if (held || timeoutMs === Infinity) return;
    let timer: number | undefined;
    // Its time begins when somebody looks at the page.
    const begin = () => {
      if (timer === undefined && !document.hidden) timer = window.setTimeout(dismiss, timeoutMs);
    };
    begin();
    document.addEventListener("visibilitychange", begin);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", begin);
    };
    // A notice's own time counts from when it was shown or let go of, whatever else is drawn meanwhile.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [held, timeoutMs]);
  return (
    <MessageBar
      className={styles.notice}
      intent={notice.intent}
      layout="multiline"
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setHeld(false);
      }}
    >
      <MessageBarBody>
        <MessageBarTitle>{notice.title}</MessageBarTitle>
        {notice.body}
      </MessageBarBody>
      <MessageBarActions>
        {notice.to && (
          <Link href={notice.to} onClick={dismiss}>
            {notice.linkText ?? "Open"}
          </Link>
        )}
        {notice.action && (
          <Button
            size="small"
            onClick={() => {
              notice.action?.run();
              dismiss();
            }}
          >
            {notice.action.text}
          </Button>
        )}
        <Button size="small" onClick={dismiss}>
          Dismiss
        </Button>
      </MessageBarActions>
    </MessageBar>
  );
}

export function useNotify(): (notice: Notice) => void {
  const notify = use(NotifyContext);
  if (!notify) throw new Error("useNotify outside of NotifyProvider");
  return notify;
}
