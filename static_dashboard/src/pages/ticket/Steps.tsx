import { makeStyles, tokens } from "@fluentui/react-components";

import { CopyButton } from "../../shared/CopyButton";
import { Section } from "../../shared/Section";
import { Outside, OutsideLink } from "./Outside";

const useStyles = makeStyles({
  steps: { margin: 0, paddingLeft: "24px", display: "flex", flexDirection: "column", gap: "10px" },
  command: {
    display: "flex",
    alignItems: "flex-start",
    gap: "4px",
    margin: "4px 0",
    padding: "4px 4px 4px 10px",
    backgroundColor: tokens.colorNeutralBackground3,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
  },
  line: { flexGrow: 1, minWidth: 0, overflowWrap: "anywhere", whiteSpace: "pre-wrap", unicodeBidi: "isolate" },
  code: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, backgroundColor: tokens.colorNeutralBackground3 },
});

/** What to do, the first thing first. */
export function Steps({ steps }: { steps: readonly string[] }) {
  const styles = useStyles();
  return (
    <Section title="What to do">
      <ol className={styles.steps}>
        {steps.map((step, index) => (
          <li key={index}>
            <Outside text={step} most={4_500} form={(shown) => <Step text={shown} />} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** A step: what stands between backticks is a command, or the name of an option; addresses are links. */
function Step({ text }: { text: string }) {
  const styles = useStyles();
  return text.split(/`([^`]+)`/).map((part, index) => {
    if (index % 2 === 0) return <WithLinks key={index} text={part} />;
    if (!part.includes(" ")) {
      return (
        <code key={index} className={styles.code}>
          {part}
        </code>
      );
    }
    return (
      <span key={index} className={styles.command}>
        <code className={styles.line}>{part}</code>
        <span data-no-print>
          <CopyButton text={part} what="the command" />
        </span>
      </span>
    );
  });
}

const ADDRESS = /(https?:\/\/[^\s`“”"<>]+[^\s`“”"<>.,;:!?)\]])/;

function WithLinks({ text }: { text: string }) {
  return text.split(ADDRESS).map((part, index) => (index % 2 ? <OutsideLink key={index} url={part} /> : part));
}
