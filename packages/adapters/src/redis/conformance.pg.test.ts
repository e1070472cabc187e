import { describeDeltas, describeHints, describeRateLimiter } from '@holdfast/testing';
import { describeRedis, type RedisServer } from '@holdfast/testing/servers';
import { afterAll, beforeEach } from 'vitest';
import { twoProcesses } from './processes.suite.ts';

describeRedis('the ports of the cache', (server) => {
  const opened = async <T>(pick: (each: Awaited<ReturnType<typeof twoProcesses>>['processes'][number]) => T) => {
    const { processes, close } = await twoProcesses(server());
    const [one, two] = processes;
    return { processes: [pick(one), pick(two)] as const, close };
  };
  const isThere = once(server);
  beforeEach(() => isThere.again());
  afterAll(() => isThere.again());

  describeDeltas('two processes', () => opened(({ redis }) => redis.deltas));
  describeHints('two processes', () => opened(({ hints }) => hints));
  describeRateLimiter(
    'two processes',
    () => opened(({ redis }) => redis.rateLimiter),
    () => isThere.away(),
  );
});

/** A server that a test takes away, and that is there again for the next one. */
function once(server: () => RedisServer) {
  let isAway = false;
  return {
    away: async (): Promise<void> => {
      isAway = true;
      await server().kill();
    },
    again: async (): Promise<void> => {
      if (isAway) await server().start();
      isAway = false;
    },
  };
}
