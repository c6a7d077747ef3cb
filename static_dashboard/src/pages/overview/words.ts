/** Days and counts of the overview in words. Days are dates in UTC, as the API counts them, whatever zone one is in. */

import { count } from "../../shared/format";

const short = new Intl.DateTimeFormat(undefined, { timeZone: "UTC", month: "short", day: "numeric" });

/** `2026-11-24` -> `24 Nov`. */
export const dayName = (date: string): string => short.format(new Date(`${date}T00:00:00Z`));

/** `1 ticket`, `1,200 tickets`. */
export const counted = (number: number, one: string, many = `${one}s`): string => `${count(number)} ${number === 1 ? one : many}`;
