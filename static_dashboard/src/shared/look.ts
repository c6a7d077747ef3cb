/** How forms and lists look that several pages share. */

import { makeStyles, tokens } from "@fluentui/react-components";

export const useLook = makeStyles({
  /** Space between what stands below each other. */
  column: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL, minWidth: 0 },
  /** Things side by side, on more lines where there is no room. */
  row: { display: "flex", flexWrap: "wrap", alignItems: "end", gap: tokens.spacingHorizontalM, minWidth: 0 },
  /** Fields one below the other, no wider than can be read. */
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL, maxWidth: "440px" },
  start: { alignSelf: "flex-start" },
  quiet: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, overflowWrap: "anywhere" },
  paragraph: { margin: 0, overflowWrap: "anywhere" },
});
