/** How the parts of the page look that several of them share. */

import { makeStyles, tokens } from "@fluentui/react-components";

export const useLook = makeStyles({
  /** Space between what stands below each other. */
  column: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM, minWidth: 0 },
  /** Things side by side, on more lines where there is no room. */
  row: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: "4px 12px", minWidth: 0 },
  list: { margin: 0, padding: 0, listStyleType: "none", display: "flex", flexDirection: "column", gap: "12px", minWidth: 0 },
  quiet: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, overflowWrap: "anywhere" },
  paragraph: { margin: 0, overflowWrap: "anywhere" },
});
