import { Button, Input, makeStyles, Select, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState, type ReactNode, type RefObject } from "react";

import { answerOf, api } from "../../api/client";
import { categoryName, SOURCE_NAMES } from "../../shared/format";
import { SEVERITIES } from "../../shared/severity";
import { useTyped } from "../../shared/typed";
import { WholeValueInput } from "../../shared/WholeValueInput";
import type { ChosenColumns } from "./chosenColumns";
import { isFiltered, type Filter, type ListAddress, type Query } from "./filters";
import { ViewOptions } from "./ViewOptions";

// Held to the API by its type: a category that it does not know is no build.
const CATEGORIES: NonNullable<Query["error_type"]> = [
  "NetworkError",
  "DatabaseError",
  "ResourceExhaustion",
  "AuthenticationError",
  "DataError",
  "ExternalServiceError",
  "ConfigurationError",
  "CodeError",
  "Unknown",
];
const TYPING_PAUSE_MS = 250;

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, padding: "12px 0", alignItems: "center" },
  search: { flexGrow: 1, minWidth: "180px", maxWidth: "420px" },
  select: { "& select": { paddingRight: "28px" } },
  team: { width: "130px" },
});

interface Props {
  address: ListAddress;
  search: RefObject<HTMLInputElement | null>;
  chosen: ChosenColumns;
}

export function FilterBar({ address, search, chosen }: Props) {
  const styles = useStyles();
  const { filters, change, clear } = address;
  const [teamWanted, setTeamWanted] = useState(false);
  const owners = useQuery({ queryKey: ["owners"], queryFn: () => answerOf(api.GET("/api/owners")), enabled: teamWanted });
  const teams = [...new Set([...(owners.data?.items.map((rule) => rule.team) ?? []), "Unknown"])].sort();

  const choice = (name: Filter, label: string, options: ReactNode) => (
    <Select
      className={styles.select}
      aria-label={label}
      value={filters[name] ?? ""}
      onChange={(_, { value }) => change({ [name]: value })}
    >
      <option value="">{label}: all</option>
      {options}
    </Select>
  );

  return (
    <search className={styles.bar} data-no-print>
      <SearchField className={styles.search} value={filters.q ?? ""} change={(q) => change({ q })} input={search} />
      {choice("severity", "Severity", SEVERITIES.map((one) => <option key={one}>{one}</option>))}
      {choice(
        "source",
        "Source",
        Object.entries(SOURCE_NAMES).map(([source, name]) => (
          <option key={source} value={source}>
            {name}
          </option>
        )),
      )}
      {choice(
        "error_type",
        "Category",
        CATEGORIES.map((one) => (
          <option key={one} value={one}>
            {categoryName(one)}
          </option>
        )),
      )}
      <WholeValueInput
        className={styles.team}
        aria-label="Team"
        placeholder="Team: all"
        value={filters.team ?? ""}
        change={(team) => change({ team })}
        suggestions={teams}
        onFocus={() => setTeamWanted(true)}
      />
      {isFiltered(filters) && (
        <Button appearance="subtle" onClick={clear}>
          Clear
        </Button>
      )}
      <ViewOptions address={address} chosen={chosen} />
    </search>
  );
}

interface SearchProps {
  className: string;
  value: string;
  change: (value: string) => void;
  input: RefObject<HTMLInputElement | null>;
}

/** It takes effect when the typing pauses, at once with Enter, and is emptied with Escape. */
function SearchField({ className, value, change, input }: SearchProps) {
  const { text, setText, apply } = useTyped(value, change);
  const paused = useEffectEvent(apply);
  useEffect(() => {
    const timer = window.setTimeout(() => paused(text), TYPING_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return (
    <Input
      className={className}
      type="search"
      aria-label="Search title, pipeline, run, code, Jira key or person"
      placeholder="Search ( / )"
      value={text}
      input={{ ref: input }}
      onChange={(_, data) => setText(data.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") apply(text);
        if (event.key === "Escape") {
          setText("");
          apply("");
          event.currentTarget.blur();
        }
      }}
    />
  );
}
