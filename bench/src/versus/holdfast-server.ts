// API and worker of Holdfast in one process, with one no-op tool that answers BENCH_BYTES bytes.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { migrate, openDatabase } from '@holdfast/adapters/postgres';
import { wireApi } from '@holdfast/api';
import { parseEnv, text } from '@holdfast/contracts';
import { createTenant, type PlatformTools } from '@holdfast/core';
import { wireWorker } from '@holdfast/worker';

const config = parseEnv(process.env);
const database = await openDatabase(process.env['DATABASE_URL'] ?? `pglite://${join(config.dataDir, 'database')}`);
await migrate(database);
const owner = await database.owner();
// Each start is a tenant of its own: the database may have been used before.
const { key } = await createTenant(owner, `bench ${randomUUID()}`, 1_000);
const { key: otherKey } = await createTenant(owner, `other ${randomUUID()}`, 1_000);

const listed = { name: 'noop', description: 'Does nothing.', input_schema: { type: 'object' } };
const content = text('x'.repeat(Number(process.env['BENCH_BYTES'] ?? 0)));
const platformTools: PlatformTools = {
  names: () => ['bench'],
  list: () => Promise.resolve([listed]),
  call: () => Promise.resolve({ type: 'answered', content, isError: false }),
};

const api = await wireApi(config, { database, platformTools });
const worker = await wireWorker(config, { database, platformTools });
const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ url, key, otherKey })}\n`);

process.once('SIGTERM', () => {
  void (async () => {
    await worker.drain();
    await api.close();
    await database.close();
    process.exit(0);
  })();
});
