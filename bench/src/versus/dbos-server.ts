// DBOS behind HTTP: POST /run does a workflow of ten steps, each of which answers BENCH_BYTES bytes, and waits for it.
import { createServer } from 'node:http';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { openPgliteClient } from '@holdfast/adapters/postgres';
import pg from 'pg';

const address = process.env['DATABASE_URL'] ?? '';
const result = 'x'.repeat(Number(process.env['BENCH_BYTES'] ?? 0));
const embedded = address.startsWith('pglite://') ? await openPgliteClient(address) : null;

const workflow = DBOS.registerWorkflow(
  async () => {
    let last = '';
    for (let step = 0; step < 10; step += 1) last = await DBOS.runStep(() => Promise.resolve(result), { name: 'noop' });
    return last;
  },
  { name: 'ten-steps' },
);
DBOS.setConfig({
  name: 'bench',
  logLevel: 'error',
  enableOTLP: false,
  ...(embedded === null
    ? { systemDatabaseUrl: address, systemDatabasePoolSize: 20 }
    : {
        systemDatabasePool: new pg.Pool({ ...embedded.config, max: 1 }),
        // Never connected to: the pool above is used.
        systemDatabaseUrl: 'postgres://bench@127.0.0.1:1/bench',
        useListenNotify: false,
      }),
});
await DBOS.launch();

const server = createServer((request, response) => {
  request.resume();
  workflow().then(
    () => response.writeHead(201).end('{"status":"succeeded"}'),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('DBOS listens on no port');
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${bound.port}` })}\n`);
});

process.once('SIGTERM', () => {
  void (async () => {
    server.close();
    await DBOS.shutdown();
    await embedded?.close();
    process.exit(0);
  })();
});
