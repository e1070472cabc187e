import type { Stack } from '../harness/start-stack.ts';
import type { Died } from './kill-parts.ts';
import { type Load, PAYMENTS } from './load.ts';

/** What was counted in the end. */
export interface Counted {
  readonly accepted: number;
  readonly ended: number;
  /** Keys of `once` calls of those runs that the counter saw. */
  readonly onceEffects: number;
  /** How many there must be: all but those that were not done, as a person said who had looked. */
  readonly onceExpected: number;
  readonly broken: readonly string[];
}

/** Holds everything that the load has seen, and the effects that were counted elsewhere, against the promises. */
export async function countPromises(stack: Stack, load: Load, deaths: readonly Died[]): Promise<Counted> {
  const known = await load.known();
  const heads = new Map(known.map(({ id, head }) => [id, head]));
  // The first run of the load is awaited and not followed.
  const followed = new Set(load.runs.map(({ id }) => id));
  const once = [...(await stack.counter.timesByKey('pay')).entries()].filter(([key]) => heads.has(runOf(key)));
  const onceEffects = once.filter(([key]) => followed.has(runOf(key))).length;
  const done = new Set(once.map(([key]) => key));
  const failed = [...load.saidFailed].filter((key) => !done.has(key)).length;
  const onceExpected = PAYMENTS * load.runs.length - failed;
  const strays = known.length - 1 - followed.size;
  const short = load.runs.filter(({ id, head }) => head !== heads.get(id));
  const { parts } = stack;
  const crashed = Object.values(parts).filter(({ isUp }) => isUp?.() === false);
  const count = (n: number, what: string): string[] => (n === 0 ? [] : [`${n} ${what}`]);
  const ended = load.runs.filter(({ end }) => end?.type === 'run.succeeded').length;
  return {
    accepted: load.runs.length,
    ended,
    onceEffects,
    onceExpected,
    broken: [
      ...count(load.runs.filter(({ id }) => !heads.has(id)).length, 'accepted runs are not there'),
      ...count(strays, 'runs were started that nobody had accepted'),
      ...count(load.runs.length - ended, 'accepted runs did not succeed'),
      ...count(known.filter(({ status }) => status !== 'succeeded').length, 'runs have another state than succeeded'),
      ...count(once.filter(([, times]) => times > 1).length, '`once` effects were done twice'),
      ...count(Math.max(0, onceExpected - onceEffects), '`once` effects were never done'),
      ...count(
        load.runs.reduce((sum, { outOfOrder }) => sum + outOfOrder, 0),
        'events came twice or out of order',
      ),
      ...count(short.length, 'runs were not read to their last event'),
      ...crashed.map(({ address }) => `the program at ${address} ended by itself`),
      ...deaths.filter(({ wellAt }) => wellAt === null).map(({ words }) => `${words}: never well again`),
    ],
  };
}

/** The key of an effect is that of its run and its call. */
const runOf = (key: string): string => key.split('.')[0] ?? '';
