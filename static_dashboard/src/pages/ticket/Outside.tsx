import { Link, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useEffect, useRef, useState, type ReactNode } from "react";

import { focusOn } from "../../shared/focus";
import { count } from "../../shared/format";

const useStyles = makeStyles({
  text: { overflowWrap: "anywhere", whiteSpace: "pre-wrap", unicodeBidi: "isolate" },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  more: { marginLeft: "8px" },
});

const SHOWN = 1_500;

/**
 * A text that somebody else wrote: nothing but text, its direction kept to itself, cut if it is very long. `form` draws
 * what is shown of it, as text if it is not given.
 */
export function Outside(props: { text: string; mono?: boolean; most?: number; form?: (text: string) => ReactNode }) {
  const { text, mono = false, most = SHOWN, form } = props;
  const styles = useStyles();
  const element = useRef<HTMLElement>(null);
  const [whole, setWhole] = useState(false);
  useEffect(() => {
    if (whole) focusOn(element.current);
  }, [whole]);
  const cut = !whole && text.length > most;
  const shown = cut ? `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")} …` : text;
  return (
    <>
      <bdi ref={element} className={mergeClasses(styles.text, mono && styles.mono)}>{form ? form(shown) : shown}</bdi>
      {cut && (
        <Link as="button" className={styles.more} onClick={() => setWhole(true)} data-no-print>
          Show all {count(text.length)} characters
        </Link>
      )}
    </>
  );
}

/** A link to elsewhere, if it leads to the web at all; else its address as text. */
export function OutsideLink({ url, children }: { url: string; children?: ReactNode }) {
  const styles = useStyles();
  const text = <bdi className={styles.text}>{children ?? url}</bdi>;
  if (!leadsToTheWeb(url)) return <span title={url.slice(0, 500)}>{text}</span>;
  return (
    <Link href={url} target="_blank" rel="noopener noreferrer" inline>
      {text}
    </Link>
  );
}

/** Whether an address is one of http or https: a script in one would run as ours. */
function leadsToTheWeb(url: string): boolean {
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
}
