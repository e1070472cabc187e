import type { Clock } from '../clock.ts';
import type { LogPorts } from '../log/loaded-run.ts';
import { speak } from '../log/speak.ts';
import type { OutboxHandler } from './outbox.ts';

/** While the database's clock is said to be behind itself, and while others speak to the run, ms. */
const AGAIN_MS = 100;

/** Rows of kind `expiry`: the run fails as `expired` unless a worker has begun it. */
export const expireRuns =
  (ports: LogPorts & { readonly clock: Clock }): OutboxHandler =>
  async ({ tenant, subject }) => {
    const at = ports.clock.now();
    const spoken = await speak(ports, { tenant, run: subject }, { type: 'expire', at });
    const early = spoken.type === 'refused' && spoken.refusal.code === 'not_expired';
    return early || spoken.type === 'contended' ? { again: at + AGAIN_MS } : 'done';
  };
