/** Which lines of which text the log viewer shows: in the page's address, `#D1:42-45`, so that a link leads to them. */

import { useEffect, useState } from "react";

/** Lines count from 1; `from` 0 is no line in particular, `source` "" whichever text there is. */
export interface Place {
  source: string;
  from: number;
  to: number;
}

/** A place that somebody asked for; the same place may be asked for again. */
export interface Jump extends Place {
  asked: number;
}

const SHAPE = /^#([A-Za-z0-9-]{1,40})(?::(\d{1,9})(?:-(\d{1,9}))?)?$/;
const ANY = "log";

export function hashOf({ source, from, to }: Place): string {
  const lines = from ? `:${from}${to > from ? `-${to}` : ""}` : "";
  return `#${source || ANY}${lines}`;
}

/** The place that an address names, null if it names none. */
function placeIn(hash: string): Place | null {
  const [, source, from, to] = SHAPE.exec(hash) ?? [];
  if (!source) return null;
  const first = Number(from ?? 0);
  return { source: source === ANY ? "" : source, from: first, to: Math.max(first, Number(to ?? first)) };
}

interface LogPlace {
  place: Jump | null;
  open: (place: Place) => void;
  close: () => void;
}

/** The place that the page's address names. Jumps replace the address: they are no steps on the way back to the list. */
export function useLogPlace(): LogPlace {
  const [place, setPlace] = useState<Jump | null>(() => asked(placeIn(window.location.hash)));
  useEffect(() => {
    const read = () => setPlace(asked(placeIn(window.location.hash)));
    window.addEventListener("hashchange", read);
    return () => window.removeEventListener("hashchange", read);
  }, []);
  return {
    place,
    open: (wanted) => {
      replaceHash(hashOf(wanted));
      setPlace(asked(wanted));
    },
    close: () => {
      replaceHash("");
      setPlace(null);
    },
  };
}

let jumps = 0;
const asked = (place: Place | null): Jump | null => place && { ...place, asked: ++jumps };

function replaceHash(hash: string): void {
  const { pathname, search } = window.location;
  window.history.replaceState(window.history.state, "", `${pathname}${search}${hash}`);
}
