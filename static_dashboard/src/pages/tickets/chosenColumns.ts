import { useState } from "react";

import { FIXED_COLUMNS, USUAL_COLUMNS } from "./columns";

const KEPT_AS = "ticket-columns";

export interface ChosenColumns {
  columns: string[];
  toggle: (column: string) => void;
  reset: () => void;
}

/** Which columns this person wants to see, kept in this browser. */
export function useChosenColumns(): ChosenColumns {
  const [columns, setColumns] = useState(kept);
  const choose = (wanted: string[]) => {
    localStorage.setItem(KEPT_AS, JSON.stringify(wanted));
    setColumns(wanted);
  };
  return {
    columns,
    toggle: (column) =>
      choose(columns.includes(column) ? columns.filter((one) => one !== column || FIXED_COLUMNS.includes(one)) : [...columns, column]),
    reset: () => choose(USUAL_COLUMNS),
  };
}

function kept(): string[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? "null");
    if (Array.isArray(read) && read.every((one) => typeof one === "string")) return read;
  } catch {
    // Somebody else's value under this name: as if there were none.
  }
  return USUAL_COLUMNS;
}
