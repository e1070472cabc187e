import { afterAll, beforeAll } from 'vitest';
import { describeProgram } from './describe-program.ts';
import { type RedisOptions, type RedisServer, startRedis } from './redis.ts';

const kinds = [
  { program: 'valkey', words: 'Valkey', tls: false },
  { program: 'redis', words: 'Redis over TLS', tls: true },
] as const;

/**
 * A suite on a Valkey of its own, and on a Redis with TLS. Without one installed it is skipped, or fails, as
 * `describeProgram` says.
 */
export function describeRedis(
  name: string,
  suite: (server: () => RedisServer) => void,
  options: Pick<RedisOptions, 'users'> = {},
): void {
  for (const { program, words, tls } of kinds)
    describeProgram(program, `${name}: ${words}`, (bin) => {
      let server: RedisServer | null = null;
      beforeAll(async () => {
        server = await startRedis(bin, { ...options, tls });
      });
      afterAll(() => server?.stop());
      suite(() => {
        if (server === null) throw new Error(`${words} was not started`);
        return server;
      });
    });
}
