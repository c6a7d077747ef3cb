import { Card, makeStyles, Text, Title2, tokens } from "@fluentui/react-components";
import type { SubmitEvent, ReactNode } from "react";

const useStyles = makeStyles({
  page: {
    minHeight: "100vh",
    display: "grid",
    placeItems: "center",
    padding: "16px",
    boxSizing: "border-box",
    backgroundColor: tokens.colorNeutralBackground3,
  },
  card: { width: "100%", maxWidth: "400px", boxSizing: "border-box", padding: "24px" },
  title: { margin: 0 },
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
});

/** A form, or what came of it, on a page of its own, for who is not signed in. */
export function FormPage(props: { title: string; onSubmit?: (event: SubmitEvent) => void; children: ReactNode }) {
  const styles = useStyles();
  return (
    <main className={styles.page}>
      <Card className={styles.card}>
        <Text>AIOps RCA Assistant</Text>
        <Title2 as="h1" className={styles.title}>{props.title}</Title2>
        {props.onSubmit ? (
          <form className={styles.form} onSubmit={props.onSubmit}>
            {props.children}
          </form>
        ) : (
          <div className={styles.form}>{props.children}</div>
        )}
      </Card>
    </main>
  );
}
