import { MessageBar, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { onlineManager } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";

import { Time } from "../shared/Time";

/** Says that there is no network, and how old what one sees is. */
export function OfflineBar() {
  const online = useSyncExternalStore((changed) => onlineManager.subscribe(changed), () => onlineManager.isOnline());
  const [lastOnline, setLastOnline] = useState<string>();
  if (online) {
    if (lastOnline) setLastOnline(undefined);
    return null;
  }
  if (!lastOnline) setLastOnline(new Date().toISOString());
  return (
    <MessageBar intent="warning" role="alert">
      <MessageBarBody>
        <MessageBarTitle>No network</MessageBarTitle>
        What you see is as of {lastOnline && <Time at={lastOnline} />}; the page goes on by itself once the network is back.
      </MessageBarBody>
    </MessageBar>
  );
}
