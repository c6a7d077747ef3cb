import { Badge, Button, makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import { PersonRegular } from "@fluentui/react-icons";
import { lazy, Suspense, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";

import { Boundary } from "./Boundary";
import { useCriticalWatch } from "./criticalWatch";
import { useLiveState } from "./live";
import { OfflineBar } from "./OfflineBar";
import { useMay, usePerson } from "./session";

const AccountMenu = lazy(() => import("./AccountMenu"));

const useStyles = makeStyles({
  frame: { minHeight: "100vh", display: "flex", flexDirection: "column", backgroundColor: tokens.colorNeutralBackground2 },
  bar: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    padding: "0 16px",
    minHeight: "48px",
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    position: "sticky",
    top: 0,
    zIndex: 10,
    "@media (max-width: 640px)": { flexWrap: "wrap", padding: "0 8px", rowGap: 0, columnGap: "8px" },
  },
  brand: { whiteSpace: "nowrap", color: tokens.colorNeutralForeground1, textDecorationLine: "none" },
  links: {
    display: "flex",
    flexGrow: 1,
    alignSelf: "stretch",
    "@media (max-width: 640px)": { order: 3, flexBasis: "100%", overflowX: "auto" },
  },
  link: {
    display: "flex",
    alignItems: "center",
    padding: "0 12px",
    minHeight: "44px",
    color: tokens.colorNeutralForeground2,
    textDecorationLine: "none",
    borderBottom: "2px solid transparent",
    ":hover": { color: tokens.colorNeutralForeground1, backgroundColor: tokens.colorSubtleBackgroundHover },
  },
  here: { color: tokens.colorNeutralForeground1, borderBottomColor: tokens.colorBrandStroke1, fontWeight: tokens.fontWeightSemibold },
  gap: { display: "none", "@media (max-width: 640px)": { display: "block", flexGrow: 1 } },
  content: {
    flexGrow: 1,
    width: "100%",
    maxWidth: "1600px",
    boxSizing: "border-box",
    margin: "0 auto",
    padding: "16px",
    "@media (max-width: 640px)": { padding: "8px" },
  },
  skip: {
    position: "absolute",
    left: "-9999px",
    ":focus": { left: "8px", top: "8px", zIndex: 20, padding: "8px", backgroundColor: tokens.colorNeutralBackground1 },
  },
});

/** What is around every page: where one is, whether it is live, who one is. */
export function Shell({ children }: { children: ReactNode }) {
  const styles = useStyles();
  const admin = useMay("manage_users");
  const content = useRef<HTMLElement>(null);
  useCriticalWatch();
  return (
    <div className={styles.frame}>
      <a
        href="#content"
        className={styles.skip}
        onClick={(event) => {
          // Within a ticket the part of the address behind the # names a place in its log.
          event.preventDefault();
          content.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header className={styles.bar} data-no-print>
        <Link href="/tickets" className={styles.brand}>
          <Text weight="semibold" size={400}>
            AIOps RCA
          </Text>
        </Link>
        <nav className={styles.links} aria-label="Pages">
          <PageLink to="/tickets">Tickets</PageLink>
          <PageLink to="/overview">Overview</PageLink>
          <PageLink to="/audit">Audit</PageLink>
          {admin && <PageLink to="/admin">Admin</PageLink>}
        </nav>
        <span className={styles.gap} />
        <LiveBadge />
        <AccountButton />
      </header>
      <OfflineBar />
      <main ref={content} id="content" className={styles.content} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function PageLink({ to, children }: { to: string; children: ReactNode }) {
  const styles = useStyles();
  const [location] = useLocation();
  const here = location === to || location.startsWith(`${to}/`);
  return (
    <Link href={to} className={mergeClasses(styles.link, here && styles.here)} aria-current={here ? "page" : undefined}>
      {children}
    </Link>
  );
}

const LIVE = {
  live: { color: "success", text: "Live", hint: "Changes show as they happen." },
  connecting: { color: "informative", text: "Connecting", hint: "Live updates are being connected." },
  polling: {
    color: "warning",
    text: "Not live",
    hint: "Live updates are not connected. The page asks for news every 15 seconds and keeps trying to connect.",
  },
} as const;

function LiveBadge() {
  const { color, text, hint } = LIVE[useLiveState()];
  return (
    <Badge appearance="tint" color={color} role="status" title={hint}>
      {text}
    </Badge>
  );
}

function AccountButton() {
  const person = usePerson();
  const [wanted, setWanted] = useState(false);
  const button = (
    <Button
      appearance="subtle"
      icon={<PersonRegular />}
      aria-label={`Account of ${person.name || person.email}`}
      aria-haspopup="menu"
      onClick={() => setWanted(true)}
    />
  );
  return wanted ? (
    <Boundary>
      <Suspense fallback={button}>
        <AccountMenu />
      </Suspense>
    </Boundary>
  ) : (
    button
  );
}
