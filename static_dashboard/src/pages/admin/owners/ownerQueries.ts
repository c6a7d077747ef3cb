/** The ownership table, as it is read. */

import { queryOptions } from "@tanstack/react-query";

import { answerOf, api, type Schema } from "../../../api/client";
import { SOURCE_NAMES } from "../../../shared/format";

export type Rule = Schema["Rule"];
export type RuleTexts = Required<Schema["NewRule"]>;

/** What is read anew after a change: the rules, and with them who has none. */
export const ownersKey = ["owners"];

export const rulesQuery = queryOptions({ queryKey: ownersKey, queryFn: () => answerOf(api.GET("/api/owners")) });

export const unownedQuery = queryOptions({
  queryKey: [...ownersKey, "unknown"],
  queryFn: () => answerOf(api.GET("/api/owners/unknown")),
});

export const ANY_SOURCE = "*";
export const sourceOrAny = (source: string) => (source === ANY_SOURCE ? "every source" : (SOURCE_NAMES[source] ?? source));
