// Holdfast in a process of its own, as its apps wire it. BENCH_ROLE: `both` (the default), `api`, or `worker`, which
// begins on tables that an API has made.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { migrate, openDatabase } from '@holdfast/adapters/postgres';
import { wireApi } from '@holdfast/api';
import { parseEnv } from '@holdfast/contracts';
import { createTenant } from '@holdfast/core';
import { wireWorker } from '@holdfast/worker';
import { benchTools } from './bench-tools.ts';
import { tellMemory } from './memory.ts';

// One key asks as much as it can.
const config = parseEnv({ RATE_LIMITS: 'off', ...process.env });
const role = process.env['BENCH_ROLE'] ?? 'both';
const database = await openDatabase(process.env['DATABASE_URL'] ?? `pglite://${join(config.dataDir, 'database')}`);
const platformTools = benchTools(Number(process.env['BENCH_BYTES'] ?? 0));

/** Each start is a tenant of its own: the database may have been used before. */
async function newTenants(): Promise<{ readonly key: string; readonly otherKey: string }> {
  await migrate(database);
  const owner = await database.owner();
  const { key } = await createTenant(owner, `bench ${randomUUID()}`, 1_000);
  const { key: otherKey } = await createTenant(owner, `other ${randomUUID()}`, 1_000);
  return { key, otherKey };
}

const keys = role === 'worker' ? {} : await newTenants();
const api = role === 'worker' ? null : await wireApi(config, { database, platformTools });
const worker = role === 'api' ? null : await wireWorker(config, { database, platformTools });
const url = await api?.app.listen({ host: '127.0.0.1', port: 0 });
tellMemory();
process.stdout.write(`${JSON.stringify({ ...keys, url, worker: worker?.id })}\n`);

process.once('SIGTERM', () => {
  void (async () => {
    await worker?.drain();
    await api?.close();
    await database.close();
    process.exit(0);
  })();
});
