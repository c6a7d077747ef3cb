import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { queryClient } from "./app/queryClient";
import { meQuery, wasSignedIn } from "./app/session";
import "./app/styles.css";
import { filtersFrom, isNewestFirst } from "./pages/tickets/filters";
import { listQuery } from "./pages/tickets/ticketList";

// What the first page needs is asked for before anything is drawn: who it is, and the list of most visits.
// Whoever shows it meets the error, if there is one.
const noop = () => undefined;
queryClient.query(meQuery).catch(noop);
if (wasSignedIn() && (location.pathname === "/" || location.pathname === "/tickets")) {
  const search = new URLSearchParams(location.search);
  queryClient.infiniteQuery(listQuery(filtersFrom(search), !isNewestFirst(search.get("sort") ?? ""))).catch(noop);
}

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
