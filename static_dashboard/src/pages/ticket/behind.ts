/** The way back to the list as it was left: with its filters and its scroll. */

interface Entries {
  entries(): { url: string | null; index: number }[];
  currentEntry: { index: number } | null;
}

/** How far behind us in this tab's history the list is; null if it is not there, or the browser does not tell. */
function stepsToList(): number | null {
  if (!("navigation" in window)) return null;
  const { currentEntry, entries } = bound(window.navigation as Entries);
  const here = currentEntry?.index ?? 0;
  const lists = entries.filter(({ url, index }) => index < here && url && new URL(url).pathname === "/tickets");
  const last = lists.at(-1);
  return last ? here - last.index : null;
}

const bound = (navigation: Entries) => ({ currentEntry: navigation.currentEntry, entries: navigation.entries() });

/** Goes back to the list that one came from, else to the list of all; `navigate` is the router's. */
export function backToList(navigate: (to: string) => void): void {
  const steps = stepsToList();
  if (steps === null) navigate("/tickets");
  else window.history.go(-steps);
}
