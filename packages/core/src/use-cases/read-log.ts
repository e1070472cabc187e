import type { RunEvent } from '@holdfast/contracts';
import { CorruptEvent, decodeEvent } from '../log/event-codec.ts';
import type { LogPorts } from '../log/loaded-run.ts';
import type { RunRef } from '../tenant-scope.ts';

const PAGE = 500;

export interface ReadLog {
  /** From the first event to the head, or to one that cannot be read. */
  readonly events: readonly RunEvent[];
  /** Of the same events, as they are stored. */
  readonly payloads: readonly string[];
}

/** The whole log of a run, as far as it can be read. */
export async function readLog(
  { runs, artifacts }: Pick<LogPorts, 'runs' | 'artifacts'>,
  ref: RunRef,
): Promise<ReadLog> {
  const events: RunEvent[] = [];
  const payloads: string[] = [];
  for (;;) {
    const page = await runs.eventsAfter(ref, events.length, PAGE);
    for (const stored of page) {
      try {
        events.push(await decodeEvent(artifacts, ref, stored));
      } catch (error) {
        if (error instanceof CorruptEvent) return { events, payloads };
        throw error;
      }
      payloads.push(stored.payload);
    }
    if (page.length < PAGE) return { events, payloads };
  }
}
