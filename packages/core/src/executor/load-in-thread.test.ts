import { text } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import type { RunStore, StoredRun } from '../log/run-store.ts';
import { person } from '../run/testing/simulation.suite.ts';
import { version } from '../run/testing/versions.ts';
import { loadInThread } from './load-in-thread.ts';
import { MemoryArtifacts, MemoryRuns } from './testing/memory-runs.ts';
import { World } from './testing/world.ts';

const THREAD = '018f0000-0000-7000-8000-00000000000f';
const refs = ['1', '2', '3'].map((digit) => ({
  tenant: 'acme',
  run: `018f0000-0000-7000-8000-00000000000${digit}`,
}));
const [first, second, third] = refs;

/** Three runs of a thread; the second is deleted while the third is loaded, which follows the first from then on. */
async function threadOf(followsThen: string | null): Promise<RunStore> {
  const artifacts = new MemoryArtifacts();
  const made = await Promise.all(
    refs.map(async (ref, index) => {
      const input = text(`word ${index + 1}`);
      const command = { type: 'create', input, metadata: {}, by: person, at: 1, thread: THREAD } as const;
      return [ref.run, await MemoryRuns.create(artifacts, ref, version(), command)] as const;
    }),
  );
  const runs = new Map(made);
  const [own] = made.slice(2).map(([, store]) => store);
  if (own === undefined) throw new Error('the third run was not made');
  return {
    load: async (ref): Promise<StoredRun | null> => {
      if (ref.run === second?.run) {
        runs.delete(ref.run);
        return null;
      }
      const stored = await (runs.get(ref.run)?.load(ref) ?? null);
      if (stored === null || ref.run !== third?.run) return stored;
      return { ...stored, follows: runs.has(second?.run ?? '') ? (second?.run ?? '') : followsThen };
    },
    eventsAfter: (ref, after, limit) => runs.get(ref.run)?.eventsAfter(ref, after, limit) ?? Promise.resolve([]),
    append: (append) => own.append(append),
    saveSnapshot: () => Promise.resolve(),
  };
}

it.each([
  ['another', first?.run ?? '', ['word 1']],
  ['none', null, undefined],
  // No longer there, but named all the same: whoever loads does not ask for ever.
  ['the same', second?.run ?? '', undefined],
])('a run whose predecessor is deleted meanwhile follows %s', async (_, follows, said) => {
  const world = await World.create(version());
  const ports = { ...world.ports(), runs: await threadOf(follows) };
  if (third === undefined) throw new Error('there is no third run');
  const loaded = await loadInThread(ports, third);
  const words = loaded?.thread?.said.map(({ content }) =>
    content.map((part) => (part.type === 'text' ? part.text : '')),
  );
  expect(words?.flat()).toEqual(said);
});
