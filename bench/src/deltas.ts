// How long words of models take to a listener in another process, through a Valkey: from the worker's port to the API's.
//   node --conditions=holdfast-source --import tsx bench/src/deltas.ts [seconds] [runs]
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openConfiguredRedis } from '@holdfast/adapters/redis';
import { parseEnv } from '@holdfast/contracts';
import { installedProgram, startRedis } from '@holdfast/testing/servers';
import { start } from './load/child.ts';
import { atMost, delayHead, delayLine, summaryOf } from './load/delays.ts';

const seconds = Number(process.argv[2] ?? 10);
const runs = Array.from({ length: Number(process.argv[3] ?? 50) }, () => randomUUID());
/** Code that has not run often is slow, and is not what is asked about. */
const WARM_UP_MS = 2_000;

const bin = installedProgram('valkey');
if (bin === undefined) throw new Error('Valkey is not installed: bash scripts/servers.sh install');
const server = await startRedis(bin);
try {
  const nothing = (): void => undefined;
  const redis = openConfiguredRedis(parseEnv({ REDIS_URL: server.url }), {
    log: { info: nothing, warn: console.error, error: console.error },
    metrics: { reachable: nothing, deltaLost: nothing },
  });
  if (redis === null) throw new Error('no Redis');
  const delays: number[] = [];
  let measuring = false;
  for (const run of runs)
    redis.deltas.subscribe({ tenant: 'bench', run }, ({ text }) => {
      if (measuring) delays.push(performance.timeOrigin + performance.now() - Number.parseFloat(text));
    });
  redis.begin('bench');
  while (!redis.up) await pause(10);
  const speaker = await start(new URL('./load/speaker.ts', import.meta.url), {
    REDIS_URL: server.url,
    RUNS: runs.join(),
  });
  await pause(WARM_UP_MS);
  measuring = true;
  await pause(seconds * 1_000);
  await speaker.kill();
  await redis.close();
  console.log(
    `Valkey: ${runs.length} models that speak, a piece each 30 ms, over ${seconds} s; to another process, ms`,
  );
  console.log(delayHead);
  console.log(delayLine('words of models', delays));
  const { p50, p99 } = summaryOf(delays);
  console.log(atMost('p50', p50, 1));
  console.log(atMost('p99', p99, 10));
} finally {
  await server.stop();
}
