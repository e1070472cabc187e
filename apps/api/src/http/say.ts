import type { RunEvent } from '@holdfast/contracts';
import { type RunRef, speakInside, speakToRun, type Speech } from '@holdfast/core';
import type { ApiPorts } from '../ports.ts';
import type { Answer, Ask, JsonAnswer } from './route.ts';

/**
 * Speaks to a run and answers from the event that was recorded. With an `Idempotency-Key` both are one transaction;
 * without one no lock is taken unless the run moves too quickly.
 */
export async function say(
  ports: ApiPorts,
  { request, once }: Pick<Ask<unknown, unknown, unknown>, 'request' | 'once'>,
  ref: RunRef,
  speech: Speech,
  answer: (event: RunEvent) => JsonAnswer,
): Promise<Answer> {
  if (request.headers['idempotency-key'] === undefined) return answer(first(await speakToRun(ports, ref, speech)));
  return once(
    () => Promise.resolve(),
    async (stores) => answer(first(await speakInside(ports, stores, ref, speech))),
  );
}

function first(events: readonly RunEvent[]): RunEvent {
  const [event] = events;
  if (event === undefined) throw new Error('a command was accepted without an event');
  return event;
}
