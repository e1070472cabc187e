import { describeDeltas, describeHints, describeRateLimiter } from '@holdfast/testing';
import { describeRedis } from '@holdfast/testing/servers';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { beginProcess, twoProcesses } from './processes.suite.ts';

describeRedis('the ports of the cache', (server) => {
  const opened = async <T>(pick: (each: Awaited<ReturnType<typeof twoProcesses>>['processes'][number]) => T) => {
    const { processes, close } = await twoProcesses(server());
    const [one, two] = processes;
    return { processes: [pick(one), pick(two)] as const, close };
  };
  beforeEach(() => server().start());

  test('an installation that gets another id leaves the names of before, and hears again whoever has the new one', async () => {
    const [before, after] = [randomUUID(), randomUUID()];
    const runs = { early: randomUUID(), late: randomUUID(), own: randomUUID() };
    const { processes, close } = await twoProcesses(server(), before);
    const [copy, worker] = processes;
    const original = beginProcess(server(), before);
    const heard: string[] = [];
    copy.hints.subscribe((hint) => heard.push('run' in hint ? hint.run : hint.about));
    const tell = ({ hints }: typeof copy, run: string): void =>
      hints.publish([{ about: 'run', run, head: 1, state: 'free' }]);
    const ref = { tenant: randomUUID(), run: randomUUID() };
    const delta = (text: string) => ({ run_id: ref.run, call: 'm1', attempt: 1, seq: 1, position: 0, text });
    const words: string[] = [];
    copy.redis.deltas.subscribe(ref, ({ text }) => words.push(text));
    await expect.poll(() => original.redis.up).toBe(true);
    tell(original, runs.early);
    await expect.poll(() => heard).toContain(runs.early);

    worker.redis.begin(after);
    copy.redis.begin(after);
    for (const { redis } of processes) await expect.poll(() => redis.up).toBe(true);
    // By then it has lost nothing unseen: it was told to look at everything.
    expect(heard).toContain('everything');
    original.redis.deltas.publish(ref, delta('of the original'));
    tell(original, runs.late);
    // Sent by then.
    await original.close();
    tell(worker, runs.own);
    worker.redis.deltas.publish(ref, delta('of the copy'));
    await expect.poll(() => heard).toContain(runs.own);
    await expect.poll(() => words).toEqual(['of the copy']);
    expect(heard).not.toContain(runs.late);
    // Nobody was away.
    expect(copy.told).toEqual([]);
    await close();
  });

  describeDeltas('two processes', () => opened(({ redis }) => redis.deltas));
  describeHints('two processes', () => opened(({ hints }) => hints));
  describeRateLimiter(
    'two processes',
    () => opened(({ redis }) => redis.rateLimiter),
    () => server().kill(),
  );
});
