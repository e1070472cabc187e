import { parseEnv } from '@holdfast/contracts';
import { createTenant } from '@holdfast/core';
import { migrate, type OpenDatabase, openDatabase } from '@holdfast/adapters/postgres';
import { wireApi } from '@holdfast/api';
import { wireWorker } from '@holdfast/worker';
import { dying, killSpec } from './kill-points.ts';

// The product as its apps wire it, in one child process: `api`, `worker` or `both`. It says on its standard
// output when it is ready. CHAOS_KILL: where the worker dies.
const config = parseEnv(process.env);
const [, , role] = process.argv;
const spec = process.env['CHAOS_KILL'];
const wrap =
  spec === undefined
    ? {}
    : { wrap: (ports: Parameters<typeof dying>[0]) => dying(ports, killSpec.parse(JSON.parse(spec))) };
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** The first process that opens a new database makes its tables and a tenant. */
async function setUp(database: OpenDatabase): Promise<object> {
  if (process.env['CHAOS_SET_UP'] !== '1') return {};
  await migrate(database);
  return createTenant(await database.owner(), 'chaos', 1_000);
}

if (role === 'worker') {
  const worker = await wireWorker(config, wrap);
  say({ worker: worker.id });
  process.once('SIGTERM', () => void worker.drain().then(() => process.exit(0)));
} else {
  const database = await openDatabase(process.env['DATABASE_URL'] ?? '', { hints: config.worker.wakeHints });
  const made = await setUp(database);
  const api = await wireApi(config, { database });
  const worker = role === 'both' ? await wireWorker(config, { database, ...wrap }) : null;
  const url = await api.app.listen({ host: '127.0.0.1', port: config.http.port });
  say({ ...made, url, worker: worker?.id });
}
