import { v7 as uuidv7 } from 'uuid';
import type { Thread } from './thread-store.ts';

/** A conversation without runs. `now` is ms since 1970. */
export const newThread = (now: number, metadata: Readonly<Record<string, string>>): Thread => ({
  id: uuidv7(),
  metadata,
  activeRun: null,
  lastRun: null,
  createdAt: now,
});
