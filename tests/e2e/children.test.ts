import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeChildren } from './support/children-suite.ts';
import { startServer, type TestServer } from './support/server.ts';

describePostgres('runs that start runs', ({ bin }) => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres({ bin });
  });
  afterAll(() => postgres.stop());

  describe.each([true, false])('hints: %s', (hints) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer((await database(postgres)).url, { hints });
    });
    afterAll(() => server.close());

    describeChildren(() => server);
  });
});
