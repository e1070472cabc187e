// A process that says words of models, as a worker would: each run a piece every 30 ms, with the time at which it was said.
import { setTimeout as pause } from 'node:timers/promises';
import { openConfiguredRedis } from '@holdfast/adapters/redis';
import { parseEnv } from '@holdfast/contracts';

const nothing = (): void => undefined;
const redis = openConfiguredRedis(parseEnv(process.env), {
  log: { info: nothing, warn: console.error, error: console.error },
  metrics: { reachable: nothing, deltaLost: () => console.error('a piece was lost') },
});
if (redis === null) throw new Error('REDIS_URL is missing');
redis.begin('bench');
while (!redis.up) await pause(10);
console.log('{}');
const runs = (process.env['RUNS'] ?? '').split(',');
/** About what a model says in 30 ms, and some room for its envelope. */
const WORDS = 'and so on '.repeat(3);
let position = 0;
for (const run of runs) {
  // Not all at the same moment.
  await pause(30 / runs.length);
  setInterval(() => {
    const text = `${performance.timeOrigin + performance.now()} ${WORDS}`;
    redis.deltas.publish({ tenant: 'bench', run }, { run_id: run, call: 'm1', attempt: 1, seq: 3, position, text });
    position += text.length;
  }, 30);
}
