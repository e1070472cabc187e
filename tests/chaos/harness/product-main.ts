import { parseEnv } from '@holdfast/contracts';
import { createTenant } from '@holdfast/core';
import { migrate, type OpenDatabase, openDatabase } from '@holdfast/adapters/postgres';
import { type ApiPorts, wireApi } from '@holdfast/api';
import { type WiredPorts, wireWorker } from '@holdfast/worker';
import { dying, dyingApi, killSpec } from './kill-points.ts';

// The product as its apps wire it, in one child process: `api`, `worker` or `both`. It says on its standard
// output when it is ready. CHAOS_KILL: where it dies.
const config = parseEnv(process.env);
const [, , role] = process.argv;
const given = process.env['CHAOS_KILL'];
const spec = given === undefined ? null : killSpec.parse(JSON.parse(given));
const ofWorker = spec === null ? {} : { wrap: (ports: WiredPorts) => dying(ports, spec) };
const ofApi = spec === null ? {} : { wrap: (ports: ApiPorts) => dyingApi(ports, spec) };
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** The first process that opens a new database makes its tables and a tenant. */
async function setUp(database: OpenDatabase): Promise<object> {
  if (process.env['CHAOS_SET_UP'] !== '1') return {};
  await migrate(database);
  if (config.temporal !== null) {
    const { configuredSettings, prepareNamespace } = await import('@holdfast/driver-temporal');
    await prepareNamespace(configuredSettings(config.temporal, config.secrets));
  }
  return createTenant(await database.owner(), 'chaos', 1_000);
}

if (role === 'worker') {
  const worker = await wireWorker(config, ofWorker);
  say({ worker: worker.id });
  process.once('SIGTERM', () => void worker.drain().then(() => process.exit(0)));
} else {
  const database = await openDatabase(process.env['DATABASE_URL'] ?? '', { hints: config.worker.wakeHints });
  const made = await setUp(database);
  const api = await wireApi(config, { database, ...ofApi });
  const worker = role === 'both' ? await wireWorker(config, { database, ...ofWorker }) : null;
  const url = await api.app.listen({ host: '127.0.0.1', port: config.http.port });
  say({ ...made, url, worker: worker?.id });
}
