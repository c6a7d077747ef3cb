import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, makeStyles, tokens } from "@fluentui/react-components";

const useStyles = makeStyles({
  keys: { display: "grid", gridTemplateColumns: "max-content 1fr", gap: "8px 16px", margin: 0 },
  key: { fontFamily: tokens.fontFamilyMonospace, fontWeight: tokens.fontWeightSemibold },
  does: { margin: 0 },
});

const READING = [
  ["l", "open the log"],
  ["Ctrl+F", "search in the log, while it has the focus"],
  ["Esc", "back to the list"],
  ["?", "this list"],
] as const;
const ACTING = [
  ["a", "acknowledge: write what helped, then Ctrl+Enter"],
  ["p", "in progress, the same way"],
  ["r", "reopen, the same way"],
] as const;

/** Which keys there are. */
export default function KeyList({ acts, close }: { acts: boolean; close: () => void }) {
  const styles = useStyles();
  return (
    <Dialog open onOpenChange={close}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Keys</DialogTitle>
          <DialogContent>
            <dl className={styles.keys}>
              {[...(acts ? ACTING : []), ...READING].map(([key, does]) => (
                <div key={key} style={{ display: "contents" }}>
                  <dt className={styles.key}>{key}</dt>
                  <dd className={styles.does}>{does}</dd>
                </div>
              ))}
            </dl>
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={close}>
              Close
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
