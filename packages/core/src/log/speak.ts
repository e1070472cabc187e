import type { RunEvent } from '@holdfast/contracts';
import type { Clock } from '../clock.ts';
import type { Command, Refusal } from '../run/command.ts';
import { handle } from '../run/handle.ts';
import type { Append } from './run-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import { appendOf, fromOutside } from './append-of.ts';
import { catchUp, extendBy, type LoadedRun, loadRun, type LogPorts } from './loaded-run.ts';

export type Spoken =
  | { readonly type: 'accepted'; readonly run: LoadedRun; readonly events: readonly RunEvent[] }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** No such run in that tenant. */
  | { readonly type: 'missing' }
  /** Others spoke first, `tries` times. */
  | { readonly type: 'contended' };

/** What became of an append of somebody outside; `accepted` and `missing` end it, all else means that somebody was first. */
export type SpokenAppend = (append: Append) => Promise<{ readonly type: string }>;

/**
 * Everything said to a run from outside its holder: fold, `handle`, append; again when others came first. `append`: for
 * whoever must recognise a commit whose answer was lost.
 */
export async function speak(
  ports: LogPorts & { readonly clock: Clock },
  ref: RunRef,
  command: Command,
  { tries = 3, append: appendOne }: { readonly tries?: number; readonly append?: SpokenAppend } = {},
): Promise<Spoken> {
  const loaded = await loadRun(ports, ref);
  if (loaded === null) return { type: 'missing' };
  let { run } = loaded;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const handled = handle(run.state, command);
    if ('refused' in handled) return { type: 'refused', refusal: handled.refused };
    const next = extendBy(run, handled.events, command.at);
    const append = await appendOf(
      ports.artifacts,
      ref,
      run.state,
      next.run.state,
      next.events,
      ports.clock.now(),
      fromOutside,
    );
    const outcome = await (appendOne?.(append) ?? ports.runs.append(append));
    if (outcome.type === 'accepted') return { type: 'accepted', run: next.run, events: next.events };
    if (outcome.type === 'missing') return { type: 'missing' };
    run = await catchUp(ports, ref, run);
  }
  return { type: 'contended' };
}
