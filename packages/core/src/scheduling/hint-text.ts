import type { Hint } from './hints.ts';

const signs = { held: '+', free: '', ended: '!' } as const;

/**
 * A hint on its way to another process, without commas: `outbox`, `due`, `everything`; or a run's id with its head and the
 * sign of its state, or with `x` when it was deleted.
 */
export function hintText(hint: Hint): string {
  if (hint.about === 'deleted') return `${hint.run}:x`;
  return hint.about === 'run' ? `${hint.run}:${hint.head}${signs[hint.state]}` : hint.about;
}

/** What cannot be read, as from another release, is worth a look at everything. */
export function readHint(text: string): Hint {
  if (text === 'outbox' || text === 'due') return { about: text };
  const deleted = /^([0-9a-f-]{36}):x$/.exec(text)?.[1];
  if (deleted !== undefined) return { about: 'deleted', run: deleted };
  const [, run, head, sign] = /^([0-9a-f-]{36}):(\d+)([+!]?)$/.exec(text) ?? [];
  if (run === undefined || head === undefined) return { about: 'everything' };
  return { about: 'run', run, head: Number(head), state: sign === '+' ? 'held' : sign === '!' ? 'ended' : 'free' };
}
