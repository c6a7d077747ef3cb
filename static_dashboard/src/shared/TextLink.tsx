import { Link } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { Link as RouteLink } from "wouter";

/** A link within a text, to another page of ours. */
export function TextLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <RouteLink href={to} asChild>
      <Link inline>{children}</Link>
    </RouteLink>
  );
}
