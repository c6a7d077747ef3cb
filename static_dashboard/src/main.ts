/** What the first page needs is asked for before the script that draws it is read: who it is, and the list of most visits. */

import { config } from "./api/config";
import { queryClient } from "./app/queryClient";
import { meQuery, wasSignedIn } from "./app/session";
import "./app/styles.css";
import { filtersFrom, isNewestFirst } from "./pages/tickets/filters";
import { listQuery } from "./pages/tickets/ticketList";

if (config.problem) {
  sayPlainly(config.problem);
} else {
  askAhead();
  import("./app/root").catch(() => sayPlainly("The page could not be loaded. Check the connection, and load it again."));
}

function askAhead(): void {
  // Whoever shows it meets the error, if there is one.
  const noop = () => undefined;
  queryClient.query(meQuery).catch(noop);
  if (wasSignedIn() && (location.pathname === "/" || location.pathname === "/tickets")) {
    const search = new URLSearchParams(location.search);
    queryClient.infiniteQuery(listQuery(filtersFrom(search), !isNewestFirst(search.get("sort") ?? ""))).catch(noop);
  }
}

/** Without the script that draws the page. */
function sayPlainly(text: string): void {
  const said = document.createElement("p");
  said.role = "alert";
  said.textContent = text;
  document.getElementById("root")?.replaceChildren(said);
}
