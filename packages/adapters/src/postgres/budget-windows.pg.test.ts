import { describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll } from 'vitest';
import { describeBudgetWindows } from './budget-windows.suite.ts';
import { openOn } from './open-stores.suite.ts';

describePostgres('windows of budgets', ({ bin }) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ bin });
  });
  afterAll(() => server.stop());

  describeBudgetWindows('Postgres', () => openOn(server));
});
