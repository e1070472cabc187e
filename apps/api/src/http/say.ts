import type { RunEvent } from '@holdfast/contracts';
import { type RunDirectory, type RunRef, speakInside, speakToRun, type Speech } from '@holdfast/core';
import type { ApiPorts } from '../ports.ts';
import type { Answer, Ask, JsonAnswer } from './route.ts';

/**
 * Speaks to a run and answers from the event that was recorded. With an `Idempotency-Key`, or an audit line to write, all
 * is one transaction; otherwise no lock is taken unless the run moves too quickly.
 */
export async function say(
  ports: ApiPorts,
  { request, once, audited }: Pick<Ask<unknown, unknown, unknown>, 'request' | 'once' | 'audited'>,
  ref: RunRef,
  speech: Speech,
  answer: (event: RunEvent, directory: RunDirectory) => JsonAnswer | Promise<JsonAnswer>,
): Promise<Answer> {
  if (request.headers['idempotency-key'] === undefined && !audited)
    return answer(first(await speakToRun(ports, ref, speech)), ports.directory);
  return once(
    () => Promise.resolve(),
    async (stores) => answer(first(await speakInside(ports, stores, ref, speech)), stores.directory),
  );
}

function first(events: readonly RunEvent[]): RunEvent {
  const [event] = events;
  if (event === undefined) throw new Error('a command was accepted without an event');
  return event;
}
