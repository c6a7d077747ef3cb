import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { useEffect, useRef } from "react";

import { CopyButton } from "./CopyButton";
import { useLook } from "./look";

const useStyles = makeStyles({
  secret: { display: "flex", alignItems: "center", gap: "4px", minWidth: 0 },
});

/** A secret that is shown this once, to be copied; stays until it is put away. */
export function ShownOnce(props: { title: string; what: string; secret: string; hint: string; putAway: () => void }) {
  const look = useLook();
  const styles = useStyles();
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    bar.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <MessageBar ref={bar} intent="success" layout="multiline" role="status">
      <MessageBarBody>
        <MessageBarTitle>{props.title}</MessageBarTitle>
        <div className={styles.secret}>
          <code className={look.mono} data-secret>
            {props.secret}
          </code>
          <CopyButton text={props.secret} what={props.what} />
        </div>
        <div>{props.hint}</div>
      </MessageBarBody>
      <MessageBarActions>
        <Button size="small" onClick={props.putAway}>
          Done
        </Button>
      </MessageBarActions>
    </MessageBar>
  );
}
