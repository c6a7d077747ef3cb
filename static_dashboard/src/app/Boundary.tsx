/** What is shown in place of a part of the page that cannot be drawn. */

import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { Component, type ReactNode } from "react";

const GONE = "This part of the page is not there any more";
const GONE_WHY = "The page was renewed since you opened it, or the network is away.";
const BROKEN = "This part of the page cannot be shown";

/** The failures to load a script, which Vite tells of before whoever wanted the script meets them. */
const notLoaded = new WeakSet<Error>();
window.addEventListener("vite:preloadError", ({ payload }) => void notLoaded.add(payload));

interface Props {
  /** What is shown: once that changes, it is tried anew. */
  at?: string;
  children: ReactNode;
}

/** Keeps a failure to what is within. */
export class Boundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate({ at }: Props): void {
    if (at !== this.props.at && this.state.error) this.setState({ error: null });
  }

  override render(): ReactNode {
    return this.state.error ? <Missing error={this.state.error} /> : this.props.children;
  }
}

function Missing({ error }: { error: Error }) {
  const gone = notLoaded.has(error);
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{gone ? GONE : BROKEN}</MessageBarTitle>
        {gone ? GONE_WHY : error.message}
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={() => window.location.reload()}>Reload</Button>
      </MessageBarActions>
    </MessageBar>
  );
}
