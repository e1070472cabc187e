import type { Clock } from '../clock.ts';
import { loadRun, type LogPorts } from '../log/loaded-run.ts';
import { speak } from '../log/speak.ts';
import { reconcile } from '../run/reconcile.ts';
import type { OutboxHandler } from '../scheduling/outbox.ts';

/** The state moved between looking and speaking this often in a row: later, then. */
const TRIES = 5;

/**
 * Handles rows of kind `child`, whose subject is the child: what its parent or it has not heard of the other is said.
 * A change that this look came too early for writes the row again.
 */
export const settleChildren =
  (ports: LogPorts & { readonly clock: Clock }): OutboxHandler =>
  async ({ tenant, subject }) => {
    const ref = { tenant, run: subject };
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const child = (await loadRun(ports, ref))?.run.state;
      if (child === undefined || child.phase === 'unborn' || child.parent === null) return 'done';
      const above = { tenant, run: child.parent.run };
      const parent = (await loadRun(ports, above))?.run.state ?? null;
      const word = reconcile(parent, child);
      if (word === null) return 'done';
      const to = word.to === 'parent' ? above : ref;
      const spoken = await speak(ports, to, { ...word.command, at: ports.clock.now() });
      if (spoken.type === 'accepted') return 'done';
    }
    throw new Error(`run ${subject} and the run that started it move too quickly`);
  };
