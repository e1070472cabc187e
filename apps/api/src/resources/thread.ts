import type { ThreadResource } from '@holdfast/contracts';
import type { Thread } from '@holdfast/core';
import { iso } from './time.ts';

export const threadResource = ({ id, metadata, activeRun, lastRun, createdAt }: Thread): ThreadResource => ({
  id,
  metadata: { ...metadata },
  active_run: activeRun,
  last_run: lastRun,
  created_at: iso(createdAt),
});
