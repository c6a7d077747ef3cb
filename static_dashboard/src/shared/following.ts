/** Reads what changed, told of by hints: one reading at a time. */

import { useLayoutEffect, useState } from "react";

import { ApiError } from "../api/client";
import { useMissed } from "../app/live";

/** What to read: these ids, which changed; or, where hints were missed, all that is shown. */
export interface Told {
  ids: string[];
  all: boolean;
}

/** Reads; answers with what it could not read, which waits for the next reading. */
type Read = (told: Told) => Promise<Told>;

export const NOTHING: Told = { ids: [], all: false };

/**
 * Returns what to call with the ids that changed. While the list is `busy` with reading pages, which would be written
 * over what `read` found, and while nobody looks at the page, it waits.
 */
export function useFollowing(busy: boolean, read: Read): (ids: string[]) => void {
  const [follower] = useState(() => new Follower());
  useLayoutEffect(() => follower.go(busy, read));
  useMissed(() => follower.tell({ ids: [], all: true }));
  return follower.changed;
}

class Follower {
  private ids = new Set<string>();
  private all = false;
  private reading = false;
  private busy = true;
  private read: Read = () => Promise.resolve(NOTHING);

  readonly changed = (ids: string[]): void => this.tell({ ids, all: false });

  /** How to read from now on, and whether one may. */
  go(busy: boolean, read: Read): void {
    const mayAgain = this.busy && !busy;
    this.busy = busy;
    this.read = read;
    if (mayAgain) void this.run();
  }

  tell(told: Told): void {
    this.keep(told);
    void this.run();
  }

  private keep({ ids, all }: Told): void {
    ids.forEach((id) => this.ids.add(id));
    this.all ||= all;
  }

  private async run(): Promise<void> {
    while (!this.reading && !this.busy && !document.hidden && (this.ids.size > 0 || this.all)) {
      const told = { ids: [...this.ids], all: this.all };
      this.ids = new Set();
      this.all = false;
      this.reading = true;
      try {
        const left = await this.read(told);
        this.keep(left);
        // The next hint, poll or page read reads it again.
        if (left.all || left.ids.length > 0) return;
      } catch (error) {
        this.keep(told);
        // The page says by itself that it is offline.
        if (error instanceof ApiError) return;
        throw error;
      } finally {
        this.reading = false;
      }
    }
  }
}
