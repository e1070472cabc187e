import { randomUUID } from 'node:crypto';
import type { ModelDelta } from '@holdfast/contracts';
import { type Hint, RateLimiterUnavailable, type RunRef } from '@holdfast/core';
import { describeRedis } from '@holdfast/testing/servers';
import { afterEach, expect, test } from 'vitest';
import { beginProcess, type RedisProcess, twoProcesses } from './processes.suite.ts';

const ref: RunRef = { tenant: randomUUID(), run: randomUUID() };
const piece = (position: number, text = 'x'): ModelDelta => ({
  run_id: ref.run,
  call: 'm1',
  attempt: 1,
  seq: 3,
  position,
  text,
});
const grown = (head: number): Hint => ({ about: 'run', run: ref.run, head, state: 'free' });

function heardBy({ redis, hints, otherwise }: RedisProcess) {
  const heard = { hints: [] as Hint[], otherwise: [] as Hint[], deltas: [] as number[] };
  hints.subscribe((hint) => void heard.hints.push(hint));
  otherwise.subscribe((hint) => void heard.otherwise.push(hint));
  redis.deltas.subscribe(ref, ({ position }) => void heard.deltas.push(position));
  return heard;
}

describeRedis('a server that goes away', (server) => {
  let close: () => Promise<void> = () => Promise.resolve();
  afterEach(() => close());

  test('killed and begun again: all goes on without it, and by it again when it is back', async () => {
    const opened = await twoProcesses(server());
    ({ close } = opened);
    const [one, two] = opened.processes;
    const heard = { one: heardBy(one), two: heardBy(two) };
    await expect.poll(() => (one.redis.deltas.publish(ref, piece(1)), heard.two.deltas)).toContain(1);

    await server().kill();
    await expect.poll(() => one.redis.up || two.redis.up).toBe(false);
    expect(heard.two.hints).toContainEqual({ about: 'everything' });
    heard.two.hints.length = 0;
    one.hints.publish([grown(7)]);
    await expect.poll(() => heard.one.otherwise).toContainEqual(grown(7));
    expect(heard.one.hints).toContainEqual(grown(7));
    one.redis.deltas.publish(ref, piece(2));
    expect(heard.one.deltas).toContain(2);
    expect(one.metrics).toMatchObject({ up: false, lost: 1 });
    const began = performance.now();
    await expect(one.redis.rateLimiter.take('bucket', 10)).rejects.toBeInstanceOf(RateLimiterUnavailable);
    expect(performance.now() - began).toBeLessThan(500);

    await server().start();
    for (const { redis } of opened.processes) await expect.poll(() => redis.up).toBe(true);
    expect(heard.two.hints).toContainEqual({ about: 'everything' });
    one.hints.publish([grown(8)]);
    await expect.poll(() => heard.two.hints).toContainEqual(grown(8));
    expect(heard.one.otherwise).not.toContainEqual(grown(8));
    one.redis.deltas.publish(ref, piece(3));
    await expect.poll(() => heard.two.deltas).toContain(3);
    expect(heard.two.deltas).not.toContain(2);
    expect((await one.redis.rateLimiter.take('bucket', 10)).count).toBe(1);
    expect(one.metrics.up).toBe(true);
    expect(one.told).toEqual([
      expect.stringMatching(/^warn Redis cannot be used; everything goes on without it .*127\.0\.0\.1/),
      `info Redis is there again at 127.0.0.1:${server().port}`,
    ]);
  });

  test('frozen: it is noticed, what was under way goes the other way, and nothing piles up', async () => {
    const opened = await twoProcesses(server());
    ({ close } = opened);
    const [one, two] = opened.processes;
    const heard = heardBy(one);
    server().freeze();
    try {
      one.hints.publish([grown(9)]);
      for (let count = 0; count < 3_000; count += 1) one.redis.deltas.publish(ref, piece(count, 'x'.repeat(1_000)));
      // Beyond what may be under way, at once.
      expect(one.metrics.lost).toBe(2_000);
      await expect(one.redis.rateLimiter.take('bucket', 10)).rejects.toBeInstanceOf(RateLimiterUnavailable);
      await expect.poll(() => heard.otherwise).toContainEqual(grown(9));
      for (const { redis } of opened.processes) await expect.poll(() => redis.up).toBe(false);
      expect(one.metrics.lost).toBe(3_000);
      expect(one.told).toEqual([expect.stringContaining('does not answer')]);
    } finally {
      server().thaw();
    }
    for (const { redis } of opened.processes) await expect.poll(() => redis.up).toBe(true);
    const back = heardBy(two);
    await expect.poll(() => (one.redis.deltas.publish(ref, piece(4)), back.deltas)).toContain(4);
  });

  test('not there at the start: it is found when it comes', async () => {
    await server().kill();
    const early = beginProcess(server(), randomUUID());
    close = () => early.close();
    const heard = heardBy(early);
    await expect.poll(() => early.told).toEqual([expect.stringContaining('Nobody listens at')]);
    early.hints.publish([grown(1)]);
    await expect.poll(() => heard.otherwise).toEqual([grown(1)]);
    await server().start();
    await expect.poll(() => early.redis.up).toBe(true);
    expect(early.told).toHaveLength(2);
  });

  test('two installations on one server do not meet', async () => {
    const [ours, theirs] = [await twoProcesses(server()), await twoProcesses(server())];
    close = async () => {
      await ours.close();
      await theirs.close();
    };
    const [here, there] = ours.processes;
    const [neighbour] = theirs.processes;
    const heard = { there: heardBy(there), neighbour: heardBy(neighbour) };
    await expect.poll(() => (here.redis.deltas.publish(ref, piece(5)), heard.there.deltas)).toContain(5);
    here.hints.publish([grown(2)]);
    await expect.poll(() => heard.there.hints).toContainEqual(grown(2));
    for (const count of [1, 2]) expect((await here.redis.rateLimiter.take('same', 60)).count).toBe(count);
    expect((await neighbour.redis.rateLimiter.take('same', 60)).count).toBe(1);
    // Its own come in the order of the server: what was ours would have come before.
    const [, other] = theirs.processes;
    await expect.poll(() => (other.redis.deltas.publish(ref, piece(6)), heard.neighbour.deltas)).toContain(6);
    expect(heard.neighbour.deltas).not.toContain(5);
    expect(heard.neighbour.hints).toEqual([]);
  });
});
