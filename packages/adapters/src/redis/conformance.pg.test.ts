import { describeDeltas, describeHints, describeRateLimiter } from '@holdfast/testing';
import { describeRedis } from '@holdfast/testing/servers';
import { beforeEach } from 'vitest';
import { twoProcesses } from './processes.suite.ts';

describeRedis('the ports of the cache', (server) => {
  const opened = async <T>(pick: (each: Awaited<ReturnType<typeof twoProcesses>>['processes'][number]) => T) => {
    const { processes, close } = await twoProcesses(server());
    const [one, two] = processes;
    return { processes: [pick(one), pick(two)] as const, close };
  };
  beforeEach(() => server().start());

  describeDeltas('two processes', () => opened(({ redis }) => redis.deltas));
  describeHints('two processes', () => opened(({ hints }) => hints));
  describeRateLimiter(
    'two processes',
    () => opened(({ redis }) => redis.rateLimiter),
    () => server().kill(),
  );
});
