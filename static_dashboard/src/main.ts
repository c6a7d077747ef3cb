/** What the first page needs is asked for before the script that draws it is read: who it is, and the list of most visits. */

import { queryClient } from "./app/queryClient";
import { meQuery, wasSignedIn } from "./app/session";
import "./app/styles.css";
import { filtersFrom, isNewestFirst } from "./pages/tickets/filters";
import { listQuery } from "./pages/tickets/ticketList";

// Whoever shows it meets the error, if there is one.
const noop = () => undefined;
queryClient.query(meQuery).catch(noop);
if (wasSignedIn() && (location.pathname === "/" || location.pathname === "/tickets")) {
  const search = new URLSearchParams(location.search);
  queryClient.infiniteQuery(listQuery(filtersFrom(search), !isNewestFirst(search.get("sort") ?? ""))).catch(noop);
}

void import("./app/root");
