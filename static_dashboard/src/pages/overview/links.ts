/** Where a figure leads: the list that shows the tickets behind it. */

import type { Filter } from "../tickets/filters";

export function ticketsLink(filters: Partial<Record<Filter | "status", string>>): string {
  return `/tickets?${new URLSearchParams(filters).toString()}`;
}

/** The API cuts names of pipelines and teams at so many characters. */
export const LONGEST_NAME = 100;
