import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { compose, type Docker } from './docker.ts';
import { type PartState, sickParts, stackState } from './stack-state.ts';

const PAUSE_MS = 1_000;
const LINES = 8;

/**
 * Waits until every part is well. @throws Failure which names the part that is not and shows the end of its log, as soon
 * as nothing else can come of it, or after `timeoutMs`.
 */
export async function waitUntilWell(
  docker: Docker,
  timeoutMs: number,
  tell: (line: string) => void,
  pauseMs = PAUSE_MS,
): Promise<readonly PartState[]> {
  const until = Date.now() + timeoutMs;
  const told = new Set<string>();
  for (;;) {
    const states = await stackState(docker);
    for (const { name, state } of states) {
      if (state === 'ok' && !told.has(name)) tell(name);
      if (state === 'ok') told.add(name);
    }
    if (states.every(({ state }) => state === 'ok')) return states;
    const settled = states.every(({ state }) => state !== 'waits');
    if (settled || Date.now() >= until) throw new Failure(await whatIsSick(docker, states));
    await sleep(pauseMs);
  }
}

/** Names the parts that hold up the others, each with the end of its log. */
export async function whatIsSick(docker: Docker, states: readonly PartState[]): Promise<string> {
  const sick = sickParts(states);
  // Nothing has failed: then it is slow.
  const named = sick.length > 0 ? sick : states.filter(({ state }) => state !== 'ok').slice(0, 1);
  const texts: string[] = [];
  for (const { name, detail } of named) {
    const log = await compose(docker, ['logs', '--no-log-prefix', '--tail', String(LINES), name]);
    const held = states.filter(({ needs, state }) => state !== 'ok' && needs.includes(name)).map((each) => each.name);
    const others = held.length === 0 ? '' : ` ${held.join(', ')} ${held.length === 1 ? 'waits' : 'wait'} for it.`;
    const lines = log.trim() === '' ? ' Its log is empty.' : ` The end of its log:\n${indented(log)}`;
    texts.push(`${name} is not well: ${detail}.${others}${lines}`);
  }
  return texts.join('\n');
}

const indented = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
