import { afterAll, beforeAll, test } from 'vitest';
import { database, describePostgres, startPostgres, type PostgresServer } from '@holdfast/testing/servers';
import { startServer, type TestServer } from './support/server.ts';
import { cutAndResume } from './support/sse-cuts.ts';

const cuts = process.env['HOLDFAST_LONG'] === '1' ? 1_000 : 100;

describePostgres('the event stream', ({ bin }) => {
  let postgres: PostgresServer;
  let server: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres({ bin });
    server = await startServer((await database(postgres)).url);
  });
  afterAll(async () => {
    await server.close();
    await postgres.stop();
  });

  test(`gives every event once over ${cuts} cuts`, () => cutAndResume(server, cuts, 30), 300_000);
});
