import type { Clock } from '../clock.ts';
import type { Log } from '../executor/log.ts';
import type { StoredFiles } from '../log/artifact-store.ts';
import type { OutboxHandler } from '../scheduling/outbox.ts';
import type { TenantErasure } from './tenant-store.ts';

export interface ErasePorts {
  readonly erasure: TenantErasure;
  readonly artifacts: StoredFiles;
  readonly clock: Clock;
  readonly log: Log;
}

/** Workers let go of runs within seconds, unless a call is under way. */
const HELD_MS = 1_000;

/**
 * Rows of kind `erasure`, whose subject is a tenant whose grace has ended: its rows go first, a few in each transaction,
 * then its files, then the tenant itself with the line that proves it. Each step may be done again, so it goes on where
 * it died.
 */
export const eraseTenants =
  ({ erasure, artifacts, clock, log }: ErasePorts): OutboxHandler =>
  async ({ tenant }) => {
    const scope = { tenant };
    switch (await erasure.erase(scope)) {
      case 'more':
        return { again: clock.now() };
      case 'held':
        return { again: clock.now() + HELD_MS };
      case 'kept':
      case 'gone':
        return 'done';
      case 'clean': {
        const files = await artifacts.removeTenant(scope);
        if (await artifacts.hasTenant(scope)) throw new Error(`files of tenant ${tenant} are left`);
        const outcome = await erasure.finish(scope, files);
        if (outcome === 'rests') return { again: clock.now() };
        if (outcome === 'erased') log.info({ tenant, files }, 'the tenant is erased');
        return 'done';
      }
    }
  };
