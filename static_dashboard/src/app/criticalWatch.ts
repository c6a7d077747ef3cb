/** Calls out a new Critical ticket, whichever page is shown. */

import { useEffect, useEffectEvent, useRef } from "react";

import { answerOf, api, ApiError, type Schema } from "../api/client";
import { useThrottled } from "../shared/throttled";
import { useHints, useMissed } from "./live";
import { useNotify } from "./notify";

type Row = Schema["TicketRow"];

const LOOKED_AT = 50;
const LEAST_PAUSE_MS = 1_000;
/** More at once are told in one notice. */
const MOST_SINGLE = 3;
const STAYS_MS = 30_000;

export function useCriticalWatch(): void {
  const notify = useNotify();
  const watched = useRef(new Watched());
  const look = useThrottled(() => {
    void newestCritical()
      .then((page) => {
        const fresh = watched.current.fresh(page);
        if (fresh.length > MOST_SINGLE) {
          const to = "/tickets?status=open&severity=Critical";
          notify({ intent: "error", title: `${fresh.length} new critical tickets`, to, timeoutMs: STAYS_MS });
        } else {
          for (const { id, title } of fresh) {
            notify({ intent: "error", title: "New critical ticket", body: title, to: `/tickets/${id}`, timeoutMs: STAYS_MS });
          }
        }
      })
      // The page says that it is offline; what was not called out yet is with the next look.
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
      });
  }, LEAST_PAUSE_MS);

  useHints((hints) => {
    // Taken up here and left again, a ticket is no news.
    hints.forEach(({ id, status }) => status !== "open" && watched.current.known.add(id));
    if (hints.some(({ id, status }) => status === "open" && !watched.current.known.has(id))) look();
  });
  useMissed(look);
  const begin = useEffectEvent(look);
  useEffect(() => begin(), []);
}

/** Which open Critical tickets were there before, or were called out. */
class Watched {
  readonly known = new Set<string>();
  /** What was reported before this moment was not looked at, and is no news when it comes into sight. At first nothing was. */
  private lookedFrom = "~";

  fresh({ items, next_cursor: more }: Schema["TicketPage"]): Row[] {
    const fresh = items.filter((row) => !this.known.has(row.id) && row.timestamp >= this.lookedFrom);
    items.forEach((row) => this.known.add(row.id));
    this.lookedFrom = more ? (items.at(-1)?.timestamp ?? this.lookedFrom) : "";
    return fresh;
  }
}

const newestCritical = () =>
  answerOf(api.GET("/api/tickets", { params: { query: { status: ["open"], severity: ["Critical"], limit: LOOKED_AT } } }));
