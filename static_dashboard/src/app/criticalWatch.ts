/** Calls out a new Critical ticket, whichever page is shown. */

import { useRef } from "react";

import { answerOf, api } from "../api/client";
import { useHints } from "./live";
import { useNotify } from "./notify";

/** A ticket's id tells when it was made: `ADF-20261124T031245-abc123`. */
const MADE_AT = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/;
const NEW_FOR_MS = 10 * 60_000;
/** Of a burst as many are looked at as one page of the list holds. */
const LOOKED_AT = 50;

export function useCriticalWatch(): void {
  const notify = useNotify();
  const known = useRef(new Set<string>());
  useHints((hints) => {
    const fresh = hints.filter(({ id, status }) => status === "open" && isNew(id) && !known.current.has(id));
    if (fresh.length === 0) return;
    fresh.forEach(({ id }) => known.current.add(id));
    void newestOpen()
      .then((rows) => rows.filter((row) => row.severity === "Critical" && fresh.some(({ id }) => id === row.id)))
      .then((critical) => {
        for (const row of critical) {
          notify({ intent: "error", title: "New critical ticket", body: row.title, to: `/tickets/${row.id}`, timeoutMs: 30_000 });
        }
      })
      // It is on the list all the same, and the page says that it is offline.
      .catch(() => fresh.forEach(({ id }) => known.current.delete(id)));
  });
}

const newestOpen = async () =>
  (await answerOf(api.GET("/api/open-tickets", { params: { query: { limit: LOOKED_AT } } }))).items;

function isNew(id: string): boolean {
  const found = MADE_AT.exec(id)?.slice(1).map(Number);
  if (!found) return false;
  const [year = 0, month = 1, day = 1, hour, minute, second] = found;
  return Date.now() - Date.UTC(year, month - 1, day, hour, minute, second) < NEW_FOR_MS;
}
