import type { Clock } from '../clock.ts';
import type { Log } from '../executor/log.ts';
import type { LogPorts } from '../log/loaded-run.ts';
import { speak } from '../log/speak.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { OutboxHandler } from './outbox.ts';

/** Tenants for which nothing begins, since their logs may know less than happened. Throws `DatabaseUnavailable`. */
export interface FrozenTenants {
  /** Some of its unfinished runs that are not marked yet. */
  unmarked(scope: TenantScope, limit: number): Promise<readonly string[]>;
  /** It goes on. */
  thaw(scope: TenantScope): Promise<void>;
}

const AT_ONCE = 20;

/**
 * Rows of kind `thaw`, whose subject is a frozen tenant: each of its unfinished runs is told that it was restored, then the
 * tenant goes on. What was told already is not told again, so it goes on where it died.
 */
export const thawTenants =
  (ports: LogPorts & { readonly clock: Clock; readonly frozen: FrozenTenants; readonly log: Log }): OutboxHandler =>
  async ({ tenant }) => {
    const scope = { tenant };
    const runs = await ports.frozen.unmarked(scope, AT_ONCE);
    for (const run of runs) {
      const spoken = await speak(ports, { tenant, run }, { type: 'restore', at: ports.clock.now() });
      if (spoken.type === 'contended') throw new Error(`the run ${run} is changing too quickly`);
    }
    if (runs.length > 0) return { again: ports.clock.now() };
    await ports.frozen.thaw(scope);
    ports.log.info({ tenant }, 'the tenant is thawed');
    return 'done';
  };
